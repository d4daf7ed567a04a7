/** What trying again needs, loaded after the first success or with the first failure. */
import type { HttpResponse } from "./connector.ts";

export { RetryState } from "./retry_state.ts";

// Reading this much is cheaper than a new connection.
const DRAIN_LIMIT = 65_536;

/** Sleeps while the discarded response is got rid of; both are over when this returns. */
export async function pause(response: HttpResponse | undefined, sleep: () => Promise<void>): Promise<void> {
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
