/** The retries of one operation: how many, since when, and what happened. */
import { Backoff } from "./backoff.ts";
import { HttpError } from "../error.ts";
import type { FailedAttempt, RetryHistory, RetryStop } from "./history.ts";
import { type ResolvedRetryOptions, resolveRetry, type RetryOptions } from "./options.ts";
import { parseRetryAfter } from "./retry_after.ts";
import type { HttpRequest, HttpResponse } from "../service.ts";

/** A failure that asks for a retry. */
export interface RetryFailure {
  /** The request, for `onRetry`. */
  readonly request?: HttpRequest;
  /** The response; its headers may name a time to wait. */
  readonly response?: HttpResponse;
  /** What was thrown instead. */
  readonly error?: unknown;
}

const FAILURES_KEPT = 32;

/**
 * Counts and times the retries of one operation. `withRetry` makes one for each request that fails; an operation of
 * several requests, such as a download that resumes after a break, makes one itself, hands it along as
 * `request.retries` and asks it before each resumption, so that all draw on one count, one clock and one budget:
 *
 * ```ts ignore
 * const retry = { maxRetries: 5, budget: new RetryBudget() };
 * const client = createClient(new FetchConnector(), { retry });
 * const request = { method: "GET", url: "https://example.com/large", headers: [] };
 *
 * const retries = new RetryState(retry);
 * const first = await client.call({ ...request, retries });
 * // The body failed with `error` after 1,000 bytes:
 * if (!await retries.next({ error })) throw error;
 * const rest = await client.call({ ...request, headers: [["range", "bytes=1000-"]], retries });
 * ```
 */
export class RetryState implements NonNullable<HttpRequest["retries"]> {
  readonly #options: ResolvedRetryOptions;
  readonly #backoff: Backoff;
  #failures: FailedAttempt[] = [];
  #started: number;
  #windowStarted: number;
  #windowRetries = 0;
  #retries = 0;
  #stopped: RetryStop | undefined;

  /** Starts the clock, or takes the start as `started` on the options' clock. */
  constructor(options: RetryOptions = {}, started?: number) {
    this.#options = resolveRetry(options);
    const { clock } = this.#options;
    this.#backoff = new Backoff(this.#options, () => clock.random());
    this.#started = this.#windowStarted = started ?? clock.now();
  }

  /** Retries granted so far. */
  get retries(): number {
    return this.#retries;
  }

  /**
   * Grants a retry and returns the pause before it in milliseconds, or refuses it with `undefined`. The pause is the
   * longest of the back-off, the response's `retry-after` and the wait for the budget; where it would reach beyond
   * `retryTimeout` the retry is refused now instead of after a wait in vain.
   */
  plan(failure: RetryFailure): number | undefined {
    const { maxRetries, retryTimeout, budget, clock, onRetry } = this.#options;
    const now = clock.now();
    const elapsed = now - this.#started;
    const { response, error } = failure;
    const failed = { status: response?.status, error, elapsed };
    const delay = this.#delay(now, response, maxRetries, retryTimeout, budget);
    this.#failures.push(delay === undefined ? failed : { ...failed, delay });
    if (this.#failures.length > FAILURES_KEPT) this.#failures.shift();
    if (delay === undefined) return undefined;
    this.#windowRetries++;
    const attempt = ++this.#retries;
    try {
      onRetry?.({ request: failure.request, attempt, delay, ...failed });
    } catch {
      // Watching must never change what is watched.
    }
    return delay;
  }

  /** {@linkcode plan} and the pause in one: resolves with whether to go on. Rejects when the signal is aborted. */
  async next(failure: RetryFailure, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted) throw signal.reason;
    const delay = this.plan(failure);
    if (delay === undefined) return false;
    await this.#options.clock.sleep(delay, signal);
    return true;
  }

  /**
   * The operation got on: count, clock and back-off start anew. A long download calls this when a resumption has
   * brought bytes, or its tenth break would be its last whatever it had brought before.
   */
  progress(): void {
    this.#windowStarted = this.#options.clock.now();
    this.#windowRetries = 0;
    this.#stopped = undefined;
    this.#backoff.reset();
  }

  /** What has been tried until now. */
  history(): RetryHistory {
    const elapsed = this.#options.clock.now() - this.#started;
    const stopped = this.#stopped;
    return {
      attempts: this.#retries + 1,
      elapsed,
      failures: [...this.#failures],
      stopped,
      summary:
        `${this.#retries} ${this.#retries === 1 ? "retry" : "retries"} in ${(elapsed / 1000).toFixed(1)} s` +
        this.#whyStopped() + this.#earlier(),
    };
  }

  #delay(
    now: number,
    response: HttpResponse | undefined,
    maxRetries: number,
    retryTimeout: number,
    budget: ResolvedRetryOptions["budget"],
  ): number | undefined {
    if (this.#windowRetries >= maxRetries) return this.#stop("max-retries");
    const asked = response === undefined
      ? 0
      : parseRetryAfter(response.headers, this.#options.clock.date()) ?? 0;
    const pause = Math.max(this.#backoff.next(), asked);
    const left = retryTimeout - (now - this.#windowStarted);
    if (!(pause <= left)) return this.#stop("retry-timeout");
    if (!budget) return pause;
    return budget.take(now, pause, left) ?? this.#stop("budget");
  }

  #stop(why: RetryStop): undefined {
    this.#stopped = why;
    return undefined;
  }

  #whyStopped(): string {
    switch (this.#stopped) {
      case "max-retries":
        return `, maxRetries ${this.#options.maxRetries} reached`;
      case "retry-timeout":
        return `, retryTimeout ${this.#options.retryTimeout} ms reached`;
      case "budget":
        return ", the retry budget is used up";
      default:
        return "";
    }
  }

  /** The distinct earlier failures, by kind or status only: their messages may be long. */
  #earlier(): string {
    const seen = new Map<string, number>();
    for (const { status, error } of this.#failures) {
      const what = status !== undefined
        ? `status ${status}`
        : error instanceof HttpError
        ? error.detail?.tag ?? error.kind
        : "error";
      seen.set(what, (seen.get(what) ?? 0) + 1);
    }
    if (seen.size === 0) return "";
    return `; failures: ${
      [...seen].map(([what, times]) => times > 1 ? `${times} × ${what}` : what).join(", ")
    }`;
  }
}
