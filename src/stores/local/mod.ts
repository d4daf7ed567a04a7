/**
 * Objects as files below a directory.
 *
 * @module
 */
export { localStoreFromConfig } from "./config.ts";
export { type LocalStoreOptions } from "./options.ts";
export { LocalStore } from "./store.ts";
