/** The items of pages, as one sequence. */

/**
 * The items of pages one by one, as an async generator yields them, at half its price: for what is there already it
 * makes one promise and nothing else.
 */
export class Flattened<T> implements AsyncIterableIterator<T, undefined> {
  readonly #pages: AsyncGenerator<Iterable<T>, void, undefined>;
  #items: Iterator<T> | undefined;
  /** The call that is under way; others wait for their turn. */
  #last: Promise<unknown> | undefined;

  constructor(pages: AsyncGenerator<Iterable<T>, void, undefined>) {
    this.#pages = pages;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#last !== undefined) return this.#inTurn(() => this.#advance());
    try {
      const step = this.#items?.next();
      if (step !== undefined && !step.done) return Promise.resolve(step);
    } catch (error) {
      return this.#inTurn(() => this.#fail(error));
    }
    return this.#inTurn(() => this.#advance());
  }

  /** Ends early, with the pages. */
  return(): Promise<IteratorResult<T, undefined>> {
    return this.#inTurn(async () => {
      this.#items = undefined;
      await this.#pages.return();
      return { done: true, value: undefined };
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #advance(): Promise<IteratorResult<T, undefined>> {
    try {
      for (;;) {
        const step = this.#items?.next();
        if (step !== undefined && !step.done) return step;
        const { done, value } = await this.#pages.next();
        if (done) return { done, value: undefined };
        this.#items = value[Symbol.iterator]();
      }
    } catch (error) {
      return await this.#fail(error);
    }
  }

  async #fail(error: unknown): Promise<never> {
    this.#items = undefined;
    await this.#pages.return();
    throw error;
  }

  #inTurn<R>(take: () => Promise<R>): Promise<R> {
    const taken = this.#last === undefined ? take() : this.#last.then(take, take);
    this.#last = taken;
    // The first to hear of it, so that whoever waits for this one need not wait for its turn with the next.
    const clear = () => {
      if (this.#last === taken) this.#last = undefined;
    };
    taken.then(clear, clear);
    return taken;
  }
}
