/** Loads what successful requests do without. */

/** Loads it now. */
export function loadRare(): Promise<typeof import("./rare.ts")> {
  return import("./rare.ts");
}

let prefetched = false;

/** Loads it while the network is there: it is needed when the network is not. */
export function prefetchRare(): void {
  if (prefetched) return;
  prefetched = true;
  loadRare().catch(() => prefetched = false);
}
