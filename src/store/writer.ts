/** Writing a stream of unknown length: one put while small, parts when large. */
import { GenericError, toStoreError } from "./error.ts";
import type { ObjectStore } from "./object_store.ts";
import type { Path, PathInput } from "./path.ts";
import type { MultipartUpload, ObjectWriter, PutResult, WriterOptions } from "./types.ts";

/** Size of the first part, by default: 10 MiB. */
export const DEFAULT_PART_SIZE: number = 10 * 1024 * 1024;
/** Parts under way at once, by default. */
export const DEFAULT_WRITER_CONCURRENCY = 8;

// Services allow 10,000 parts of at most 5 GiB. Doubling every 900 parts reaches 5 TiB from first parts of 5 MiB on.
const PARTS_PER_SIZE = 900;
const MAX_PART_SIZE = 5 * 1024 ** 3;

/** What a writer needs of its store. */
export type WriterTarget = Pick<ObjectStore, "put" | "putMultipart">;

/** The store's short name and the path, for errors. */
export interface WriterContext {
  /** Short name of the store. */
  readonly store: string;
  /** The object's path. */
  readonly path: Path;
}

/**
 * A writer over `put` and `putMultipart`. What is written is copied; at most `concurrency` × `partSize` bytes are under
 * way besides the part being filled, and a write waits while there is no room. The first `partSize` bytes decide: an
 * object that stays below goes out as one put.
 *
 * @throws {GenericError} for a part size or concurrency that is no positive whole number.
 */
export function createWriter(
  store: WriterTarget,
  path: PathInput,
  options: WriterOptions,
  context: WriterContext,
): ObjectWriter {
  return new StoreWriter(new PartSink(store, path, options, context), options.signal);
}

/**
 * A writer over a streaming `put`, for stores that can put a stream of unknown length and have no parts. The part
 * options mean nothing to it.
 */
export function createPutWriter(
  store: Pick<ObjectStore, "put">,
  path: PathInput,
  options: WriterOptions,
  context: WriterContext,
): ObjectWriter {
  return new StoreWriter(new PutSink(store, path, options, context), options.signal);
}

/** The part size after `parts` parts, from which 10,000 parts reach any object that services allow. */
export function partSizeAt(parts: number, first: number): number {
  return Math.min(first * 2 ** Math.floor(parts / PARTS_PER_SIZE), Math.max(first, MAX_PART_SIZE));
}

/** Where a writer's bytes go. All calls come one after the other, except `abort`. */
interface Sink {
  /** Called once, with what fails the stream at once. */
  start(fail: (error: unknown) => void): void;
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<PutResult>;
  /** Gives up and frees everything; never rejects. */
  abort(reason: unknown): Promise<void>;
  readonly context: WriterContext;
}

class StoreWriter extends WritableStream<Uint8Array> implements ObjectWriter {
  readonly result: Promise<PutResult>;

  constructor(sink: Sink, signal: AbortSignal | undefined) {
    let resolve!: (result: PutResult) => void;
    let reject!: (error: unknown) => void;
    const result = new Promise<PutResult>((yes, no) => [resolve, reject] = [yes, no]);
    // Who only watches the stream must not be told twice.
    result.catch(() => {});

    let failing: Promise<void> | undefined;
    let settled = false;
    /** The first failure: every later one is its consequence, and shown as it. */
    let first: { error: unknown } | undefined;
    const settle = () => {
      settled = true;
      signal?.removeEventListener("abort", onAbort);
    };
    const fail = (error: unknown): Promise<void> => {
      if (settled) return failing ?? Promise.resolve();
      settle();
      first = { error };
      return failing = sink.abort(error).then(() => reject(error));
    };
    let onAbort = () => {};
    const typed = (error: unknown): unknown =>
      signal?.aborted
        ? signal.reason
        : toStoreError(error, `Cannot write "${sink.context.path}"`, sink.context);

    super({
      start(controller) {
        const failNow = (error: unknown) => {
          if (settled) return;
          controller.error(error);
          void fail(error);
        };
        onAbort = () => failNow(signal?.reason);
        // `abort()` below is called only once a write under way has ended, which may take long.
        controller.signal.addEventListener("abort", () => void fail(controller.signal.reason), {
          once: true,
        });
        sink.start((error) => failNow(typed(error)));
        if (signal?.aborted) onAbort();
        else signal?.addEventListener("abort", onAbort, { once: true });
      },
      async write(chunk) {
        try {
          if (!(chunk instanceof Uint8Array)) {
            throw new GenericError(
              `Cannot write "${sink.context.path}": a chunk is no Uint8Array`,
              sink.context,
            );
          }
          await sink.write(chunk);
        } catch (error) {
          await fail(typed(error));
          throw first ? first.error : typed(error);
        }
      },
      async close() {
        try {
          const done = await sink.close();
          settle();
          resolve(done);
        } catch (error) {
          await fail(typed(error));
          throw first ? first.error : typed(error);
        }
      },
      async abort(reason) {
        await fail(reason);
      },
    });
    this.result = result;
  }
}

class PartSink implements Sink {
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
    return await this.#upload.complete({ signal, extensions });
  }

  async abort(reason: unknown): Promise<void> {
    this.#failure ??= { error: reason };
    this.#part.take();
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

class PutSink implements Sink {
  readonly context: WriterContext;
  readonly #put: Promise<PutResult>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  constructor(
    store: Pick<ObjectStore, "put">,
    path: PathInput,
    options: WriterOptions,
    context: WriterContext,
  ) {
    this.context = context;
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    this.#input = writable.getWriter();
    this.#input.closed.catch(() => {});
    const { mode, attributes, tags, signal, extensions, onProgress } = options;
    this.#put = store.put(path, readable, { mode, attributes, tags, signal, extensions, onProgress });
  }

  start(fail: (error: unknown) => void): void {
    this.#put.catch(fail);
  }

  async write(chunk: Uint8Array): Promise<void> {
    // A put that has failed reads no more, so a write could wait for ever.
    await Promise.race([this.#input.write(chunk.slice()), this.#put]);
  }

  async close(): Promise<PutResult> {
    this.#input.close().catch(() => {});
    return await this.#put;
  }

  async abort(reason: unknown): Promise<void> {
    await this.#input.abort(reason).catch(() => {});
    await this.#put.catch(() => {});
  }
}

function positive(value: number, name: string, context: WriterContext): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new GenericError(
    `Cannot write "${context.path}": "${name}" is "${value}", not a positive whole number`,
    context,
  );
}
