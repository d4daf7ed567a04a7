/** Trying again: what, how often, how long. Values and rules are object_store's, with `retry-after` added. */

/** When and how often a failed request is tried again. All times in milliseconds. */
export interface RetryOptions {
  /** Retries after the first attempt. Default 10. */
  readonly maxRetries?: number;
  /** No retry starts later than this after the first attempt began. Default 180,000. */
  readonly retryTimeout?: number;
  /** First pause. Default 100. */
  readonly initBackoff?: number;
  /** Longest pause. Default 15,000. */
  readonly maxBackoff?: number;
  /** Growth of the pause. Default 2. */
  readonly base?: number;
}
