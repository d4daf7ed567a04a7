/** Putting under a condition, and telling one's own put from another's. */
import { md5 } from "@noble/hashes/legacy.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { HttpResponse } from "../../http/connector.ts";
import { getHeader } from "../../http/headers.ts";
import { retryHistory } from "../../http/retry.ts";
import { AlreadyExistsError, type ObjectStoreError, PreconditionError } from "../../store/error.ts";
import type { Path } from "../../store/path.ts";
import type { OperationOptions, PutMode, PutOptions, PutResult } from "../../store/types.ts";
import { type ErrorClass, responseError } from "../common/error.ts";
import { checksumHeader, checksumOf } from "./checksum/checksum.ts";
import type { S3Client } from "./client.ts";
import { readS3Error, STORE } from "./error.ts";
import { putChunks, putResult } from "./put.ts";
import { modeHeader, writeHeaders } from "./write_headers.ts";

/**
 * Puts chunks under a condition. One that fails after the request had to be sent again may have met our own first sending: the object that
 * is there is then compared with what was put, and is ours if it is the same.
 */
export async function putOnCondition(
  client: S3Client,
  path: Path,
  chunks: readonly Uint8Array[],
  options: PutOptions,
): Promise<PutResult> {
  const { mode = "overwrite" } = options;
  const condition = modeHeader(path, mode);
  if (condition === undefined) return await putChunks(client, path, chunks, options);
  const headers = writeHeaders(client, path, options);
  headers.push(condition);
  const send = { method: "PUT", action: "put", path, headers, body: chunks, checksummed: true, options };
  const retries = client.retryState();
  const started = performance.now();
  for (;;) {
    // Safe to send twice, because of the comparison below.
    const response = await client.send({ ...send, idempotent: true, accept: [404, 409, 412], retries });
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
    const own = sentAgain ? await findOwn(client, path, chunks, started, options) : undefined;
    if (own !== undefined) return own;
    if (sentAgain) error.message += "; the request had to be sent again, and the object is not what was put";
    throw error;
  }
}

/** What a refused condition is. */
async function refusal(response: HttpResponse, path: Path, mode: PutMode): Promise<ObjectStoreError> {
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

/** The result of the put that made the object what it is, if that was a put of these chunks. */
async function findOwn(
  client: S3Client,
  path: Path,
  chunks: readonly Uint8Array[],
  started: number,
  options: OperationOptions,
): Promise<PutResult | undefined> {
  let found: HttpResponse;
  try {
    found = await client.run({
      method: "HEAD",
      action: "get the head of",
      path,
      headers: client.readHeaders(true),
      options,
    });
  } catch {
    // Then it cannot be told, and the conflict stands.
    options.signal?.throwIfAborted();
    return undefined;
  }
  if (isOlder(found, performance.now() - started)) return undefined;
  const eTag = getHeader(found.headers, "etag");
  const sum = md5.create();
  for (const chunk of chunks) sum.update(chunk);
  if (eTag === `"${bytesToHex(sum.digest())}"`) return putResult(found);
  // With KMS the ETag is no MD5.
  const { checksum } = client;
  const stored = checksum === undefined ? undefined : getHeader(found.headers, checksumHeader(checksum));
  return stored !== undefined && stored === checksumOf(checksum!, chunks) ? putResult(found) : undefined;
}

/** Whether an object is older than an operation that began so many milliseconds ago, both by the service's clock. */
function isOlder({ headers }: HttpResponse, elapsed: number): boolean {
  const now = Date.parse(getHeader(headers, "date") ?? "");
  const modified = Date.parse(getHeader(headers, "last-modified") ?? "");
  // Both are whole seconds, and servers of one service may differ a little.
  return modified < now - elapsed - 2000;
}
