/**
 * The conformance suite of stores: one list of cases, free of any test runner. Each keeps to a prefix of its own, so
 * that the store need not be empty and cases may run at once.
 *
 * @example
 * ```ts
 * import { MemoryStore } from "@storeport/storeport/memory";
 * import { storeCases } from "@storeport/storeport/testing";
 *
 * for (const { name, run } of storeCases) {
 *   await run({ store: new MemoryStore(), lacks: ["version", "signing", "response"], minPartSize: 1024 });
 *   console.log(`passed: ${name}`);
 * }
 * ```
 *
 * @module
 */
import type { ConformanceCase } from "../../testing/assert.ts";
import { attributesCases } from "./attributes.ts";
import { conditionCases } from "./conditions.ts";
import type { StoreContext } from "./context.ts";
import { copyCases } from "./copying.ts";
import { deleteCases } from "./deleting.ts";
import { keyCases } from "./keys.ts";
import { listCases } from "./listing.ts";
import { objectCases } from "./objects.ts";
import { rangeCases } from "./ranges.ts";
import { streamCases } from "./streams.ts";
import { transferCases } from "./transfers.ts";
import { uploadCases } from "./uploads.ts";

export type { StoreContext, StoreFeature } from "./context.ts";

/** All cases of the store contract. */
export const storeCases: readonly ConformanceCase<StoreContext>[] = [
  ...objectCases,
  ...rangeCases,
  ...conditionCases,
  ...attributesCases,
  ...listCases,
  ...keyCases,
  ...deleteCases,
  ...copyCases,
  ...uploadCases,
  ...transferCases,
  ...streamCases,
];
