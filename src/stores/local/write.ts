/** Bringing a payload into a staging file, in bounded memory and few system calls. */
import { toStoreError } from "../../store/error.ts";
import type { Path } from "../../store/path.ts";
import { cancelPayload, type Payload, type StreamPayload } from "../../store/payload.ts";
import type { PutOptions } from "../../store/types.ts";
import { storeError } from "./errors.ts";
import { STORE } from "./names.ts";
import type { Staging } from "./staging.ts";

/** Smaller chunks are gathered into blocks of this many bytes. */
const BLOCK = 256 * 1024;

/** Writes all of a payload. A stream is read to its end or cancelled. */
export async function writePayload(
  staging: Staging,
  payload: Payload,
  path: Path,
  options: Pick<PutOptions, "signal" | "onProgress">,
): Promise<void> {
  const output = new GatheringWriter(
    staging,
    (transferred) => options.onProgress?.({ transferred, total: payload.length }),
  );
  try {
    if (payload.kind === "stream") await pump(payload, output, path, options.signal);
    else {
      for (const chunk of payload.chunks) {
        options.signal?.throwIfAborted();
        await output.write(chunk);
      }
    }
    await output.flush();
  } catch (error) {
    // The file is about to be closed: no write may be under way then.
    await output.settled();
    await cancelPayload(payload, error);
    throw error;
  }
}

async function pump(
  payload: StreamPayload,
  output: GatheringWriter,
  path: Path,
  signal: AbortSignal | undefined,
): Promise<void> {
  const reader = payload.stream.getReader();
  const onAbort = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    while (true) {
      signal?.throwIfAborted();
      const { done, value } = await readTyped(reader, path);
      // A cancelled reader reports an end: without this an abort would leave a short file.
      signal?.throwIfAborted();
      if (done) return;
      await output.write(value);
    }
  } catch (error) {
    // Whoever feeds the stream may show this to its user.
    const shown = signal?.aborted ? signal.reason : storeError(error, "put", path, "write");
    await reader.cancel(shown).catch(() => {});
    throw shown;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    reader.releaseLock();
  }
}

async function readTyped(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  path: Path,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    const step = await reader.read();
    if (step.done || step.value instanceof Uint8Array) return step;
    throw new TypeError("a chunk is no Uint8Array");
  } catch (error) {
    throw toStoreError(error, `Cannot read the payload of ${JSON.stringify(path)}`, { store: STORE, path });
  }
}

/** Writes blocks one after the other while the next one is being filled. */
class GatheringWriter {
  readonly #staging: Staging;
  readonly #onWritten: (total: number) => void;
  #block: Uint8Array = new Uint8Array(0);
  #filled = 0;
  #position = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(staging: Staging, onWritten: (total: number) => void) {
    this.#staging = staging;
    this.#onWritten = onWritten;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (chunk.byteLength >= BLOCK / 2) {
      await this.#flushBlock();
      await this.#send(chunk);
      // It is the caller's, who may reuse it.
      await this.#writing;
      return;
    }
    if (this.#filled + chunk.byteLength > BLOCK) await this.#flushBlock();
    if (this.#block.byteLength === 0) this.#block = new Uint8Array(BLOCK);
    this.#block.set(chunk, this.#filled);
    this.#filled += chunk.byteLength;
  }

  async flush(): Promise<void> {
    await this.#flushBlock();
    await this.#writing;
  }

  /** Resolves when nothing is being written any more, whatever came of it. */
  async settled(): Promise<void> {
    await this.#writing.catch(() => {});
  }

  async #flushBlock(): Promise<void> {
    if (this.#filled === 0) return;
    const block = this.#block.subarray(0, this.#filled);
    this.#block = new Uint8Array(0);
    this.#filled = 0;
    await this.#send(block);
  }

  /** Waits for the write before, then starts this one. */
  async #send(bytes: Uint8Array): Promise<void> {
    await this.#writing;
    const at = this.#position;
    this.#position += bytes.byteLength;
    this.#writing = this.#staging.write(bytes, at).then(() => this.#onWritten(at + bytes.byteLength));
    // Its failure is thrown by whoever waits for it next.
    this.#writing.catch(() => {});
  }
}
