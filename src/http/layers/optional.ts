/** The layers that are there only where an option asks for them; one file to load for all of them. */
export { withPolicy } from "../policy/policy.ts";
export { withLimit } from "./limit.ts";
export { withTrace } from "./trace.ts";
