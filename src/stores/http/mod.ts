/**
 * Objects on WebDAV servers, and on any HTTP server for reading.
 *
 * @module
 */
export { HttpStore } from "./store.ts";
export { httpStoreFromConfig } from "./config.ts";
export type { HttpAuth, HttpStoreOptions } from "./options.ts";
export type { ConnectionOptions } from "../common/connection.ts";
