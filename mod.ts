/**
 * Object stores behind one interface, on every JavaScript runtime: the semantics of Rust's `object_store`, over one
 * HTTP connector. Hosting WASI guests is in `@storeport/storeport/wasi`; nothing here loads it.
 *
 * @example
 * ```ts
 * import { openStore } from "@storeport/storeport";
 *
 * const { store } = await openStore("memory:///");
 * await store.put("reports/2026.csv", "a,b\n1,2\n");
 * for await (const object of store.list("reports")) console.log(object.location, object.size);
 * ```
 *
 * @module
 */
export * from "./src/store/mod.ts";
export * from "./src/http/mod.ts";
export * from "./src/wrappers/mod.ts";
export * from "./src/stores/memory/mod.ts";
export * from "./src/stores/local/mod.ts";
export * from "./src/stores/http/mod.ts";
export * from "./src/stores/s3/mod.ts";
export * from "./src/open_store.ts";
export * from "./src/registry.ts";
