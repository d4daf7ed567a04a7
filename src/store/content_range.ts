/** What part of an object a response holds (RFC 9110 section 14.4). */
import type { ByteRange } from "./range.ts";

/** What a `Content-Range` field says. */
export interface ContentRange {
  /** The part delivered; `undefined` in a 416 response (a star in its place). */
  readonly range?: ByteRange;
  /** Size of the whole object; `undefined` where the server does not say (a star). */
  readonly size?: number;
}

/** Parses a `Content-Range` field value; `undefined` for anything that is not one of bytes. */
export function parseContentRange(value: string): ContentRange | undefined {
  const match = /^bytes +(?:(\d+)-(\d+)|\*)\/(?:(\d+)|\*)$/i.exec(value.trim());
  if (!match) return undefined;
  const size = match[3] === undefined ? undefined : Number(match[3]);
  if (match[1] === undefined || match[2] === undefined) return size === undefined ? undefined : { size };
  const range = { start: Number(match[1]), end: Number(match[2]) + 1 };
  const valid = range.start < range.end && Number.isSafeInteger(range.end) &&
    (size === undefined || (range.end <= size && Number.isSafeInteger(size)));
  return valid ? { range, size } : undefined;
}

/** The value of a `Content-Range` field for a delivered range, or for a 416 response without one. */
export function formatContentRange(range: ByteRange | undefined, size: number): string {
  return `bytes ${range ? `${range.start}-${range.end - 1}` : "*"}/${size}`;
}
