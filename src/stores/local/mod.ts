/**
 * Objects as files below a directory.
 *
 * @module
 */
export { type LocalStoreOptions } from "./config.ts";
export { LocalStore } from "./store.ts";
