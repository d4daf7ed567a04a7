/** What was tried before a request came to its end. */

/** One failed attempt. */
export interface FailedAttempt {
  /** Status, where there was a response. */
  readonly status?: number;
  /** What was thrown, where there was none. */
  readonly error?: unknown;
  /** Milliseconds from the start of the operation to the failure. */
  readonly elapsed: number;
  /** The pause after it, in milliseconds; none after the last. */
  readonly delay?: number;
}

/** Why no further retry was made. */
export type RetryStop = "max-retries" | "retry-timeout" | "budget";

/** What was tried. */
export interface RetryHistory {
  /** Attempts made, the first included. */
  readonly attempts: number;
  /** Milliseconds from the start of the operation. */
  readonly elapsed: number;
  /** The attempts that failed and were (or would have been) retried, in order; the latest 32 of them. */
  readonly failures: readonly FailedAttempt[];
  /** Why there was no further retry; `undefined` where none was called for. */
  readonly stopped?: RetryStop;
  /** All of it in a few words: `3 retries in 1.2 s, maxRetries 3 reached`. */
  readonly summary: string;
}
