/** The shared core of stores that speak HTTP, for modules that are loaded late; `http/core.ts` explains why. */
export { getHeader, HttpError, redactUrl } from "../../http/core.ts";
export { parseContentRange } from "../../store/content_range.ts";
export { concatBytes, GenericError, NotFoundError } from "../../store/core.ts";
export { ATTRIBUTE_HEADERS } from "../../store/attribute_headers.ts";
export { declaredLength } from "./declared_length.ts";
export { failed, responseError, transportError } from "./error.ts";
export { loadRare } from "./load_rare.ts";
export { connectionOf, connectionOver, openConnection } from "./open_connection.ts";
export { REDIRECTS } from "./redirects.ts";
export { encodePath, encodeUnreserved } from "./url.ts";
