/** A budget of retries shared by a whole service. */

/** Parameters of a {@linkcode RetryBudget}. */
export interface RetryBudgetOptions {
  /** Tokens in a full bucket; a retry takes one. Default 500. */
  readonly capacity?: number;
  /** Tokens that each request which needs no (further) retry puts in. Default 1. */
  readonly deposit?: number;
  /** Tokens that come by themselves each second. Default 20. */
  readonly refillPerSecond?: number;
}

/**
 * A token bucket that all retries of a service share, so that a server in trouble is not finished off by clients
 * that try again. It starts full. While more than half of all attempts succeed it stays full enough to be
 * unnoticeable; a dead server sees a burst of `capacity` retries at most and then `refillPerSecond`, however many
 * operations wait. An empty bucket does not fail an operation: its retry waits for its token, unless that would
 * be later than the operation's `retryTimeout`.
 *
 * Share one object between clients of the same server by passing it as `RetryOptions.budget`.
 */
export class RetryBudget {
  readonly #capacity: number;
  readonly #deposit: number;
  readonly #perMillisecond: number;
  #tokens: number;
  #refilled: number | undefined;

  /** A full bucket. */
  constructor(options: RetryBudgetOptions = {}) {
    this.#capacity = options.capacity ?? 500;
    this.#deposit = options.deposit ?? 1;
    this.#perMillisecond = (options.refillPerSecond ?? 20) / 1000;
    this.#tokens = this.#capacity;
  }

  /** Tokens left; below zero when retries wait for tokens to come. */
  get tokens(): number {
    return this.#tokens;
  }

  /**
   * Takes a token for a retry that starts after `pause` milliseconds and returns the pause that it must make
   * (`pause` where a token is at hand, longer where one must be waited for), or takes none and returns
   * `undefined` where that would be longer than `longest`. `now` is the caller's clock in milliseconds.
   */
  take(now: number, pause: number, longest: number): number | undefined {
    this.#refill(now);
    const missing = Math.max(0, 1 - this.#tokens);
    const needed = Math.max(pause, missing === 0 ? 0 : missing / this.#perMillisecond);
    if (!(needed <= longest) || needed === Infinity) return undefined;
    this.#tokens -= 1;
    return needed;
  }

  /** A request needs no further retry. */
  put(): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + this.#deposit);
  }

  #refill(now: number): void {
    const since = this.#refilled === undefined ? 0 : Math.max(0, now - this.#refilled);
    this.#refilled = now;
    this.#tokens = Math.min(this.#capacity, this.#tokens + since * this.#perMillisecond);
  }
}
