/**
 * Stores around stores. They can be stacked; each hands on every method, so that what the store within does well is not
 * lost.
 *
 * @example
 * ```ts
 * import { LimitStore, MemoryStore, PrefixStore, ReadOnlyStore } from "@storeport/storeport";
 * const store = new MemoryStore();
 * await store.put("public/logo.svg", "<svg/>");
 * const view = new ReadOnlyStore(new PrefixStore(new LimitStore(store, 8), "public"));
 * console.assert(await (await view.get("logo.svg")).text() === "<svg/>");
 * ```
 *
 * @module
 */
export * from "./chunked.ts";
export { ForwardingStore } from "./forward.ts";
export * from "./limit.ts";
export * from "./prefix.ts";
export * from "./read_only.ts";
export * from "./throttle.ts";
