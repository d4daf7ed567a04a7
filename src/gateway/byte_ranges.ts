/** The `range` header, and responses of several ranges (RFC 9110 section 14). */
import type { ObjectStore } from "../store/object_store.ts";
import type { Path } from "../store/path.ts";
import { formatContentRange } from "../store/content_range.ts";
import type { ByteRange, GetRange } from "../store/range.ts";

/** More ranges than this in one request are not worth what they cost: the whole object is sent. */
const MAX_RANGES = 64;

/** Reads a `range` header: `undefined` for none and for what must be ignored (other units, bad syntax, too many). */
export function parseRangeHeader(value: string | null): GetRange[] | undefined {
  const match = /^\s*bytes\s*=(.*)$/i.exec(value ?? "");
  if (match === null) return undefined;
  const ranges: GetRange[] = [];
  for (const item of match[1]!.split(",")) {
    if (item.trim() === "") continue;
    const parts = /^\s*(\d*)-(\d*)\s*$/.exec(item);
    if (parts === null) return undefined;
    const [, first = "", last = ""] = parts;
    if (first === "") {
      if (last === "") return undefined;
      ranges.push({ suffix: bounded(last) });
    } else if (last === "") ranges.push({ offset: bounded(first) });
    else if (BigInt(last) < BigInt(first)) return undefined;
    else ranges.push({ start: bounded(first), end: bounded(last) + 1 });
    if (ranges.length > MAX_RANGES) return undefined;
  }
  return ranges.length > 0 ? ranges : undefined;
}

/** Digits as a number that can still be added to: no object is larger than this. */
function bounded(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER - 1);
}

/** The ranges that lie within an object of `size` bytes, resolved; the others are dropped. */
export function satisfiable(ranges: readonly GetRange[], size: number): ByteRange[] {
  const resolved: ByteRange[] = [];
  for (const range of ranges) {
    const start = "suffix" in range
      ? Math.max(0, size - range.suffix)
      : "offset" in range
      ? range.offset
      : range.start;
    const end = "end" in range ? Math.min(range.end, size) : size;
    if (start < end) resolved.push({ start, end });
  }
  return resolved;
}

/** A `multipart/byteranges` body. */
export interface MultipartRanges {
  /** Value of `content-type`. */
  readonly contentType: string;
  /** Exact length in bytes. */
  readonly length: number;
  /** The body; parts are fetched one after the other as it is read. */
  readonly body: ReadableStream<Uint8Array>;
}

/** Makes the body for several ranges of one object, each fetched with `ifMatch` so that all are of one version. */
export function multipartRanges(
  store: ObjectStore,
  path: Path,
  ranges: readonly ByteRange[],
  object: { readonly size: number; readonly contentType?: string; readonly ifMatch?: string },
  signal: AbortSignal,
): MultipartRanges {
  const utf8 = new TextEncoder();
  const boundary = crypto.randomUUID();
  const type = object.contentType === undefined ? "" : `content-type: ${object.contentType}\r\n`;
  const heads = ranges.map((range) =>
    latin1(`\r\n--${boundary}\r\n${type}content-range: ${formatContentRange(range, object.size)}\r\n\r\n`)
  );
  const tail = utf8.encode(`\r\n--${boundary}--\r\n`);
  const length = heads.reduce((sum, head) => sum + head.byteLength, tail.byteLength) +
    ranges.reduce((sum, range) => sum + range.end - range.start, 0);

  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (const [i, range] of ranges.entries()) {
      yield heads[i]!;
      const part = await store.get(path, { range, ifMatch: object.ifMatch, signal });
      yield* part.body;
    }
    yield tail;
  };
  return { contentType: `multipart/byteranges; boundary=${boundary}`, length, body: streamOf(pieces()) };
}

/** A stream over a generator: nothing is read ahead, and cancelling it ends the generator. */
export function streamOf(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return(undefined);
    },
  }, { highWaterMark: 0 });
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
