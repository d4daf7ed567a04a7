/** Pauses between attempts. */

/** Parameters of a {@linkcode Backoff}. Times in milliseconds. */
export interface BackoffOptions {
  /** First pause. Default 100. */
  readonly initBackoff?: number;
  /** Longest pause. Default 15,000. */
  readonly maxBackoff?: number;
  /** Growth of the pause. Default 2. */
  readonly base?: number;
}

/**
 * Exponential back-off with decorrelated jitter: the first pause is `initBackoff`, each next one is drawn evenly
 * from `initBackoff` to `base` times the one before, and none is longer than `maxBackoff`. The jitter keeps
 * clients that failed together from coming back together.
 */
export class Backoff {
  readonly #init: number;
  readonly #max: number;
  readonly #base: number;
  readonly #random: () => number;
  #next: number;

  /** Starts at the first pause. `random` is uniform in [0, 1). */
  constructor(options: BackoffOptions = {}, random: () => number = Math.random) {
    this.#max = options.maxBackoff ?? 15_000;
    this.#init = Math.min(options.initBackoff ?? 100, this.#max);
    this.#base = options.base ?? 2;
    this.#random = random;
    this.#next = this.#init;
  }

  /** The pause to make now, in milliseconds. */
  next(): number {
    const pause = this.#next;
    const highest = Math.max(this.#init, pause * this.#base);
    this.#next = Math.min(this.#max, this.#init + this.#random() * (highest - this.#init));
    return pause;
  }

  /** Back to the first pause. */
  reset(): void {
    this.#next = this.#init;
  }
}
