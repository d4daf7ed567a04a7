/** Putting an object that is in memory, by one request. */
import type { HttpResponse } from "../../../http/service.ts";
import { headerOf } from "../../../http/core.ts";
import type { Path } from "../../../store/parse_path.ts";
import type { PutOptions, PutResult } from "../../../store/types.ts";
import type { S3Client } from "../client.ts";
import { run } from "../core.ts";
import { writeHeaders } from "../write_headers.ts";

/** Largest object of one put, part or copy. */
export const MAX_SINGLE = 5 * 1024 ** 3;

/** Puts chunks over what there may be. */
export async function putChunks(
  client: S3Client,
  path: Path,
  chunks: readonly Uint8Array[],
  options: PutOptions,
): Promise<PutResult> {
  const headers = writeHeaders(client, path, options);
  return putResult(
    await run(client, {
      method: "PUT",
      action: "put",
      path,
      headers,
      body: chunks,
      checksummed: true,
      options,
    }),
  );
}

/** What the headers of a write say of its result. */
export function putResult(response: Pick<HttpResponse, "status" | "headers" | "header">): PutResult {
  return {
    eTag: headerOf(response, "etag"),
    // A bucket whose versioning was suspended says "null".
    version: headerOf(response, "x-amz-version-id"),
    // The list of headers costs more than all else here, and few ask for it.
    get response() {
      const { status, headers } = response;
      return { status, headers };
    },
  };
}
