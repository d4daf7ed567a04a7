/** Waits until something has come true; fails after half a minute or, on a busy machine, after 3,000 looks. */
export async function until(what: () => boolean, why = String(what)): Promise<void> {
  for (let left = 3000; !what(); left--) {
    if (left === 0) throw new Error(`Never came true: ${why}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
