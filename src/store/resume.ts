/** Bodies that resume after a broken connection, unnoticed by the reader. */
import { GenericError, ObjectStoreError, PreconditionError, toStoreError } from "./error.ts";
import { isStrongETag } from "./etag.ts";
import type { ByteRange } from "./range.ts";

/** How often and when a broken body is asked for again. A retry budget of the HTTP layer fits behind it. */
export interface ResumePolicy {
  /**
   * Resolves with `true` once the pause before the next attempt is over, with `false` when there is to be none.
   *
   * @param error What broke the body, or failed the last attempt to go on with it.
   * @param signal Ends the pause by rejecting with its reason.
   */
  next(error: unknown, signal: AbortSignal): Promise<boolean>;
}

/** What a further request for the rest brought. */
export interface ReopenedBody {
  /** The bytes. */
  readonly body: ReadableStream<Uint8Array>;
  /**
   * The bytes of the object that `body` delivers: at least those asked for; further ones before and after are skipped.
   */
  readonly range: ByteRange;
  /** The response's ETag. */
  readonly eTag?: string;
}

/** What {@linkcode resumableBody} needs. */
export interface ResumableInit {
  /** The body of the first response. */
  readonly first: ReadableStream<Uint8Array>;
  /** The bytes of the object that `first` delivers. */
  readonly range: ByteRange;
  /** ETag of the first response. Without a strong one nothing is resumed: the bytes could be another version's. */
  readonly eTag?: string;
  /** Asks for the rest: a ranged GET with `If-Match`. Rejects with `PreconditionError` where the object has changed. */
  reopen(range: ByteRange, ifMatch: string, signal: AbortSignal): Promise<ReopenedBody>;
  /** Whether and when to go on. */
  readonly policy: ResumePolicy;
  /** Short name of the store that errors shall carry. */
  readonly store: string;
  /** The object's path, for errors. */
  readonly path: string;
  /** The caller's signal: its reason is what the body then fails with. */
  readonly signal?: AbortSignal;
}

/**
 * A body that delivers exactly the bytes of `range`, or fails with a typed error: one that breaks, or ends short, goes
 * on with a ranged request; one that breaks after its last byte is complete; one that delivers too much is refused.
 *
 * The stream fails with {@linkcode PreconditionError} when the object changed meanwhile, with {@linkcode GenericError}
 * (the break as its cause) when the policy gives up or there is no strong ETag, and with the signal's reason on abort.
 */
export function resumableBody(init: ResumableInit): ReadableStream<Uint8Array> {
  const source = new ResumableSource(init);
  return new ReadableStream<Uint8Array>({
    pull: (controller) => source.pull(controller),
    cancel: (reason) => source.cancel(reason),
  }, { highWaterMark: 0 });
}

/** What is under the stream of {@linkcode resumableBody}. */
export class ResumableSource {
  readonly #init: ResumableInit;
  readonly #cancelled = new AbortController();
  readonly #signal: AbortSignal;
  #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** Offset in the object of the next byte to deliver. */
  #next: number;
  /** Bytes of the current body to pass over. */
  #skip = 0;
  #resumed = false;

