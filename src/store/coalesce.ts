/** Reading many ranges of one object, near ones as one request, all from one version. */
import { mapConcurrent } from "./concurrency.ts";
import { PreconditionError } from "./error.ts";
import { isStrongETag } from "./etag.ts";
import type { PathInput } from "./path.ts";
import { type ByteRange, startTooLarge, validateRange } from "./range.ts";
import type { ObjectStore } from "./object_store.ts";
import type { GetOptions, GetRangesOptions, GetResult, ObjectMeta } from "./types.ts";

/** Ranges this many bytes apart or nearer are fetched as one, by default: 1 MiB. */
export const DEFAULT_COALESCE: number = 1024 * 1024;
/** Fetches under way at once, by default. */
export const DEFAULT_RANGE_CONCURRENCY = 10;

/** A range to fetch and which of the ranges wanted (by index) lie in it. */
export interface MergedRange extends ByteRange {
  /** Indices of the ranges wanted. */
  readonly members: readonly number[];
}

/**
 * Merges ranges that overlap or lie at most `gap` bytes apart. `false` merges nothing, not even equal ranges; 0 merges
 * overlapping and touching ones.
 */
export function mergeRanges(
  ranges: readonly ByteRange[],
  gap: number | false = DEFAULT_COALESCE,
): MergedRange[] {
  if (gap === false) return ranges.map(({ start, end }, index) => ({ start, end, members: [index] }));
  const order = ranges.map((_, index) => index).sort((a, b) => ranges[a]!.start - ranges[b]!.start);
  const merged: { start: number; end: number; members: number[] }[] = [];
  for (const index of order) {
    const { start, end } = ranges[index]!;
    const last = merged.at(-1);
    if (last && start - last.end <= gap) {
      last.end = Math.max(last.end, end);
      last.members.push(index);
    } else {
      merged.push({ start, end, members: [index] });
    }
  }
  return merged;
}

/**
 * `getRanges` made of `get`. Each range is cut at the object's end, and one that starts beyond it fails the whole,
 * whether merged or not. All fetches must see one version: those that start after the first response name its ETag,
 * the answers of the others are compared with it.
 *
 * @param storeName Short name of the store that errors shall carry.
 * @throws {InvalidRangeError} for a range that is empty, reversed or starts beyond the end.
 * @throws {PreconditionError} when the object changed on the way.
 */
export async function getRangesByGet(
  store: Pick<ObjectStore, "get">,
  path: PathInput,
  ranges: readonly ByteRange[],
  options: GetRangesOptions = {},
  storeName = "Range",
): Promise<Uint8Array<ArrayBuffer>[]> {
  const { coalesce, concurrency = DEFAULT_RANGE_CONCURRENCY, signal, ...conditions } = options;
  signal?.throwIfAborted();
  const context = { store: storeName, path: String(path) };
  for (const range of ranges) validateRange(range, context);
  const results: Uint8Array<ArrayBuffer>[] = new Array(ranges.length);
  const pin = new VersionPin(context);

  await mapConcurrent(mergeRanges(ranges, coalesce), concurrency, async (block, _index, blockSignal) => {
    const range = { start: block.start, end: block.end };
    const result = await store.get(path, { ...pin.pinned(conditions), range, signal: blockSignal });
    await pin.check(result);
    const size = result.meta.size;
    for (const member of block.members) {
      if (ranges[member]!.start >= size) {
        const error = startTooLarge(ranges[member]!, size, context);
        await result.body.cancel(error);
        throw error;
      }
    }
    const bytes = await result.bytes();
    for (const member of block.members) {
      const { start, end } = ranges[member]!;
      // A block of several is copied, so that no result keeps the whole block alive or shares bytes with another.
      results[member] = block.members.length === 1
        ? bytes
        : bytes.slice(start - block.start, Math.min(end, size) - block.start);
    }
  }, signal);
  return results;
}

/** Holds reads of one object to the version that the first of them saw. */
export class VersionPin {
  readonly #context: { readonly store: string; readonly path: string };
  #meta: ObjectMeta | undefined;

  /** A pin that takes the first result it is shown. */
  constructor(context: { readonly store: string; readonly path: string }) {
    this.#context = context;
  }

  /** Read options that ask for the version seen, once there is one with a strong ETag. */
  pinned<T extends GetOptions>(options: T): T {
    const eTag = this.#meta?.eTag;
    return isStrongETag(eTag) ? { ...options, ifMatch: eTag } : options;
  }

  /**
   * Takes the first result's version, and compares that of any further one.
   *
   * @throws {PreconditionError} for another version; the result's body is then cancelled.
   */
  async check(result: GetResult): Promise<void> {
    this.#meta ??= result.meta;
    if (sameVersion(this.#meta, result.meta)) return;
    const error = new PreconditionError(
      `Cannot read "${this.#context.path}" in parts: the object changed between two of them`,
      this.#context,
    );
    await result.body.cancel(error).catch(() => {});
    throw error;
  }
}

/** Whether two results tell of the same version: by ETag, or, where there is none, by time and size. */
export function sameVersion(a: ObjectMeta, b: ObjectMeta): boolean {
  if (a.size !== b.size) return false;
  if (a.eTag !== undefined || b.eTag !== undefined) return a.eTag === b.eTag;
  return a.lastModified.getTime() === b.lastModified.getTime();
}
