/** A bound on how much is done at once. */

/**
 * A counting semaphore: permits are granted strictly in the order they were asked for.
 *
 * ```ts ignore
 * const semaphore = new Semaphore(4);
 * const release = await semaphore.acquire(signal);
 * try {
 *   await work();
 * } finally {
 *   release();
 * }
 * ```
 */
export class Semaphore {
  #free: number;
  // A set keeps insertion order and forgets an aborted waiter in constant time.
  readonly #waiters = new Set<(release: () => void) => void>();

  /** With this many permits, a positive integer. Throws `RangeError` for anything else. */
  constructor(permits: number) {
    if (!Number.isSafeInteger(permits) || permits < 1) {
      throw new RangeError(`Cannot make a semaphore of ${permits} permits: a positive integer is needed`);
    }
    this.#free = permits;
  }

  /** Permits that nobody holds. */
  get free(): number {
    return this.#free;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Resolves with the function that gives the permit back (calling it again does nothing). Rejects with the
   * signal's reason when it is aborted first; the place in the queue is then given up.
   */
  acquire(signal?: AbortSignal): Promise<() => void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const release = this.tryAcquire();
    if (release !== undefined) return Promise.resolve(release);
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiters.delete(grant);
        reject(signal!.reason);
      };
      const grant = (release: () => void) => {
        signal?.removeEventListener("abort", abort);
        resolve(release);
      };
      this.#waiters.add(grant);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** A permit if one is free, without waiting; else `undefined`. */
  tryAcquire(): (() => void) | undefined {
    // One is free only while nobody waits, so this overtakes no one.
    if (this.#free === 0) return undefined;
    this.#free--;
    return this.#releaser();
  }

  #releaser(): () => void {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      // Handed straight to the next in line: a newcomer cannot slip in between.
      for (const grant of this.#waiters) {
        this.#waiters.delete(grant);
        grant(this.#releaser());
        return;
      }
      this.#free++;
    };
  }
}
