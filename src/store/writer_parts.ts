/** A writer's bytes as one put while small, as parts when large. */
import { GenericError } from "./error.ts";
import type { PathInput } from "./path.ts";
import type { MultipartUpload, PutResult, WriterOptions } from "./types.ts";
import type { WriterContext, WriterSink, WriterTarget } from "./writer_sink.ts";

/** Size of the first part, by default: 10 MiB. */
export const DEFAULT_PART_SIZE: number = 10 * 1024 * 1024;
/** Parts under way at once, by default. */
export const DEFAULT_WRITER_CONCURRENCY = 8;

// Services allow 10,000 parts of at most 5 GiB. Doubling every 900 parts reaches 5 TiB from first parts of 5 MiB on.
const PARTS_PER_SIZE = 900;
const MAX_PART_SIZE = 5 * 1024 ** 3;

/** The part size after `parts` parts, from which 10,000 parts reach any object that services allow. */
export function partSizeAt(parts: number, first: number): number {
  return Math.min(first * 2 ** Math.floor(parts / PARTS_PER_SIZE), Math.max(first, MAX_PART_SIZE));
}

/** Gathers parts and sends them, a few at once. */
export class PartSink implements WriterSink {
  readonly context: WriterContext;
  readonly #store: WriterTarget;
  readonly #path: PathInput;
  readonly #options: WriterOptions;
  readonly #firstPartSize: number;
  readonly #concurrency: number;
  readonly #part = new PartBuffer();
  readonly #running = new Set<Promise<void>>();
  #fail: (error: unknown) => void = () => {};
  #failure: { error: unknown } | undefined;
  #upload: MultipartUpload | undefined;
  #completing: Promise<PutResult> | undefined;
  #partSize: number;
  #parts = 0;
  #bytesRunning = 0;
  #transferred = 0;

  constructor(store: WriterTarget, path: PathInput, options: WriterOptions, context: WriterContext) {
    this.#store = store;
    this.#path = path;
    this.#options = options;
    this.context = context;
    this.#firstPartSize = positive(options.partSize ?? DEFAULT_PART_SIZE, "partSize", context);
    this.#concurrency = positive(options.concurrency ?? DEFAULT_WRITER_CONCURRENCY, "concurrency", context);
    this.#partSize = this.#firstPartSize;
  }

  start(fail: (error: unknown) => void): void {
    this.#fail = fail;
  }

  async write(chunk: Uint8Array): Promise<void> {
    let at = 0;
    while (at < chunk.byteLength) {
      const piece = chunk.subarray(at, at + this.#partSize - this.#part.length);
      this.#part.append(piece, this.#partSize);
      at += piece.byteLength;
      if (this.#part.length === this.#partSize) await this.#send();
    }
  }

  async close(): Promise<PutResult> {
    const { mode, attributes, tags, signal, extensions, onProgress } = this.#options;
    if (!this.#upload) {
      const options = { mode, attributes, tags, signal, extensions, onProgress };
      return await this.#store.put(this.#path, this.#part.take(), options);
    }
    if (this.#part.length > 0) await this.#send();
    await Promise.all(this.#running);
    this.#throwFailure();
    return await (this.#completing = this.#upload.complete({ signal, extensions }));
  }

  async abort(reason: unknown): Promise<void> {
    this.#failure ??= { error: reason };
    this.#part.take();
    // What is being completed cannot be given up before that has failed.
    await this.#completing?.catch(() => {});
    // The signal has ended the operation itself; freeing its parts is another one, which it must not end.
    await this.#upload?.abort({ extensions: this.#options.extensions }).catch(() => {});
    await Promise.all(this.#running);
  }

  async #send(): Promise<void> {
    const { mode, attributes, tags, signal, extensions, onProgress } = this.#options;
    if (!this.#upload) {
      const upload = await this.#store.putMultipart(this.#path, {
        mode,
        attributes,
        tags,
        signal,
        extensions,
      });
      this.#upload = upload;
      // Aborted while the upload was being made: nobody else knows of it.
      if (this.#failure) await upload.abort({ extensions }).catch(() => {});
    }
    const length = this.#part.length;
    const budget = this.#firstPartSize * this.#concurrency;
    while (this.#running.size > 0 && (this.#bytesRunning + length > budget)) {
      await Promise.race(this.#running);
    }
    this.#throwFailure();
    this.#bytesRunning += length;
    const running: Promise<void> = this.#upload.putPart(this.#part.take(), { signal, extensions }).then(
      () => {
        this.#transferred += length;
        onProgress?.({ transferred: this.#transferred });
      },
    ).catch((error) => {
      this.#failure ??= { error };
      this.#fail(error);
    }).finally(() => {
      this.#bytesRunning -= length;
      this.#running.delete(running);
    });
    this.#running.add(running);
    this.#partSize = partSizeAt(++this.#parts, this.#firstPartSize);
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}

/** Gathers what is written into few blocks, without setting aside a whole part for a small object. */
class PartBuffer {
  length = 0;
  #blocks: Uint8Array[] = [];
  #free = new Uint8Array(0);

  append(bytes: Uint8Array, partSize: number): void {
    let at = 0;
    while (at < bytes.byteLength) {
      if (this.#free.byteLength === 0) {
        const wanted = Math.max(bytes.byteLength - at, this.length, 8192);
        const block = new Uint8Array(Math.min(wanted, partSize - this.length));
        this.#blocks.push(block);
        this.#free = block;
      }
      const piece = bytes.subarray(at, at + this.#free.byteLength);
      this.#free.set(piece);
      this.#free = this.#free.subarray(piece.byteLength);
      this.length += piece.byteLength;
      at += piece.byteLength;
    }
  }

  take(): Uint8Array[] {
    const blocks = this.#blocks;
    const last = blocks.pop();
    if (last) blocks.push(last.subarray(0, last.byteLength - this.#free.byteLength));
    this.#blocks = [];
    this.#free = new Uint8Array(0);
    this.length = 0;
    return blocks;
  }
}

function positive(value: number, name: string, context: WriterContext): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new GenericError(
    `Cannot write "${context.path}": "${name}" is "${value}", not a positive whole number`,
    context,
  );
}
