/** Conditions of reads as header lines. */
import type { HeaderEntry } from "../../http/headers.ts";
import type { GetOptions } from "../../store/types.ts";

/** The conditional headers of `get` and `head`; dates at whole seconds, as HTTP has them. */
export function conditionalHeaders(options: GetOptions): HeaderEntry[] {
  const headers: HeaderEntry[] = [];
  if (options.ifMatch !== undefined) headers.push(["if-match", options.ifMatch]);
  if (options.ifNoneMatch !== undefined) headers.push(["if-none-match", options.ifNoneMatch]);
  if (options.ifModifiedSince !== undefined) {
    headers.push(["if-modified-since", options.ifModifiedSince.toUTCString()]);
  }
  if (options.ifUnmodifiedSince !== undefined) {
    headers.push(["if-unmodified-since", options.ifUnmodifiedSince.toUTCString()]);
  }
  return headers;
}
