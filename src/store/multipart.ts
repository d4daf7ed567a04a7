/** The bookkeeping of an upload in parts: order by call, nothing missing, one end. */
import { GenericError, toStoreError } from "./error.ts";
import type { Path } from "./path.ts";
import type { MultipartUpload, OperationOptions, PutResult } from "./types.ts";

/** What a store does for an upload; {@linkcode SequencedUpload} calls it in the right order. */
export interface UploadSteps<Part> {
  /**
   * Stores a part. Parts may come in any order and at once; `index` counts from 0, `offset` is the number of bytes in
   * the parts before it. The chunks are the caller's and may be changed once the promise has resolved.
   */
  uploadPart(part: UploadPart): Promise<Part>;
  /** Makes the object of all parts, in order; there may be none. */
  complete(parts: readonly Part[], options: OperationOptions): Promise<PutResult>;
  /** Frees the parts. Must not fail when there is nothing to free. */
  abort(options: OperationOptions): Promise<void>;
}

/** One part of an upload. */
export interface UploadPart {
  /** Place among the parts, from 0. */
  readonly index: number;
  /** Bytes in the parts before it. */
  readonly offset: number;
  /** The bytes, back to back. */
  readonly chunks: readonly Uint8Array[];
  /** Bytes of this part. */
  readonly length: number;
  /** The caller's signal and extensions. */
  readonly options: OperationOptions;
}

/** A {@linkcode MultipartUpload} over the steps of a store. */
export class SequencedUpload<Part> implements MultipartUpload {
  readonly #steps: UploadSteps<Part>;
  readonly #context: { readonly store: string; readonly path: Path };
  readonly #parts: ({ part: Part } | undefined)[] = [];
  readonly #giveUp = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  #offset = 0;
  #state: "open" | "completing" | "completed" | "aborted" = "open";

  /** An upload whose errors name this store and path. */
  constructor(steps: UploadSteps<Part>, context: { readonly store: string; readonly path: Path }) {
    this.#steps = steps;
    this.#context = context;
  }

  /** Index and offset are taken when this is called, not when it resolves. */
  putPart(part: Uint8Array | readonly Uint8Array[], options: OperationOptions = {}): Promise<void> {
    if (this.#state !== "open") return Promise.reject(this.#closed("add a part to"));
    const chunks = part instanceof Uint8Array ? [part] : part;
    const index = this.#parts.push(undefined) - 1;
    const offset = this.#offset;
    const length = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    this.#offset += length;
    const upload = this.#upload({ index, offset, chunks, length, options });
    const running: Promise<unknown> = upload.catch(() => {}).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return upload;
  }

  /** As the contract says; a second call, or one after `abort`, is refused. */
  async complete(options: OperationOptions = {}): Promise<PutResult> {
    options.signal?.throwIfAborted();
    if (this.#state !== "open") throw this.#closed("complete");
    const missing = this.#parts.indexOf(undefined);
    if (missing >= 0) {
      throw new GenericError(
        `Cannot complete the upload of "${this.#context.path}": Missing part at index ${missing}`,
        this.#context,
      );
    }
    this.#state = "completing";
    try {
      const result = await this.#steps.complete(this.#parts.map((entry) => entry!.part), options);
      this.#state = "completed";
      return result;
    } catch (error) {
      // What the caller may do now is try again or abort.
      this.#state = "open";
      options.signal?.throwIfAborted();
      throw toStoreError(error, `Cannot complete the upload of "${this.#context.path}"`, this.#context);
    }
  }

  /** Ends parts under way, then frees what there is. After `complete` it does nothing. */
  async abort(options: OperationOptions = {}): Promise<void> {
    if (this.#state === "completing") throw this.#closed("abort");
    if (this.#state !== "open") return;
    this.#state = "aborted";
    const reason = this.#closed("go on with");
    this.#giveUp.abort(reason);
    await Promise.all(this.#running);
    try {
      await this.#steps.abort(options);
    } catch (error) {
      // Tried again by a second call.
      this.#state = "open";
      options.signal?.throwIfAborted();
      throw toStoreError(error, `Cannot abort the upload of "${this.#context.path}"`, this.#context);
    }
  }

  async #upload(part: UploadPart): Promise<void> {
    const { signal } = part.options;
    signal?.throwIfAborted();
    const either = signal ? AbortSignal.any([signal, this.#giveUp.signal]) : this.#giveUp.signal;
    try {
      const done = await this.#steps.uploadPart({ ...part, options: { ...part.options, signal: either } });
      this.#parts[part.index] = { part: done };
    } catch (error) {
      either.throwIfAborted();
      throw toStoreError(
        error,
        `Cannot upload part ${part.index + 1} of "${this.#context.path}"`,
        this.#context,
      );
    }
  }

  #closed(action: string): GenericError {
    const state = this.#state === "open" ? "aborted" : this.#state;
    return new GenericError(
      `Cannot ${action} the upload of "${this.#context.path}": it is ${state}`,
      this.#context,
    );
  }
}
