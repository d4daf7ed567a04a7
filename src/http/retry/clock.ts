/** The clock and random source of retries; tests replace them. */

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
