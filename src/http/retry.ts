/**
 * Trying again: which failures, and how. The rules are those of the object_store crate, with `retry-after`, a budget
 * shared by a service, hooks and a history added.
 */
import { isStreamBody } from "./body.ts";
import type { HttpLayer, HttpRequest, HttpResponse, HttpService } from "./connector.ts";
import { HttpError } from "./error.ts";
import { type ResolvedRetryOptions, resolveRetry, type RetryOptions } from "./retry_options.ts";
import type { RetryHistory, RetryState } from "./retry_state.ts";

export type { RetryOptions } from "./retry_options.ts";

const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PROPFIND"]);

/**
 * Whether sending the request twice is the same as sending it once: `request.idempotent` where given, else by its
 * method (RFC 9110 section 9.2.2; PROPFIND by RFC 4918 section 9.1).
 */
export function isIdempotent(request: Pick<HttpRequest, "method" | "idempotent">): boolean {
  return request.idempotent ?? IDEMPOTENT.has(request.method);
}

// Will not change by trying again: not implemented, HTTP version not supported, and insufficient storage, which
// RFC 4918 section 11.5 forbids to repeat unasked; loop detected, not extended, network authentication required.
const FINAL_5XX = new Set([501, 505, 507, 508, 510, 511]);

/** Whether the status is retried, for every method: 408, 429, and 5xx but 501, 505, 507, 508, 510 and 511. */
export function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500 && status <= 599 && !FINAL_5XX.has(status);
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
 * What was tried before this response or error came out of {@linkcode withRetry}; `undefined` where the first attempt
 * settled it. A response that is still an error after the last retry is returned like any other, and this tells
 * the rest.
 */
export function retryHistory(outcome: HttpResponse | Error): RetryHistory | undefined {
  return outcome instanceof RetryError ? outcome.history : histories.get(outcome);
}

/**
 * A layer that tries failed requests again, with growing, jittered pauses.
 *
 * - What is retried: {@linkcode isRetryableStatus}, {@linkcode isRetryableError}; `shouldRetry` overrides both.
 * - A request whose body is a stream is never retried: the first attempt may have read from it. Bytes and chunk
 *   lists are sent again; `trailers` is asked again.
 * - Every attempt goes through the layers below afresh. A layer that signs, put below this one, therefore signs
 *   each attempt anew, with fresh credentials and time.
 * - `request.attempt` counts the attempts, for traces. `request.retries` carries a {@linkcode RetryState} that is
 *   shared with other requests of the same operation.
 * - The body of a discarded response is read to its end where it is short, which keeps the connection, and
 *   cancelled otherwise, before the next attempt starts.
 *
 * Rejects with a {@linkcode RetryError} where retries were made and the last one failed too. When the signal is
 * aborted the pause ends at once and the call rejects with the signal's reason.
 */
export function withRetry(options: RetryOptions = {}): HttpLayer {
  const retry = resolveRetry(options);
  return (inner) => new RetryService(inner, retry);
}

class RetryService implements HttpService {
  readonly #inner: HttpService;
  readonly #options: ResolvedRetryOptions;
  #prefetched = false;

  constructor(inner: HttpService, options: ResolvedRetryOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  async call(request: HttpRequest): Promise<HttpResponse> {
    const options = this.#options;
    const started = options.clock.now();
    let state = request.retries;
    let attempt = request;
    for (;;) {
      let response: HttpResponse | undefined;
      let error: unknown;
      try {
        response = await this.#inner.call(attempt);
      } catch (thrown) {
        error = thrown;
      }
      // Everything below is for the unhappy few; a good response leaves here.
      if (!this.#retries(attempt, response, error)) {
        if (response !== undefined) this.#succeeded();
        return settled(response, error, state);
      }
      // Where even the code cannot be loaded, before the first success, this failure is what there is to tell.
      const again = await loadAgain().catch(() => undefined);
      if (again === undefined) return settled(response, error, state);
      state ??= new again.RetryState(options, started);
      const delay = state.plan({ request, response, error });
      if (delay === undefined) return settled(response, error, state);
      await again.pause(response, () => options.clock.sleep(delay, request.signal));
      attempt = { ...request, attempt: state.retries };
    }
  }

  close(): void {
    this.#inner.close?.();
  }

  #succeeded(): void {
    if (this.#options.budget) this.#options.budget.put();
    if (this.#prefetched) return;
    this.#prefetched = true;
    // While the network is there: when it is not, retrying must not need it.
    loadAgain().catch(() => {});
  }

  #retries(request: HttpRequest, response: HttpResponse | undefined, error: unknown): boolean {
    const { shouldRetry } = this.#options;
    const wouldRetry = response === undefined
      ? isRetryableError(request, error)
      : isRetryableStatus(response.status);
    if (!wouldRetry && shouldRetry === undefined) return false;
    if (request.signal?.aborted || request.body !== undefined && isStreamBody(request.body)) return false;
    if (shouldRetry === undefined) return wouldRetry;
    try {
      const event = { request, response, error, attempt: request.attempt ?? 0, wouldRetry };
      return shouldRetry(event) ?? wouldRetry;
    } catch (thrown) {
      response?.cancel(thrown).catch(() => {});
      throw thrown;
    }
  }
}

/** What the call ends with: the response, or the error, with what was tried before. */
function settled(
  response: HttpResponse | undefined,
  error: unknown,
  state: RetryState | undefined,
): HttpResponse {
  const history = state === undefined || state.retries === 0 ? undefined : state.history();
  if (response === undefined) {
    throw history !== undefined && error instanceof HttpError ? new RetryError(error, history) : error;
  }
  if (history !== undefined) histories.set(response, history);
  return response;
}

/** What trying again needs. */
function loadAgain(): Promise<typeof import("./retry_again.ts")> {
  return import("./retry_again.ts");
}
