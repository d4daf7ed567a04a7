/** Whether two objects are the same. */
import { md5 } from "@noble/hashes/legacy.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { concatPaths, type Path } from "../../store/path.ts";
import type { Location } from "../context.ts";
import type { Entry } from "./entry.ts";

/** What counts: sizes alone, sizes and times and ETags, or every byte. */
export type Comparison = "size" | "quick" | "checksum";

/**
 * Whether what a listing says makes the destination a copy of the source; `undefined`: the bytes must be compared.
 *
 * ETags of 32 hex digits are MD5s on both sides, or at least change with the content; others tell nothing across
 * stores. Without them the destination is a copy if it is no older than the source.
 *
 * @param coarse The source tells whole seconds, as S3 does: it may have been written until the end of its second. An
 * object that was copied in the second in which it was written is so copied twice; a change is never missed.
 */
export function sameByListing(
  source: Entry,
  destination: Entry,
  comparison: Comparison,
  coarse: boolean,
): boolean | undefined {
  if (source.size !== destination.size) return false;
  if (comparison === "size") return true;
  const [a, b] = [md5OfETag(source.eTag), md5OfETag(destination.eTag)];
  if (a !== undefined && a === b) return true;
  if (comparison === "checksum") return source.size === 0 ? true : undefined;
  if (a !== undefined && b !== undefined) return false;
  return destination.modified >= source.modified + (coarse ? 999 : 0);
}

/** The MD5 that an ETag is on S3 and its like, for objects that were not put in parts. */
export function md5OfETag(eTag: string | undefined): string | undefined {
  return /^"?([0-9a-f]{32})"?$/.exec(eTag ?? "")?.[1];
}

/** The two sides of a pair. */
export interface Sides {
  readonly source: Location;
  readonly destination: Location;
  readonly signal: AbortSignal;
}

/** Whether two objects of one size hold the same bytes. Reads both sides only where an MD5 does not do. */
export async function sameByContent(sides: Sides, source: Entry, destination: Entry): Promise<boolean> {
  const [a, b] = [md5OfETag(source.eTag), md5OfETag(destination.eTag)];
  // Where the ETag is not the content's MD5 after all (KMS), it equals none, and the bytes decide.
  if (b !== undefined && a === undefined && await md5Of(sides.source, source.path, sides.signal) === b) {
    return true;
  }
  if (
    a !== undefined && b === undefined && await md5Of(sides.destination, destination.path, sides.signal) === a
  ) {
    return true;
  }
  return await sameBytes(sides, source.path, destination.path);
}

async function md5Of(location: Location, path: Path, signal: AbortSignal): Promise<string> {
  const hash = md5.create();
  const { body } = await location.store.get(concatPaths(location.path, path), { signal });
  for await (const chunk of body) hash.update(chunk);
  return bytesToHex(hash.digest());
}

async function sameBytes({ source, destination, signal }: Sides, from: Path, to: Path): Promise<boolean> {
  const results = await Promise.allSettled([
    source.store.get(concatPaths(source.path, from), { signal }),
    destination.store.get(concatPaths(destination.path, to), { signal }),
  ]);
  const readers = results.map((result) =>
    result.status === "fulfilled" ? result.value.body.getReader() : undefined
  );
  const [a, b] = readers;
  let same = false;
  try {
    for (const result of results) if (result.status === "rejected") throw result.reason;
    same = await equalStreams(a!, b!);
    return same;
  } finally {
    if (!same) await Promise.all(readers.map((reader) => reader?.cancel().catch(() => {})));
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

async function equalStreams(a: Reader, b: Reader): Promise<boolean> {
  let left: Uint8Array | undefined = new Uint8Array();
  let right: Uint8Array | undefined = new Uint8Array();
  for (;;) {
    [left, right] = await Promise.all([filled(a, left), filled(b, right)]);
    if (left === undefined || right === undefined) return left === right;
    const length = Math.min(left.byteLength, right.byteLength);
    for (let i = 0; i < length; i++) if (left[i] !== right[i]) return false;
    left = left.subarray(length);
    right = right.subarray(length);
  }
}

/** What is left, or the next piece that is not empty; `undefined` at the end. */
async function filled(reader: Reader, left: Uint8Array): Promise<Uint8Array | undefined> {
  while (left.byteLength === 0) {
    const { done, value } = await reader.read();
    if (done) return undefined;
    left = value;
  }
  return left;
}
