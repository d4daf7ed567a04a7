/** The layers that are there only where an option asks for them; one file to load for all of them. */
export { withLimit } from "./limit.ts";
export { withPolicy } from "./policy/policy.ts";
export { withTrace } from "./trace.ts";
