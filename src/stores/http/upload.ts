/** Bodies of PUT requests: bytes, which can be sent again, for small payloads; a stream for large ones. */
import type { HttpBody } from "../../http/body.ts";
import { toStoreError } from "../../store/error.ts";
import type { Payload } from "../../store/payload.ts";
import { wrapStream } from "../../store/stream.ts";
import type { PutOptions } from "../../store/types.ts";

/** Up to this size a stream is read first: then a failed PUT can be sent again. */
const REPLAYABLE = 1024 * 1024;

/** A body, and whether it can be sent again. */
export interface UploadBody {
  /** The body. */
  readonly body: HttpBody;
  /** Whether it can be sent again. */
  readonly replayable: boolean;
  /** Length in bytes where it is known. */
  readonly length?: number;
}

/** Makes the body of a payload. Its stream is the request's to read or cancel; `onProgress` sees what it takes. */
export async function uploadBody(
  payload: Payload,
  options: PutOptions,
  context: { store: string; path: string },
): Promise<UploadBody> {
  if (payload.kind === "chunks") return { body: payload.chunks, replayable: true, length: payload.length };
  const reader = payload.stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const onAbort = (): void => void reader.cancel(options.signal?.reason).catch(() => {});
  options.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    while (length <= REPLAYABLE) {
      const { done, value } = await reader.read();
      options.signal?.throwIfAborted();
      if (done) return { body: chunks, replayable: true, length };
      if (!(value instanceof Uint8Array)) throw new TypeError("a chunk of the stream is no Uint8Array");
      chunks.push(value);
      length += value.byteLength;
    }
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    options.signal?.throwIfAborted();
    throw toStoreError(error, `Cannot put "${context.path}"`, context);
  } finally {
    options.signal?.removeEventListener("abort", onAbort);
  }
  const { onProgress } = options;
  let transferred = 0;
  const stream = wrapStream(prepended(chunks, reader), {
    chunk: (chunk) => {
      transferred += chunk.byteLength;
      onProgress?.({ transferred, total: payload.length });
    },
    signal: options.signal,
  });
  return { body: { stream, length: payload.length }, replayable: false, length: payload.length };
}

function prepended(
  chunks: Uint8Array[],
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = chunks.shift() ?? (await reader.read()).value;
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
