/**
 * Retries: which failures are retried, and how. The rules are those of the object_store crate, plus `retry-after`, a
 * budget shared by a service, hooks, and a history.
 */
import type { HttpRequest, HttpResponse } from "../service.ts";
import { HttpError } from "../error.ts";
import type { RetryHistory } from "./history.ts";

export { isRetryableStatus, withRetry } from "./layer.ts";
export type { RetryOptions } from "./options.ts";

const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PROPFIND"]);

/**
 * Whether sending the request twice is the same as sending it once: `request.idempotent` where given, else by its
 * method (RFC 9110 section 9.2.2; PROPFIND by RFC 4918 section 9.1).
 */
export function isIdempotent(request: Pick<HttpRequest, "method" | "idempotent">): boolean {
  return request.idempotent ?? IDEMPOTENT.has(request.method);
}

/**
 * Whether the error is retried. `connect`: always, since nothing was sent. `timeout`, `interrupted` and
 * `unknown`: the server may have acted, so only where the request is idempotent. `denied`, `request`, `decode` and
 * what is no {@linkcode HttpError}: never.
 */
export function isRetryableError(
  request: Pick<HttpRequest, "method" | "idempotent">,
  error: unknown,
): boolean {
  if (!(error instanceof HttpError)) return false;
  switch (error.kind) {
    case "connect":
      return true;
    case "timeout":
    case "interrupted":
    case "unknown":
      return isIdempotent(request);
    default:
      return false;
  }
}

/**
 * The last error of a request that was tried more than once: `kind` and `detail` are those of the last attempt,
 * `cause` is its error, `history` tells of all.
 */
export class RetryError extends HttpError {
  /** What was tried. */
  readonly history: RetryHistory;

  /** Wraps the last attempt's error. */
  constructor(last: HttpError, history: RetryHistory) {
    super(last.kind, `${last.message} (${history.summary})`, { cause: last, detail: last.detail });
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

/** Of the layer: keeps what was tried before a response. */
export function setRetryHistory(response: HttpResponse, history: RetryHistory): void {
  histories.set(response, history);
}
