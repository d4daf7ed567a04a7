/** The retry layer, as far as a successful request needs it; the rest is loaded with the first failure. */
import { isStreamBody } from "../body.ts";
import type { HttpLayer, HttpRequest, HttpResponse, HttpService } from "../service.ts";
import { type ResolvedRetryOptions, resolveRetry, type RetryOptions } from "./options.ts";
import { isRetryableStatus } from "./status.ts";

/**
 * A layer that tries failed requests again, with growing, jittered pauses.
 *
 * - What is retried: {@linkcode isRetryableStatus}, `isRetryableError`; `shouldRetry` overrides both.
 * - A request whose body is a stream is never retried: the first attempt may have read from it. Bytes and chunk
 *   lists are sent again; `trailers` is asked again.
 * - Every attempt goes through the layers below afresh. A layer that signs, put below this one, therefore signs
 *   each attempt anew, with fresh credentials and time.
 * - `request.attempt` counts the attempts, for traces. `request.retries` carries a `RetryState` that is
 *   shared with other requests of the same operation.
 * - The body of a discarded response is read to its end where it is short, which keeps the connection, and
 *   cancelled otherwise, before the next attempt starts.
 *
 * Rejects with a `RetryError` where retries were made and the last one failed too. When the signal is
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
    let response: HttpResponse | undefined;
    let error: unknown;
    try {
      response = await this.#inner.call(request);
    } catch (thrown) {
      error = thrown;
    }
    // Everything below is for the unhappy few; a good response leaves here.
    if (response !== undefined && options.shouldRetry === undefined && !isRetryableStatus(response.status)) {
      this.#succeeded();
      return response;
    }
    const final = request.signal?.aborted || request.body !== undefined && isStreamBody(request.body);
    // Where even the code cannot be loaded, before the first success, this failure is what there is to tell.
    const again = final ? undefined : await loadAgain().catch(() => undefined);
    if (again !== undefined) {
      return await again.tryAgain({ inner: this.#inner, options, request, started }, { response, error });
    }
    if (response === undefined) throw error;
    if (final) this.#succeeded();
    return response;
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
}

/** What trying again needs. */
function loadAgain(): Promise<typeof import("./again.ts")> {
  return import("./again.ts");
}
