/** A writer's bytes as the stream of one put. */
import { GenericError } from "./error.ts";
import type { ObjectStore } from "./object_store.ts";
import type { PathInput } from "./path.ts";
import type { PutResult, WriterOptions } from "./types.ts";
import type { WriterContext, WriterSink } from "./writer_sink.ts";

/** Hands each chunk to a put as it asks for one. */
export class PutSink implements WriterSink {
  readonly context: WriterContext;
  readonly #put: Promise<PutResult>;
  #output!: ReadableStreamDefaultController<Uint8Array>;
  #open = true;
  /** Resolved when the put has asked for bytes, or will ask for no more. */
  #asked = new Signal();

  constructor(
    store: Pick<ObjectStore, "put">,
    path: PathInput,
    options: WriterOptions,
    context: WriterContext,
  ) {
    this.context = context;
    // No TransformStream: its writable side could not be aborted while a put that has failed reads no more.
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#output = controller),
      pull: () => this.#asked.set(),
      cancel: () => {
        this.#open = false;
        this.#asked.set();
      },
    }, { highWaterMark: 0 });
    const { mode, attributes, tags, signal, extensions, onProgress } = options;
    this.#put = store.put(path, body, { mode, attributes, tags, signal, extensions, onProgress });
  }

  start(fail: (error: unknown) => void): void {
    this.#put.catch(fail);
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (chunk.byteLength === 0) return;
    await Promise.race([this.#asked.wait, this.#put]);
    if (!this.#open) {
      await this.#put;
      throw new GenericError(`Cannot write "${this.context.path}": the store stopped reading`, this.context);
    }
    this.#asked = new Signal();
    this.#output.enqueue(chunk.slice());
  }

  async close(): Promise<PutResult> {
    this.#end((output) => output.close());
    return await this.#put;
  }

  async abort(reason: unknown): Promise<void> {
    this.#end((output) => output.error(reason));
    this.#asked.set();
    await this.#put.catch(() => {});
  }

  #end(how: (output: ReadableStreamDefaultController<Uint8Array>) => void): void {
    if (this.#open) how(this.#output);
    this.#open = false;
  }
}

/** Something that happens once. */
class Signal {
  readonly wait: Promise<void>;
  readonly set: () => void;

  constructor() {
    let set!: () => void;
    this.wait = new Promise((resolve) => set = resolve);
    this.set = set;
  }
}
