/** The list of cases of serving. */
import { flowCases } from "./cases_flow.ts";
import { grantedCases } from "./cases_granted.ts";
import { hostileCases } from "./cases_hostile.ts";
import { wireCases } from "./cases_wire.ts";
import type { ServeCase } from "./env.ts";

/** All of them. */
export const serveCases: readonly ServeCase[] = [
  ...wireCases,
  ...flowCases,
  ...grantedCases,
  ...hostileCases,
];
