/** Byte ranges. */

/** Part of an object: `start` up to but not including `end`, from an offset to the end, or the last bytes. */
export type GetRange =
  | { readonly start: number; readonly end: number }
  | { readonly offset: number }
  | { readonly suffix: number };

/** A resolved range in bytes, `end` exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}
