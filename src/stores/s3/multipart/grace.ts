/** Requests whose answer must not be lost: what they have made at the service is known by the answer alone. */
import type { RetryOptions } from "../../../http/retry/options.ts";
import { type RetryFailure, RetryState } from "../../../http/retry/state.ts";

/** How long the answer may still take after the caller has given up, in milliseconds. */
const GRACE = 1000;

/** Sends a request, and sends it again as far as the retries allow. */
export type SendWithGrace<T> = (
  signal: AbortSignal | undefined,
  retries: RetryState | undefined,
) => Promise<T>;

/**
 * Sends under a signal that follows the caller's a moment later, so that an answer on its way still comes. The caller
 * sees to it then, and ends with its own signal's reason. Nothing is sent any more after the caller has given up.
 *
 * @param retry When the request is sent again; never without it.
 * @throws {unknown} The caller's reason, where it had given up before, or where no answer came in time.
 */
export async function withGrace<T>(
  signal: AbortSignal | undefined,
  retry: RetryOptions | undefined,
  send: SendWithGrace<T>,
): Promise<T> {
  if (signal === undefined) return await send(undefined, undefined);
  signal.throwIfAborted();
  const retries = retry === undefined ? undefined : new GraceRetries(retry, signal);
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const givenUp = () => {
    // Between two attempts there is no answer to wait for.
    if (retries?.pausing) controller.abort(signal.reason);
    else timer = setTimeout(() => controller.abort(signal.reason), GRACE);
  };
  signal.addEventListener("abort", givenUp, { once: true });
  try {
    return await send(controller.signal, retries);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", givenUp);
    clearTimeout(timer);
  }
}

/** Retries that end when the caller gives up, and know when they pause. */
class GraceRetries extends RetryState {
  readonly #signal: AbortSignal;
  #pauseEnds = 0;

  constructor(retry: RetryOptions, signal: AbortSignal) {
    super(retry);
    this.#signal = signal;
  }

  /** Whether an attempt has failed and the next has not begun. */
  get pausing(): boolean {
    return performance.now() < this.#pauseEnds;
  }

  override plan(failure: RetryFailure): number | undefined {
    if (this.#signal.aborted) return undefined;
    const delay = super.plan(failure);
    if (delay !== undefined) this.#pauseEnds = performance.now() + delay;
    return delay;
  }
}
