/** What comes out of a request that was tried again: its last error, or a response, and the history of either. */
import { HttpError } from "../error.ts";
import type { HttpResponse } from "../service.ts";
import type { RetryHistory } from "./history.ts";

/**
 * The last error of a request that was tried more than once: `kind`, `detail` and `key` are those of the last attempt,
 * `cause` is its error, `history` tells of all.
 */
export class RetryError extends HttpError {
  /** What was tried. */
  readonly history: RetryHistory;

  /** Wraps the last attempt's error. */
  constructor(last: HttpError, history: RetryHistory) {
    const { kind, message, detail, key } = last;
    super(kind, `${message} (${history.summary})`, { cause: last, detail, key });
    this.history = history;
  }
}

const histories = new WeakMap<object, RetryHistory>();

/**
 * What was tried before this response or error came out of `withRetry`; `undefined` where the first attempt
 * settled it. A response that is still an error after the last retry is returned like any other, and this tells
 * the rest.
 */
export function retryHistory(outcome: HttpResponse | Error): RetryHistory | undefined {
  return outcome instanceof RetryError ? outcome.history : histories.get(outcome);
}

/** For the retry layer: keeps what was tried before a response. */
export function setRetryHistory(response: HttpResponse, history: RetryHistory): void {
  histories.set(response, history);
}
