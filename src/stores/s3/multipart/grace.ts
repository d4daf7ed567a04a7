/** Requests whose answer must not be lost: what they have made at the service is known by the answer alone. */

/** How long the answer may still take after the caller has given up, in milliseconds. */
const GRACE = 1000;

/**
 * Sends under a signal that follows the caller's a moment later, so that an answer on its way still comes. The caller
 * sees to it then, and ends with its own signal's reason.
 *
 * @throws {unknown} The caller's reason, where it had given up before, or where no answer came in time.
 */
export async function withGrace<T>(
  signal: AbortSignal | undefined,
  send: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (signal === undefined) return await send(undefined);
  signal.throwIfAborted();
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const givenUp = () => timer = setTimeout(() => controller.abort(signal.reason), GRACE);
  signal.addEventListener("abort", givenUp, { once: true });
  try {
    return await send(controller.signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", givenUp);
    clearTimeout(timer);
  }
}
