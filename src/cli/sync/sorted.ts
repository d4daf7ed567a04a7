/**
 * Listings in byte order of their paths, in bounded memory. Most object stores list in that order; their listings are
 * passed through, and checked. Others (file systems, WebDAV) are sorted externally: runs of a bounded number of objects
 * are sorted in memory, all but one are written to temporary files, and the runs are merged.
 */
import { comparePaths, stripPrefix } from "../../store/path.ts";
import type { ObjectStore } from "../../store/object_store.ts";
import type { Location } from "../context.ts";
import type { Entry } from "./entry.ts";
import { type SpillArea, spillRun } from "./spill_node.ts";

/** Objects of a run; with some 300 bytes each, 15 MB. */
export const RUN_LENGTH = 50_000;

/** A listing that was taken to be sorted is not. */
export class NotSorted extends Error {
  override readonly name = "NotSorted";
}

/** How a side is listed. */
export interface ListingOptions {
  readonly signal: AbortSignal;
  readonly skipInvalid: boolean;
  readonly area: SpillArea;
  /** Sort whatever the store promises. */
  readonly sort: boolean;
  readonly filter: (path: string) => boolean;
  readonly runLength?: number;
}

/** All objects of a side, sorted. @throws {NotSorted} where the store broke its promise. */
export async function* sortedListing(
  location: Location,
  options: ListingOptions,
): AsyncGenerator<Entry, void, undefined> {
  const entries = list(location, options);
  if (!options.sort && listsInOrder(location.store)) yield* watched(entries);
  else yield* sorted(entries, options.area, options.runLength ?? RUN_LENGTH);
}

function listsInOrder(store: ObjectStore): boolean {
  return store.listsInOrder === true;
}

async function* list(
  { store, path: root }: Location,
  { signal, skipInvalid, filter }: ListingOptions,
): AsyncGenerator<Entry, void, undefined> {
  const invalidPaths = skipInvalid ? "skip" : "error";
  for await (const { location, size, lastModified, eTag } of store.list(root, { signal, invalidPaths })) {
    const path = stripPrefix(location, root);
    if (path === undefined || path === "" || !filter(path)) continue;
    yield { path, size, modified: lastModified.getTime(), eTag };
  }
}

async function* watched(entries: AsyncIterable<Entry>): AsyncGenerator<Entry, void, undefined> {
  let last: Entry | undefined;
  for await (const entry of entries) {
    if (last !== undefined && comparePaths(last.path, entry.path) >= 0) {
      throw new NotSorted(`"${entry.path}" was listed after "${last.path}"`);
    }
    last = entry;
    yield entry;
  }
}

async function* sorted(
  entries: AsyncIterable<Entry>,
  area: SpillArea,
  runLength: number,
): AsyncGenerator<Entry, void, undefined> {
  const runs: AsyncIterator<Entry>[] = [];
  let run: Entry[] = [];
  for await (const entry of entries) {
    if (run.push(entry) < runLength) continue;
    runs.push(await spillRun(area, run.sort(byPath)));
    run = [];
  }
  run.sort(byPath);
  if (runs.length === 0) yield* run;
  else {yield* merged([
      ...runs,
      (async function* () {
        yield* run;
      })(),
    ]);}
}

function byPath(a: Entry, b: Entry): number {
  return comparePaths(a.path, b.path);
}

async function* merged(runs: readonly AsyncIterator<Entry>[]): AsyncGenerator<Entry, void, undefined> {
  const heads: { entry: Entry; run: AsyncIterator<Entry> }[] = [];
  const advance = async (run: AsyncIterator<Entry>) => {
    const { done, value } = await run.next();
    if (done) return;
    // Few runs: putting in at the right place is as good as a heap.
    let at = heads.length;
    while (at > 0 && byPath(heads[at - 1]!.entry, value) < 0) at--;
    heads.splice(at, 0, { entry: value, run });
  };
  try {
    for (const run of runs) await advance(run);
    let last: string | undefined;
    for (let head = heads.pop(); head !== undefined; head = heads.pop()) {
      // A directory that changes while it is read may show a name twice.
      if (head.entry.path !== last) yield head.entry;
      last = head.entry.path;
      await advance(head.run);
    }
  } finally {
    for (const run of runs) await run.return?.();
  }
}

/** A path of one side, the other, or both. */
export interface Pair {
  readonly source?: Entry;
  readonly destination?: Entry;
}

/** Merges two sorted listings. */
export async function* pairs(
  sources: AsyncIterator<Entry>,
  destinations: AsyncIterator<Entry>,
): AsyncGenerator<Pair, void, undefined> {
  try {
    let [source, destination] = await Promise.all([next(sources), next(destinations)]);
    while (source !== undefined || destination !== undefined) {
      const order = source === undefined
        ? 1
        : destination === undefined
        ? -1
        : comparePaths(source.path, destination.path);
      if (order < 0) {
        yield { source };
        source = await next(sources);
      } else if (order > 0) {
        yield { destination };
        destination = await next(destinations);
      } else {
        yield { source, destination };
        [source, destination] = await Promise.all([next(sources), next(destinations)]);
      }
    }
  } finally {
    await sources.return?.();
    await destinations.return?.();
  }
}

async function next(entries: AsyncIterator<Entry>): Promise<Entry | undefined> {
  const { done, value } = await entries.next();
  return done ? undefined : value;
}
