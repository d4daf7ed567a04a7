/** Waiting for what a failed operation would leave behind to be freed. */

/** For how long, in milliseconds. */
const PATIENCE = 5000;

/**
 * Waits until it is freed, whether that fails or not; no longer than a few seconds, as a service that does not answer
 * would hold up those who have given the operation up. Freeing then goes on by itself.
 */
export async function freed(freeing: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => timer = setTimeout(resolve, PATIENCE));
  try {
    await Promise.race([freeing.catch(() => {}), late]);
  } finally {
    clearTimeout(timer);
  }
}
