/** Conditional puts, and telling our own put from another writer's. */
import type { HttpResponse } from "../../../http/service.ts";
import { retryHistory } from "../../../http/retry/error.ts";
import { AlreadyExistsError, type ObjectStoreError, PreconditionError } from "../../../store/error.ts";
import type { Path } from "../../../store/path.ts";
import type { PutMode, PutOptions, PutResult } from "../../../store/types.ts";
import { type ErrorClass, responseError } from "../../common/error.ts";
import { retriesOf } from "../../common/retries.ts";
import type { S3Client } from "../client.ts";
import { connectionOf, readS3Error, send, STORE } from "../core.ts";
import { putChunks, putResult } from "./whole.ts";
import { createMarker, findWriter, MARKER_HEADER } from "./marker.ts";
import { modeHeader, writeHeaders } from "../write_headers.ts";

/**
 * Puts chunks under a condition. One that is refused may have met its own first sending: connections below send again
 * without a word. The object that is there then carries our marker.
 */
export async function putOnCondition(
  client: S3Client,
  path: Path,
  chunks: readonly Uint8Array[],
  options: PutOptions,
): Promise<PutResult> {
  const { mode = "overwrite" } = options;
  const condition = modeHeader(client, path, mode);
  if (condition === undefined) return await putChunks(client, path, chunks, options);
  const headers = writeHeaders(client, path, options);
  const marker = createMarker();
  headers.push(condition, [MARKER_HEADER, marker]);
  const request = { method: "PUT", action: "put", path, headers, body: chunks, checksummed: true, options };
  const retries = retriesOf(connectionOf(client));
  for (;;) {
    // Safe to send twice, because of the marker.
    const response = await send(client, { ...request, idempotent: true, accept: [404, 409, 412], retries });
    if (response.status < 300) {
      await response.cancel();
      return putResult(response);
    }
    const sentAgain = retryHistory(response) !== undefined;
    const error = await refusal(response, path, mode);
    // Two writers met: whoever comes again finds out who was first.
    if (response.status === 409 && error.code !== "BucketAlreadyExists") {
      if (retries !== undefined && await retries.next({ response }, options.signal)) continue;
    }
    const writer = response.status === 404
      ? { who: "nobody" } as const
      : await findWriter(client, path, marker, options);
    if (writer.who === "self") return writer.result;
    if (sentAgain) error.message += `; the request had to be sent again, and ${FOUND[writer.who]}`;
    throw error;
  }
}

const FOUND = {
  another: "the object that is there is not from it",
  nobody: "now there is no object",
  unknown: "whether the object that is there is from it cannot be told",
} as const;

/** What a refused condition is. */
export async function refusal(response: HttpResponse, path: Path, mode: PutMode): Promise<ObjectStoreError> {
  const Conflict: ErrorClass = mode === "create" ? AlreadyExistsError : PreconditionError;
  const action = mode === "create" ? "create" : mode === "overwrite" ? "put" : "update";
  const error = await responseError(response, {
    store: STORE,
    action,
    path,
    kinds: { 409: Conflict, 412: Conflict },
    readError: readS3Error,
  });
  // An update of what is not there has found another version than the one it named; a bucket that is not there has not.
  if (response.status === 404 && error.code !== "NoSuchBucket" && mode !== "create") {
    return new PreconditionError(error.message, {
      store: STORE,
      path,
      status: 404,
      code: error.code,
      requestId: error.requestId,
    });
  }
  return error;
}
