/**
 * For anyone's tests: the conformance lists that stores and connectors pass, assertions that need no test runner, and
 * a connector that injects faults.
 *
 * @example Check a store of your own
 * ```ts
 * import { storeCases } from "@storeport/storeport/testing";
 * import { MemoryStore } from "@storeport/storeport/memory";
 *
 * const store = new MemoryStore();
 * for (const { name, run } of storeCases.slice(0, 3)) {
 *   await run({ store });
 *   console.log(`ok ${name}`);
 * }
 * ```
 *
 * @module
 */
export * from "./assert.ts";
export * from "./fault_connector.ts";
export * from "./origin.ts";
export * from "../store/conformance/mod.ts";
export * from "../http/conformance/mod.ts";
