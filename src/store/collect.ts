/** Reading a stream into one buffer. */
import { concatBytes } from "./concat.ts";

export { concatBytes } from "./concat.ts";

/** Options of {@linkcode collect}. */
export interface CollectOptions {
  /** Expected length in bytes. A stream may turn out shorter or longer; the result then is, too. */
  readonly size?: number;
  /** Ends the reading, and cancels the stream, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told of the bytes read so far. */
  readonly onChunk?: (total: number) => void;
}

/**
 * Reads a stream to its end into one buffer: straight into place where the length is known, which is the fast way,
 * else by collecting chunks. A single chunk is handed over without copying.
 *
 * @throws {TypeError} for a chunk that is not a `Uint8Array`.
 */
export async function collect(
  stream: ReadableStream<Uint8Array>,
  options: CollectOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { signal, onChunk } = options;
  const reader = stream.getReader();
  const onAbort = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    const sink = new BufferSink(options.size);
    while (true) {
      const { done, value } = await reader.read();
      // A cancelled reader reports an end: without this an abort would look like a short body.
      signal?.throwIfAborted();
      if (done) return sink.finish();
      if (!(value instanceof Uint8Array)) throw new TypeError("Cannot read stream: a chunk is no Uint8Array");
      sink.add(value);
      onChunk?.(sink.length);
    }
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    reader.releaseLock();
  }
}

// Beyond this a declared length is not believed before the bytes are there: it may be a lie.
const TRUSTED_SIZE = 2 ** 31;

class BufferSink {
  length = 0;
  #target: Uint8Array<ArrayBuffer> | undefined;
  readonly #chunks: Uint8Array[] = [];

  constructor(size: number | undefined) {
    if (size !== undefined && size <= TRUSTED_SIZE) this.#target = new Uint8Array(size);
  }

  add(chunk: Uint8Array): void {
    if (this.#target && this.length + chunk.byteLength > this.#target.byteLength) {
      this.#chunks.push(this.#target.subarray(0, this.length));
      this.#target = undefined;
    }
    if (this.#target) this.#target.set(chunk, this.length);
    else this.#chunks.push(chunk);
    this.length += chunk.byteLength;
  }

  finish(): Uint8Array<ArrayBuffer> {
    if (this.#target) {
      return this.length === this.#target.byteLength ? this.#target : this.#target.slice(0, this.length);
    }
    const [first] = this.#chunks;
    if (this.#chunks.length === 1 && first && isPlain(first)) return first;
    return concatBytes(this.#chunks, this.length);
  }
}

/** Whether a chunk is a whole `ArrayBuffer`, not a window into a larger or a shared one. */
function isPlain(chunk: Uint8Array): chunk is Uint8Array<ArrayBuffer> {
  return chunk.buffer instanceof ArrayBuffer && chunk.byteLength === chunk.buffer.byteLength;
}
