/** The retrying part of the retry layer, loaded after the first success or with the first failure. */
import { HttpError, isRetryableStatus } from "../core.ts";
import type { HttpRequest, HttpResponse, HttpService } from "../service.ts";
import { RetryError, setRetryHistory } from "./error.ts";
import type { ResolvedRetryOptions } from "./options.ts";
import { isRetryableError } from "./rules.ts";
import { RetryState } from "./state.ts";

export { RetryState } from "./state.ts";

// Reading this much is cheaper than a new connection.
const DRAIN_LIMIT = 65_536;

/** A call that did not go well at once. */
export interface RetriedCall {
  readonly inner: HttpService;
  readonly options: ResolvedRetryOptions;
  readonly request: HttpRequest;
  /** When its first attempt began, by the options' clock. */
  readonly started: number;
}

/** What an attempt brought. */
export interface Outcome {
  readonly response?: HttpResponse;
  readonly error?: unknown;
}

/** Ends a call, by further attempts where the outcome of the one before asks for them. */
export async function tryAgain(call: RetriedCall, first: Outcome): Promise<HttpResponse> {
  const { inner, options, request, started } = call;
  let state = request.retries;
  let attempt = request;
  for (let outcome = first;;) {
    if (!wants(options, attempt, outcome)) {
      if (outcome.response !== undefined && options.budget) options.budget.put();
      return settled(outcome, state);
    }
    state ??= new RetryState(options, started);
    const delay = state.plan({ request, ...outcome });
    if (delay === undefined) return settled(outcome, state);
    await pause(outcome.response, () => options.clock.sleep(delay, request.signal));
    attempt = { ...request, attempt: state.retries };
    try {
      outcome = { response: await inner.call(attempt) };
    } catch (error) {
      outcome = { error };
    }
  }
}

function wants(
  { shouldRetry }: ResolvedRetryOptions,
  request: HttpRequest,
  { response, error }: Outcome,
): boolean {
  const wouldRetry = response === undefined
    ? isRetryableError(request, error)
    : isRetryableStatus(response.status);
  if (request.signal?.aborted) return false;
  if (shouldRetry === undefined) return wouldRetry;
  try {
    const event = { request, response, error, attempt: request.attempt ?? 0, wouldRetry };
    return shouldRetry(event) ?? wouldRetry;
  } catch (thrown) {
    response?.cancel(thrown).catch(() => {});
    throw thrown;
  }
}

/** What the call ends with: the response, or the error, with what was tried before. */
function settled({ response, error }: Outcome, state: HttpRequest["retries"]): HttpResponse {
  const history = state === undefined || state.retries === 0 ? undefined : state.history();
  if (response === undefined) {
    throw history !== undefined && error instanceof HttpError ? new RetryError(error, history) : error;
  }
  if (history !== undefined) setRetryHistory(response, history);
  return response;
}

/** Sleeps while the discarded response is got rid of; both are over when this returns. */
async function pause(response: HttpResponse | undefined, sleep: () => Promise<void>): Promise<void> {
  if (response === undefined) return await sleep();
  const length = response.contentLength;
  const drained = (length !== undefined && length <= DRAIN_LIMIT ? response.bytes() : response.cancel())
    .then(() => {}, () => {});
  try {
    await sleep();
  } finally {
    // What has not ended by now is not worth waiting for; cancelling what has ended does nothing.
    await response.cancel().catch(() => {});
    await drained;
  }
}
