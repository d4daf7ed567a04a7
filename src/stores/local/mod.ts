/**
 * Objects as files below a directory.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { mkdtemp, rm } from "node:fs/promises";
 * import { LocalStore } from "@storeport/storeport/local";
 *
 * const directory = await mkdtemp("/tmp/storeport-");
 * const store = new LocalStore(directory);
 * await store.put("a/b.txt", "text", { mode: "create" });
 * assert.ok((await store.head("a/b.txt")).size === 4);
 * await rm(directory, { recursive: true });
 * ```
 *
 * @module
 */
export { localStoreFromConfig } from "./config.ts";
export { type LocalStoreOptions } from "./options.ts";
export { LocalStore } from "./store.ts";
