/**
 * Resumes bodies that break off. Loaded with the first response, since a broken network could prevent loading it later.
 */
import type { RetryState } from "../../http/retry/state.ts";
import type { ByteRange } from "../../store/range.ts";
import { ResumableSource, type ResumePolicy } from "../../store/resume.ts";
import { getHeader, parseContentRange, responseError } from "./core.ts";
import type { GetOperation } from "./get_operation.ts";
import { httpErrorOf, retriesOf } from "./retries.ts";

/**
 * A body that delivers `range`, first out of `first`, then by ranged requests out of the budget of the client's
 * retries.
 */
export function recover(
  operation: GetOperation,
  first: ReadableStream<Uint8Array>,
  range: ByteRange,
  eTag: string | undefined,
): ResumableSource {
  const { connection, dialect, target, options } = operation;
  const policy = new RetryPolicy(retriesOf(connection));
  return new ResumableSource({
    first,
    range,
    eTag,
    policy,
    store: dialect.store,
    path: target.path,
    signal: options.signal,
    reopen: async (range, ifMatch, signal) => {
      policy.reached(range.start);
      const response = await operation.send("GET", range, ifMatch, policy.state, signal);
      if (response.status !== 206) {
        if (response.status >= 300) throw await responseError(response, operation.failure);
        await response.cancel();
        throw operation.error("the service ignored the range with which a broken body was to go on");
      }
      const parsed = parseContentRange(getHeader(response.headers, "content-range") ?? "");
      if (parsed?.range === undefined || response.decoded) {
        await response.cancel();
        throw operation.error("the response to a range cannot be placed");
      }
      return { body: response.body, range: parsed.range, eTag: getHeader(response.headers, "etag") };
    },
  });
}

/** Resuming by the rules, and out of the budget, of the client's retries. */
class RetryPolicy implements ResumePolicy {
  readonly state: RetryState | undefined;
  #furthest = -1;

  constructor(state: RetryState | undefined) {
    this.state = state;
  }

  /** Notes from where the body goes on: if that is further than before, the last resumption brought something. */
  reached(offset: number): void {
    if (this.#furthest >= 0 && offset > this.#furthest) this.state?.progress();
    this.#furthest = Math.max(this.#furthest, offset);
  }

  async next(error: unknown, signal: AbortSignal): Promise<boolean> {
    const kind = httpErrorOf(error)?.kind;
    if (this.state === undefined || kind === "denied" || kind === "request" || kind === "decode") {
      return false;
    }
    return await this.state.next({ error }, signal);
  }
}