  /** Takes over the first body. */
  constructor(init: ResumableInit) {
    this.#init = init;
    this.#next = init.range.start;
    this.#reader = init.first.getReader();
    this.#signal = init.signal
      ? AbortSignal.any([init.signal, this.#cancelled.signal])
      : this.#cancelled.signal;
  }

  /** For the stream. */
  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const chunk = await this.#read();
      if (this.#cancelled.signal.aborted) return;
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    } catch (error) {
      if (this.#cancelled.signal.aborted) return;
      await this.#reader.cancel(error).catch(() => {});
      throw error;
    }
  }

  /** For the stream. */
  async cancel(reason: unknown): Promise<void> {
    this.#cancelled.abort(reason);
    await this.#reader.cancel(reason).catch(() => {});
  }

  /** The next bytes that are wanted, or `undefined` at the end. */
  async #read(): Promise<Uint8Array | undefined> {
    while (true) {
      let value: Uint8Array | undefined;
      try {
        this.#signal.throwIfAborted();
        ({ value } = await this.#reader.read());
        // A cancelled source reports its end: an abort must not pass for one.
        this.#signal.throwIfAborted();
        if (!value) {
          if (this.#left === 0) return undefined;
          throw this.#error(`the body ended ${this.#left} bytes short`);
        }
      } catch (error) {
        this.#signal.throwIfAborted();
        // Whatever happens after the last byte does not matter any more.
        if (this.#left === 0) return undefined;
        await this.#resume(error);
        continue;
      }
      const chunk = this.#wanted(value);
      if (chunk.byteLength > 0) return chunk;
      if (this.#resumed && this.#left === 0) {
        await this.#reader.cancel().catch(() => {});
        return undefined;
      }
    }
  }

  /** Cuts what lies before and after the wanted bytes, and counts the rest. */
  #wanted(value: Uint8Array): Uint8Array {
    const skipped = Math.min(this.#skip, value.byteLength);
    this.#skip -= skipped;
    let chunk = value.subarray(skipped);
    if (chunk.byteLength > this.#left) {
      // A resumed body may be a superset by rule; the first one has promised exactly its range.
      if (!this.#resumed) throw this.#error(`the body went beyond its ${this.#next + this.#left} bytes`);
      chunk = chunk.subarray(0, this.#left);
    }
    this.#next += chunk.byteLength;
    return chunk;
  }

  async #resume(broken: unknown): Promise<void> {
    const { eTag, policy, range, reopen } = this.#init;
    let error = broken;
    await this.#reader.cancel(error).catch(() => {});
    if (!isStrongETag(eTag)) throw this.#typed(error);
    while (await policy.next(error, this.#signal)) {
      this.#signal.throwIfAborted();
      let again: ReopenedBody;
      try {
        again = await reopen.call(this.#init, { start: this.#next, end: range.end }, eTag, this.#signal);
      } catch (failed) {
        this.#signal.throwIfAborted();
        if (failed instanceof PreconditionError) throw this.#changed(failed);
        // Of the store's own errors only the unspecific ones may pass.
        if (failed instanceof ObjectStoreError && !(failed instanceof GenericError)) throw failed;
        error = failed;
        continue;
      }
      const refusal = this.#refusal(again, eTag, error);
      if (refusal || this.#signal.aborted) {
        await again.body.cancel(refusal).catch(() => {});
        this.#signal.throwIfAborted();
        throw refusal;
      }
      this.#reader = again.body.getReader();
      this.#skip = this.#next - again.range.start;
      this.#resumed = true;
      return;
    }
    this.#signal.throwIfAborted();
    throw this.#typed(error);
  }

  #refusal(again: ReopenedBody, eTag: string, broken: unknown): ObjectStoreError | undefined {
    if (again.eTag === undefined) return this.#typed(broken);
    if (again.eTag !== eTag) return this.#changed(broken);
    const { range } = again;
    if (range.start <= this.#next && range.end >= this.#init.range.end) return undefined;
    return this.#error(
      `asked for bytes ${this.#next}..${this.#init.range.end} to go on, got ${range.start}..${range.end}`,
    );
  }

  get #left(): number {
    return this.#init.range.end - this.#next;
  }

  #changed(cause: unknown): PreconditionError {
    const { path, store } = this.#init;
    return new PreconditionError(`Cannot read "${path}" to its end: the object changed meanwhile`, {
      store,
      path,
      cause,
    });
  }

  #error(what: string): GenericError {
    const { path, store } = this.#init;
    return new GenericError(`Cannot read "${path}": ${what}`, { store, path });
  }

  #typed(error: unknown): ObjectStoreError {
    const { path, store } = this.#init;
    return toStoreError(error, `Cannot read "${path}"`, { store, path });
  }
}
