/**
 * Telling one's own write from another's of the same bytes. A write under a condition that had to be sent again, by us
 * or by a connection below, may be refused because its first sending was done. What it wrote carries a marker that no
 * other write has: an object with the marker proves that the write was done, whoever has copied it since.
 */
import { bytesToHex } from "@noble/hashes/utils.js";
import type { HttpResponse } from "../../../http/service.ts";
import { getHeader } from "../../../http/headers.ts";
import { NotFoundError } from "../../../store/error.ts";
import type { Path } from "../../../store/path.ts";
import type { OperationOptions, PutResult } from "../../../store/types.ts";
import type { S3Client } from "../client.ts";
import { readHeaders, run } from "../core.ts";
import { putResult } from "./whole.ts";
import { MARKER_KEY, METADATA_PREFIX } from "../metadata_headers.ts";

/** The header that carries a marker. */
export const MARKER_HEADER: string = METADATA_PREFIX + MARKER_KEY;

/** A marker: 128 random bits. `crypto.randomUUID` is missing where a page has no TLS. */
export function createMarker(): string {
  return bytesToHex(crypto.getRandomValues(new Uint8Array(16)));
}

/** Whose write an object is. */
export type Writer =
  /** One's own. */
  | { readonly who: "self"; readonly result: PutResult }
  | { readonly who: "another"; readonly eTag: string | undefined }
  /** There is no object. */
  | { readonly who: "nobody" }
  /** Its head may not be read. */
  | { readonly who: "unknown" };

/** Finds out whose write an object is. */
export async function findWriter(
  client: S3Client,
  path: Path,
  marker: string,
  options: OperationOptions,
): Promise<Writer> {
  let found: HttpResponse;
  try {
    found = await run(client, {
      method: "HEAD",
      action: "get the head of",
      path,
      headers: readHeaders(client, false),
      options,
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    return { who: error instanceof NotFoundError ? "nobody" : "unknown" };
  }
  return getHeader(found.headers, MARKER_HEADER) === marker
    ? { who: "self", result: putResult(found) }
    : { who: "another", eTag: getHeader(found.headers, "etag") };
}
