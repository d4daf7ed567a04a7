/**
 * Objects on WebDAV servers, and on any HTTP server for reading.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { serveGateway } from "@storeport/storeport/gateway";
 * import { HttpStore } from "@storeport/storeport/http";
 * import { MemoryStore } from "@storeport/storeport/memory";
 *
 * const server = await serveGateway({ store: new MemoryStore() });
 * const store = new HttpStore(`${server.url}/`);
 * await store.put("a.txt", "text");
 * assert.ok(await (await store.get("a.txt")).text() === "text");
 * store.close();
 * await server.shutdown();
 * ```
 *
 * @module
 */
export { HttpStore } from "./store.ts";
export { httpStoreFromConfig } from "./config.ts";
export type { HttpAuth, HttpStoreOptions } from "./options.ts";
export type { ConnectionOptions } from "../common/connection.ts";
