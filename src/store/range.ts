/** Byte ranges: checking, resolving against a size, and their header forms (RFC 9110 section 14). */
import { InvalidRangeError } from "./error.ts";

/** Part of an object: `start` up to but not including `end`, from an offset to the end, or the last bytes. */
export type GetRange =
  | { readonly start: number; readonly end: number }
  | { readonly offset: number }
  | { readonly suffix: number };

/** A resolved range in bytes, `end` exclusive. */
export interface ByteRange {
  /** First byte. */
  readonly start: number;
  /** The byte after the last. */
  readonly end: number;
}

/** What an error about a range shall say: the store's short name and the path. */
export interface RangeContext {
  /** Short name of the store. */
  readonly store: string;
  /** The object's path. */
  readonly path?: string;
}

const NO_CONTEXT: RangeContext = { store: "Range" };

/**
 * Checks what can be checked without knowing the object: whole non-negative numbers, and a bounded range that is
 * neither empty nor reversed. Do this before any request.
 *
 * @throws {InvalidRangeError}
 */
export function validateRange(range: GetRange, context: RangeContext = NO_CONTEXT): void {
  const numbers = "suffix" in range
    ? [range.suffix]
    : "offset" in range
    ? [range.offset]
    : [range.start, range.end];
  for (const number of numbers) {
    if (!Number.isSafeInteger(number) || number < 0) {
      throw new InvalidRangeError(
        `Cannot read range ${describeRange(range)}${of(context)}: "${number}" is no offset`,
        context,
      );
    }
  }
  if ("start" in range && range.end <= range.start) {
    throw new InvalidRangeError(
      `Cannot read range ${describeRange(range)}${
        of(context)
      }: it started at ${range.start} and ended at ${range.end}`,
      context,
    );
  }
}

/**
 * Resolves a range against an object's size: the end is cut at the object's end; a suffix longer than the object is
 * all of it, and `{ suffix: 0 }` is empty. `undefined` is the whole object.
 *
 * @throws {InvalidRangeError} for a range that is not valid or starts at or beyond the end.
 */
export function resolveRange(
  range: GetRange | undefined,
  size: number,
  context: RangeContext = NO_CONTEXT,
): ByteRange {
  if (range === undefined) return { start: 0, end: size };
  validateRange(range, context);
  if ("suffix" in range) return { start: Math.max(0, size - range.suffix), end: size };
  const start = "offset" in range ? range.offset : range.start;
  if (start >= size) throw startTooLarge(range, size, context);
  return { start, end: "offset" in range ? size : Math.min(range.end, size) };
}

/** The error for a range that starts at or beyond the end of an object of `size` bytes. */
export function startTooLarge(
  range: GetRange,
  size: number | undefined,
  context: RangeContext,
): InvalidRangeError {
  const end = size === undefined ? "the object's end" : `the end of an object of ${size} bytes`;
  return new InvalidRangeError(
    `Cannot read range ${describeRange(range)}${of(context)}: it starts at or beyond ${end}`,
    { ...context, size },
  );
}

/**
 * The value of a `Range` header field. `{ suffix: 0 }` gives `bytes=-0`, which servers answer with 416: read it as
 * empty without asking for bytes.
 */
export function formatRange(range: GetRange): string {
  if ("suffix" in range) return `bytes=-${range.suffix}`;
  return "offset" in range ? `bytes=${range.offset}-` : `bytes=${range.start}-${range.end - 1}`;
}

/** A range as errors write it: `3..7`, `3..` or `last 7`. */
export function describeRange(range: GetRange): string {
  if ("suffix" in range) return `last ${range.suffix}`;
  return "offset" in range ? `${range.offset}..` : `${range.start}..${range.end}`;
}

function of(context: RangeContext): string {
  return context.path === undefined ? "" : ` of "${context.path}"`;
}
