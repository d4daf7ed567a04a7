/** Permits held across iterations and uploads. */
import { iterate, type MultipartUpload, type OperationOptions, type PutResult } from "../store/mod.ts";
import type { Semaphore } from "./semaphore.ts";

/**
 * The permit of one iteration: held while the iteration is at work for its reader, and given back while it waits for
 * its own input, which may well need a permit too.
 */
export class Turn {
  readonly #permits: Semaphore;
  readonly #signal: AbortSignal | undefined;
  #active = false;
  #held = false;
  #waits = 0;

  /** A turn among these permits; the signal ends the waiting for one. */
  constructor(permits: Semaphore, signal: AbortSignal | undefined) {
    this.#permits = permits;
    this.#signal = signal;
  }

  /** The items of the iteration, each taken with a permit. */
  async *output<T>(items: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    const iterator = items[Symbol.asyncIterator]();
    let ended = false;
    try {
      while (true) {
        const step = await this.#work(() => iterator.next());
        ended = step.done === true;
        if (step.done) return;
        yield step.value;
      }
    } finally {
      if (!ended) await iterator.return?.();
    }
  }

  /** The input of the iteration, waited for without a permit. */
  async *input<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    const iterator = iterate(items);
    let ended = false;
    try {
      while (true) {
        const step = await this.#pause(async () => await iterator.next());
        ended = step.done === true;
        if (step.done) return;
        yield step.value;
      }
    } finally {
      if (!ended) await iterator.return?.();
    }
  }

  async #work<T>(action: () => Promise<T>): Promise<T> {
    this.#active = true;
    try {
      if (this.#waits === 0) await this.#take();
      return await action();
    } finally {
      this.#active = false;
      this.#drop();
    }
  }

  async #pause<T>(action: () => Promise<T>): Promise<T> {
    this.#waits++;
    this.#drop();
    try {
      return await action();
    } finally {
      this.#waits--;
      if (this.#active && this.#waits === 0) await this.#take();
    }
  }

  async #take(): Promise<void> {
    if (this.#held) return;
    await this.#permits.acquire(this.#signal);
    // Meanwhile the work may have ended, or another may have taken one.
    if (this.#active && !this.#held) this.#held = true;
    else this.#permits.release();
  }

  #drop(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#permits.release();
  }
}

/** An upload whose parts, completion and abort take a permit each. */
export class LimitedUpload implements MultipartUpload {
  readonly #inner: MultipartUpload;
  readonly #permits: Semaphore;
  /** Parts are handed on in the order of calls: that order is the order of bytes, whichever permit comes first. */
  #handedOn: Promise<unknown> = Promise.resolve();

  /** `inner`, among these permits. */
  constructor(inner: MultipartUpload, permits: Semaphore) {
    this.#inner = inner;
    this.#permits = permits;
  }

  /** See {@linkcode MultipartUpload.putPart}. */
  putPart(part: Uint8Array | readonly Uint8Array[], options?: OperationOptions): Promise<void> {
    let started!: () => void;
    const before = this.#handedOn;
    this.#handedOn = new Promise<void>((resolve) => started = resolve);
    const put = async () => {
      await before;
      // No signal: a part that was asked for keeps its place, so that completion finds it missing if it failed.
      await this.#permits.acquire();
      try {
        const running = this.#inner.putPart(part, options);
        started();
        await running;
      } finally {
        started();
        this.#permits.release();
      }
    };
    return put();
  }

  /** See {@linkcode MultipartUpload.complete}. */
  complete(options?: OperationOptions): Promise<PutResult> {
    return this.#with(() => this.#inner.complete(options), options);
  }

  /** See {@linkcode MultipartUpload.abort}. */
  abort(options?: OperationOptions): Promise<void> {
    return this.#with(() => this.#inner.abort(options), options);
  }

  async #with<T>(action: () => Promise<T>, options: OperationOptions | undefined): Promise<T> {
    await this.#permits.acquire(options?.signal);
    try {
      return await action();
    } finally {
      this.#permits.release();
    }
  }
}
