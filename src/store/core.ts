/** What all stores stand on, for the files that are loaded late: why they come here, `http/core.ts` tells. */
export { concatBytes } from "./concat.ts";
export { GenericError, NotFoundError, notSupported } from "./error.ts";
export { parsePath } from "./parse_path.ts";
export { resolveRange, validateRange } from "./range.ts";
