/** Puts that are not one plain request: under a condition, in parts, of streams. */
import { toStoreError } from "../../../store/error.ts";
import { rawPath } from "../../../store/path.ts";
import { readPayload, type toPayload } from "../../../store/payload.ts";
import type { PutMode, PutResult } from "../../../store/types.ts";
import { createWriter } from "../../../store/writer.ts";
import type { S3Client } from "../client.ts";
import { completes, type WriteConditions } from "../endpoint/conditional_writes.ts";
import { STORE } from "../core.ts";
import { freed } from "../multipart/cleanup.ts";
import { beginUpload, sliceChunks } from "../multipart/multipart.ts";
import { MAX_SINGLE } from "./whole.ts";
import { putOnCondition } from "./conditional.ts";
import type { ObjectPut } from "./put.ts";

export { createWriter } from "../../../store/writer.ts";
export { WriteConditions } from "../endpoint/conditional_writes.ts";

/** A stream up to this size goes out as one put. */
const STREAM_THRESHOLD = 16 * 1024 * 1024;
/** Part size where parts must be equal and so cannot grow: 320 GiB in 10,000 parts. */
export const EQUAL_PART_SIZE = 32 * 1024 * 1024;

/** What such a put needs. */
export interface LargePut extends ObjectPut {
  readonly conditions: WriteConditions;
}

/** Puts a payload, whatever it is. */
export async function putAny(put: LargePut, content: ReturnType<typeof toPayload>): Promise<PutResult> {
  const { client, path, options } = put;
  const { mode = "overwrite" } = options;
  await put.conditions.requirePut(path, mode, options);
  if (content.kind === "chunks") return await putInMemory(put, content.chunks, content.length);
  const { length } = content;
  if (length !== undefined && goesWhole(client, mode, length)) {
    const { putStreamed } = await import("./stream.ts");
    return await putStreamed(put, content, length);
  }
  if (completes(client, mode)) return await putStream(put, content.stream);
  // Nothing can be checked when an upload completes: then all of it must be there first.
  const bytes = await readPayload(content, options, { store: STORE, path });
  return await putInMemory(put, [bytes], bytes.byteLength);
}

/**
 * Whether a stream of this length goes out by one request as it is read. It can then not be sent again, so one that
 * fits into memory is rather kept there, and a larger one goes in parts: unless an upload would not heed the condition,
 * or the caller wants no parts.
 */
function goesWhole(client: S3Client, mode: PutMode, length: number): boolean {
  const { provider, options: { skipSignature, putThreshold } } = client;
  if (provider.payloadChunks === "none" || skipSignature) return false;
  if (length <= STREAM_THRESHOLD || length > MAX_SINGLE) return false;
  return !completes(client, mode) || putThreshold !== undefined && length <= putThreshold;
}

async function putInMemory(
  put: LargePut,
  chunks: readonly Uint8Array[],
  length: number,
): Promise<PutResult> {
  const { client, path, options } = put;
  const { putThreshold = MAX_SINGLE } = client.options;
  if (length > Math.min(putThreshold, MAX_SINGLE)) return await putParts(put, chunks, length);
  const result = await putOnCondition(client, path, chunks, options);
  options.onProgress?.({ transferred: length, total: length });
  return result;
}

async function putStream(put: LargePut, stream: ReadableStream<Uint8Array>): Promise<PutResult> {
  const { store, client, path, options } = put;
  const { equalParts, rawKeys } = client.provider;
  const partSize = equalParts
    ? EQUAL_PART_SIZE
    : Math.min(client.options.putThreshold ?? STREAM_THRESHOLD, MAX_SINGLE);
  const context = { store: STORE, path };
  // A parsed path as an input that is taken as it is.
  const again = rawKeys ? rawPath(path) : path;
  const writer = createWriter(store, again, { ...options, partSize }, context);
  try {
    await stream.pipeTo(writer, { signal: options.signal });
  } catch (error) {
    // The pipe does not wait for the upload to be given up, and whoever was told of the failure may end the program.
    await freed(writer.abort(error).catch(() => {}).then(() => writer.result));
    options.signal?.throwIfAborted();
    throw toStoreError(error, `Cannot put "${path}"`, context);
  }
  return await writer.result;
}

async function putParts(
  put: LargePut,
  chunks: readonly Uint8Array[],
  length: number,
): Promise<PutResult> {
  const { client, path, options } = put;
  const partSize = Math.max(64 * 1024 * 1024, Math.ceil(length / 10_000));
  const upload = await beginUpload(client, path, options);
  try {
    const parts = Array.from({ length: Math.ceil(length / partSize) }, (_, i) => i);
    let transferred = 0;
    // Added in order, a few at a time.
    const running = new Set<Promise<void>>();
    for (const i of parts) {
      const part = sliceChunks(chunks, i * partSize, Math.min(length, (i + 1) * partSize));
      const done: Promise<void> = upload.putPart(part, options).then(() => {
        transferred += part.reduce((sum, chunk) => sum + chunk.byteLength, 0);
        options.onProgress?.({ transferred, total: length });
      }).finally(() => running.delete(done));
      done.catch(() => {});
      running.add(done);
      if (running.size >= 4) await Promise.race(running);
    }
    await Promise.all(running);
    return await upload.complete(options);
  } catch (error) {
    await freed(upload.abort());
    throw error;
  }
}
