/** The objects of a listing page, kept as the bytes they came in until they are looked at. */
import { decodeKey, isQuote, textOf, UTF8 } from "./values.ts";

/** An object as a page lists it. */
export interface ListedObject {
  readonly key: string;
  readonly size: number;
  readonly lastModified: Date;
  /** With its quotes. */
  readonly eTag?: string;
}

/** Bytes that pages are read into, one after the other. */
export interface PageMemory {
  bytes: Uint8Array<ArrayBuffer>;
  rows: Float64Array<ArrayBuffer>;
}

/**
 * Memory for a page of a few objects, or as much as a page before it took; it grows with larger ones. Most listings are
 * small, and to get memory for a thousand objects takes longer than to read a few.
 */
export function pageMemory(before?: PageMemory): PageMemory {
  return {
    bytes: new Uint8Array(before?.bytes.length ?? 2 ** 14),
    rows: new Float64Array(before?.rows.length ?? 32 * ROW),
  };
}

/** Numbers of an object: where its key begins and ends, and its ETag; its size; its time. */
const ROW = 6;
/** Objects that are made at once. */
const BATCH = 32;

/**
 * Objects that are made as they are asked for, a few at a time. A page's thousand would live until they are used, as
 * would those of the page that is fetched meanwhile; an engine takes what lives through its collections of young
 * garbage for a sign that the room for it is too small, and takes more memory.
 */
export class ListedObjects implements Iterable<ListedObject> {
  readonly #memory: PageMemory;
  #count = 0;
  /** Keys are URL-encoded, as the page says. */
  urlEncoded = false;

  constructor(memory: PageMemory) {
    this.#memory = memory;
  }

  /** Takes an object by the places of its texts; one without an ETag has an empty place. */
  add(keyFrom: number, keyTo: number, eTagFrom: number, eTagTo: number, size: number, time: number): void {
    const at = ROW * this.#count++;
    let { rows } = this.#memory;
    if (at + ROW > rows.length) {
      rows = new Float64Array(2 * rows.length);
      rows.set(this.#memory.rows);
      this.#memory.rows = rows;
    }
    rows[at] = keyFrom;
    rows[at + 1] = keyTo;
    rows[at + 2] = eTagFrom;
    rows[at + 3] = eTagTo;
    rows[at + 4] = size;
    rows[at + 5] = time;
  }

  *[Symbol.iterator](): Generator<ListedObject, void, undefined> {
    const { rows } = this.#memory;
    const batch = new BatchTexts();
    for (let first = 0; first < this.#count; first += BATCH) {
      const end = ROW * Math.min(first + BATCH, this.#count);
      batch.clear();
      for (let at = ROW * first; at < end; at += ROW) {
        batch.add(this.#memory.bytes, rows[at]!, rows[at + 1]!);
        batch.add(this.#memory.bytes, rows[at + 2]!, rows[at + 3]!);
      }
      const texts = batch.texts();
      for (let at = ROW * first, i = 0; at < end; at += ROW, i += 2) {
        const key = texts(i);
        yield {
          key: this.urlEncoded ? decodeKey(key) : key,
          size: rows[at + 4]!,
          lastModified: new Date(rows[at + 5]!),
          eTag: texts(i + 1) || undefined,
        };
      }
    }
  }
}

/** Texts that are decoded together: each by itself would cost more. */
class BatchTexts {
  #bytes = new Uint8Array(4096);
  readonly #ends = new Int32Array(2 * BATCH);
  #count = 0;
  #length = 0;

  clear(): void {
    this.#count = this.#length = 0;
  }

  add(bytes: Uint8Array, from: number, to: number): void {
    if (this.#length + to - from > this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#bytes.length + to - from);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    const own = this.#bytes;
    let length = this.#length;
    for (let at = from; at < to; at++) {
      // Quotes of ETags are by far the most common entities, and need no second look.
      if (bytes[at] === 0x26 && isQuote(bytes, at)) {
        own[length++] = 0x22;
        at += 5;
      } else own[length++] = bytes[at]!;
    }
    this.#length = length;
    this.#ends[this.#count++] = length;
  }

  /** Reads them by their numbers. */
  texts(): (index: number) => string {
    const [bytes, ends] = [this.#bytes, this.#ends];
    const text = UTF8.decode(bytes.subarray(0, this.#length));
    // A code unit a byte, or places in the one are not those in the other.
    const plain = text.length === this.#length;
    return (index) => {
      const [from, to] = [index === 0 ? 0 : ends[index - 1]!, ends[index]!];
      return textOf(plain ? text.slice(from, to) : UTF8.decode(bytes.subarray(from, to)));
    };
  }
}
