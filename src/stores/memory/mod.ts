/**
 * Objects in memory, gone with the program.
 *
 * @example
 * ```ts
 * import { MemoryStore } from "@storeport/storeport/memory";
 * const store = new MemoryStore();
 * await store.put("a/b", "text", { mode: "create" });
 * console.assert(await (await store.get("a/b")).text() === "text");
 * ```
 *
 * @module
 */
export { MemoryStore } from "./store.ts";
