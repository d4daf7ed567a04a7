/** Reading a file's bytes: in bounded memory as a stream, or straight into one buffer. */
import type { ByteRange } from "../../store/range.ts";
import type { ResultBody } from "../../store/result.ts";
import type { FileHandle } from "./fs.ts";

/** Bytes read at once for a stream: larger chunks are no faster, smaller ones are. */
const CHUNK = 256 * 1024;

/** Bytes read at once into a buffer; between two the signal is looked at. */
const BLOCK = 16 * 1024 * 1024;

/** A file's range as the body of a result. The handle is closed at the end, on failure, on cancel and on abort. */
export function fileBody(handle: FileHandle, range: ByteRange, signal?: AbortSignal): ResultBody {
  const once = new ClosingHandle(handle, signal);
  return {
    stream: () => streamOf(once, range),
    async bytes() {
      try {
        return await readRange(once, range, signal);
      } finally {
        await once.close();
      }
    },
  };
}

/** Reads a range into a new buffer, which is shorter where the file ends before it. */
export async function readRange(
  handle: Pick<FileHandle, "read">,
  range: ByteRange,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(range.end - range.start);
  let done = 0;
  while (done < bytes.byteLength) {
    signal?.throwIfAborted();
    const count = await handle.read(bytes.subarray(done, done + BLOCK), range.start + done);
    if (count === 0) return bytes.slice(0, done);
    done += count;
  }
  return bytes;
}

function streamOf(handle: ClosingHandle, range: ByteRange): ReadableStream<Uint8Array> {
  let position = range.start;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const buffer = new Uint8Array(Math.min(CHUNK, range.end - position));
        const count = buffer.byteLength === 0 ? 0 : await handle.read(buffer, position);
        if (count > 0) {
          position += count;
          controller.enqueue(count === buffer.byteLength ? buffer : buffer.subarray(0, count));
        }
        // Ending before the range's end is noticed, and reported, by the result.
        if (count === 0 || position === range.end) {
          await handle.close();
          controller.close();
        }
      } catch (error) {
        await handle.close().catch(() => {});
        throw error;
      }
    },
    cancel: () => handle.close(),
  }, { highWaterMark: 0 });
}

/** A handle that is closed once, by whoever comes first, and never while a read is under way. */
class ClosingHandle {
  readonly #handle: FileHandle;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => void this.close().catch(() => {});
  #closed: Promise<void> | undefined;
  #reading: Promise<unknown> | undefined;

  constructor(handle: FileHandle, signal?: AbortSignal) {
    this.#handle = handle;
    this.#signal = signal;
    // A result that nobody reads lets go of its file when its signal says so.
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  async read(buffer: Uint8Array, position: number): Promise<number> {
    this.#signal?.throwIfAborted();
    const reading = this.#handle.read(buffer, position);
    this.#reading = reading;
    return await reading;
  }

  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#onAbort);
    await this.#reading?.catch(() => {});
    await this.#handle.close();
  }
}
