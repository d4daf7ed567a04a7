/** Waits until something has come true; fails after five seconds or, on a busy machine, after 500 looks. */
export async function until(what: () => boolean, why = String(what)): Promise<void> {
  for (let left = 500; !what(); left--) {
    if (left === 0) throw new Error(`Never came true: ${why}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
