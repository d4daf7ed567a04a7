/** The shared core of all stores, for modules that are loaded late; `http/core.ts` explains why. */
export { concatBytes } from "./concat.ts";
export { GenericError, NotFoundError, notSupported } from "./error.ts";
export { parsePath } from "./parse_path.ts";
export { resolveRange, validateRange } from "./range.ts";
