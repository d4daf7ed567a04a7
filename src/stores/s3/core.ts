/** The shared core of S3's operations, for modules that are loaded late; `http/core.ts` explains why. */
export { getHeader, HttpError } from "../../http/core.ts";
export { GenericError } from "../../store/core.ts";
export { getObject } from "../common/get.ts";
export { PAYLOAD_HASH_HEADER, UNSIGNED_PAYLOAD } from "./canonical.ts";
export { failureOf } from "./client.ts";
export { resolveCredentials } from "./credential_options.ts";
export { maskCredential } from "./credentials/masked.ts";
export { codeOf, readS3Error, STORE } from "./error.ts";
export { platformSha256 } from "./hash_node.ts";
export { MARKER_KEY, METADATA_PREFIX } from "./metadata.ts";
