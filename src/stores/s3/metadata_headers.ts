/** Names of metadata headers. */

/** Before the names of user metadata. */
export const METADATA_PREFIX = "x-amz-meta-";
/** Metadata that writes under a condition carry (`put/marker.ts`): not shown to callers, and not theirs to set. */
export const MARKER_KEY = "storeport-put";
