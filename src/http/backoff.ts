/** Pauses between attempts, and how many attempts a service may make in all. */

/** Where retries take time and chance from; tests pass their own. */
export interface RetryClock {
  /** Milliseconds on a clock that never jumps. */
  now(): number;
  /** The date, in milliseconds since the epoch, for `retry-after` dates. */
  date(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as that is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
}

/** The platform's clock, timers and `Math.random`. */
export const systemClock: RetryClock = {
  now: () => performance.now(),
  date: () => Date.now(),
  sleep,
  random: () => Math.random(),
};

// Timers count in 32 bits; a longer delay would fire at once.
const LONGEST_TIMER = 2 ** 31 - 1;

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, Math.min(ms, LONGEST_TIMER));
    signal?.addEventListener("abort", abort, { once: true });
  });
}

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
