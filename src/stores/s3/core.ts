/** The shared core of S3's operations, for modules that are loaded late; `http/core.ts` explains why. */
export { PermissionDeniedError } from "../../store/error.ts";
export { connectionOver, GenericError, getHeader, HttpError } from "../common/core.ts";
export { serviceDate } from "./signing/authorize.ts";
export { PAYLOAD_HASH_HEADER, UNSIGNED_PAYLOAD } from "./signing/canonical.ts";
export { STORE } from "./client.ts";
export { maskCredential } from "./credential.ts";
export { codeOf, readS3Error } from "./errors/read_error.ts";
export { platformSha256 } from "./signing/hash_node.ts";
export { MARKER_KEY, METADATA_PREFIX } from "./metadata_headers.ts";
export { resolveCredentials } from "./credentials/resolve.ts";
export { connectionOf, failureOf, objectUrl, readHeaders, run, send, stateOf } from "./send.ts";
