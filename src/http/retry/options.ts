/** When and how often requests are retried. Defaults are those of the object_store crate. */
import type { BackoffOptions } from "./backoff.ts";
import type { HttpRequest, HttpResponse } from "../service.ts";
import { RetryBudget } from "./budget.ts";
import { type RetryClock, systemClock } from "./clock.ts";

/** What `shouldRetry` is asked about: an attempt that brought a response, or an error. */
export interface RetryDecisionEvent {
  /** The request of the attempt. */
  readonly request: HttpRequest;
  /** The response; its body is not to be touched by the hook. */
  readonly response?: HttpResponse;
  /** What was thrown instead. */
  readonly error?: unknown;
  /** The attempt, 0 for the first. */
  readonly attempt: number;
  /** What the rules say. */
  readonly wouldRetry: boolean;
}

/** What `onRetry` is told before the pause. */
export interface RetryEvent {
  /** The request that is sent again; none where a store resumes a body. */
  readonly request?: HttpRequest;
  /** The attempt to come: 1 for the first retry. */
  readonly attempt: number;
  /** The pause before it, in milliseconds. */
  readonly delay: number;
  /** Milliseconds since the operation began. */
  readonly elapsed: number;
  /** Status of the attempt that failed, where there was a response. */
  readonly status?: number;
  /** Error of the attempt that failed: of one without a response, or with one that told of it too late. */
  readonly error?: unknown;
}

/** When and how often a failed request is tried again. All times in milliseconds. */
export interface RetryOptions extends BackoffOptions {
  /** Retries after the first attempt. Default 10. */
  readonly maxRetries?: number;
  /** No retry starts later than this after the first attempt began. Default 180,000. */
  readonly retryTimeout?: number;
  /** First pause. Default 100. */
  readonly initBackoff?: number;
  /** Longest pause; a longer `retry-after` is still obeyed, within `retryTimeout`. Default 15,000. */
  readonly maxBackoff?: number;
  /** Growth of the pause. Default 2. */
  readonly base?: number;
  /** What all retries of the service draw on. Default: a new {@linkcode RetryBudget}; `false`: unbounded. */
  readonly budget?: RetryBudget | false;
  /**
   * Overrides the rules for one attempt; `undefined` leaves them. Cannot make a request be retried whose body
   * is a stream, or whose signal is aborted. What it throws ends the call.
   */
  readonly shouldRetry?: (event: RetryDecisionEvent) => boolean | undefined;
  /** Told of each retry before the pause. What it throws is dropped. */
  readonly onRetry?: (event: RetryEvent) => void;
  /** Time and chance. Default: the platform's. */
  readonly clock?: RetryClock;
}

/** Options with every default filled in; `shouldRetry` and `onRetry` stay optional. */
export type ResolvedRetryOptions =
  & Required<Omit<RetryOptions, "shouldRetry" | "onRetry">>
  & Pick<RetryOptions, "shouldRetry" | "onRetry">;

/**
 * Fills in the defaults, the budget among them. Resolving once and handing the result both to `createClient` and to
 * your own {@linkcode RetryState}s makes them share one budget.
 */
export function resolveRetry(options: RetryOptions = {}): ResolvedRetryOptions {
  return {
    maxRetries: options.maxRetries ?? 10,
    retryTimeout: options.retryTimeout ?? 180_000,
    initBackoff: options.initBackoff ?? 100,
    maxBackoff: options.maxBackoff ?? 15_000,
    base: options.base ?? 2,
    budget: options.budget ?? new RetryBudget(),
    shouldRetry: options.shouldRetry,
    onRetry: options.onRetry,
    clock: options.clock ?? systemClock,
  };
}
