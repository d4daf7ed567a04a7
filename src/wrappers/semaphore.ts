/** A fair semaphore: permits are granted in the order of the requests. */

/** Hands out a fixed number of permits. */
export class Semaphore {
  readonly #waiting = new Set<() => void>();
  #free: number;

  /** As many permits as this. */
  constructor(permits: number) {
    this.#free = permits;
  }

  /**
   * Waits for a permit. It goes back by {@linkcode release}.
   *
   * @throws the signal's reason, when it comes before a permit.
   */
  acquire(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(take);
        reject(signal?.reason);
      };
      const take = () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(take);
    });
  }

  /** Gives a permit back: to who has waited longest, if anyone. */
  release(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
