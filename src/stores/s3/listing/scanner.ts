/**
 * Reads `ListObjectsV2` pages while they stream in. A page is machine-made XML of one shape, and listing is the hottest
 * thing a store reads, so this is a scanner for that shape alone: no tree, no attribute, one pass over the bytes that
 * notes where things are. It never guesses: anything out of the ordinary (CDATA, comments, namespace prefixes,
 * attributes, unknown entities, a control character) makes it give up, and the caller reads the page with a real XML
 * parser.
 *
 * Source: S3 API reference, `ListObjectsV2`.
 */
import { type ListedObject, ListedObjects, type PageMemory, pageMemory } from "./objects.ts";
import {
  closeTag,
  find,
  latin1,
  NEED_MORE,
  type OpenTag,
  openTag,
  skipProlog,
  skipSpace,
} from "./xml_tags.ts";
import { decodeKey, isQuote, sizeAt, textOf, timeAt, UnusualPage, UTF8 } from "./values.ts";

/** One page of a listing. */
export interface ListPage {
  readonly objects: Iterable<ListedObject>;
  readonly commonPrefixes: string[];
  readonly isTruncated: boolean;
  readonly nextContinuationToken?: string;
}

/** Takes the bytes of one page in pieces. */
export class ListPageScanner {
  readonly #memory: PageMemory;
  readonly #objects: ListedObjects;
  readonly #commonPrefixes: string[] = [];
  /** The bytes that have come. */
  #bytes: Uint8Array<ArrayBuffer>;
  /** How far they have been read: whole children of the root. */
  #at = 0;
  #state: "prolog" | "children" | "done" | "unusual" = "prolog";
  #isTruncated: string | undefined;
  #token: string | undefined;
  #encoding: string | undefined;
  /** Whether a text holds, or its entities make, escapes of `encoding-type=url` that may not be UTF-8. */
  #doubtful = false;
  /** The place of the text that was read last, and where its element ends. */
  #from = 0;
  #to = 0;
  #end = 0;

  constructor(memory: PageMemory = pageMemory()) {
    this.#memory = memory;
    this.#objects = new ListedObjects(memory);
    this.#bytes = memory.bytes.subarray(0, 0);
  }

  /** Reads on. Pieces may break anywhere. */
  push(piece: Uint8Array): void {
    this.#append(piece);
    if (this.#state === "unusual") return;
    const bytes = this.#bytes;
    try {
      if (this.#state === "prolog") {
        this.#at = skipProlog(bytes);
        this.#state = "children";
      }
      while (this.#state === "children") this.#at = this.#child(bytes, this.#at);
    } catch (reason) {
      // What has not ended yet is read from its beginning again with each piece.
      if (reason === NEED_MORE && bytes.length - this.#at <= MAX_CHILD) return;
      if (reason !== NEED_MORE && !(reason instanceof UnusualPage)) throw reason;
      this.#state = "unusual";
    }
  }

  /** The page, or `undefined` where the XML parser must read it: it was unusual, or is not whole. */
  finish(): ListPage | undefined {
    if (this.#state !== "done" || !isSpace(this.#bytes, this.#at)) return undefined;
    const objects = this.#objects;
    const urlEncoded = this.#encoding === "url";
    objects.urlEncoded = urlEncoded;
    try {
      if (urlEncoded && this.#doubtful) { for (const _ of objects) { /* each can be decoded */ } }
      return {
        objects,
        commonPrefixes: urlEncoded ? this.#commonPrefixes.map(decodeKey) : this.#commonPrefixes,
        isTruncated: this.#isTruncated === "true",
        nextContinuationToken: this.#token || undefined,
      };
    } catch {
      return undefined;
    }
  }

  /** All that was pushed. */
  text(): string {
    return new TextDecoder().decode(this.#bytes);
  }

  #append(piece: Uint8Array): void {
    const length = this.#bytes.length;
    const needed = length + piece.length;
    if (needed > this.#memory.bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#memory.bytes.length));
      grown.set(this.#bytes);
      this.#memory.bytes = grown;
    }
    this.#memory.bytes.set(piece, length);
    this.#bytes = this.#memory.bytes.subarray(0, needed);
  }

  /** Reads one child of the root, or the root's end; returns where the next begins. */
  #child(bytes: Uint8Array, from: number): number {
    const start = skipSpace(bytes, from);
    if (isEndTag(bytes, start)) {
      const end = find(bytes, GT, start);
      if (!ROOT_END.test(latin1(bytes, start + 2, end))) throw new UnusualPage();
      this.#state = "done";
      return end + 1;
    }
    const child = openTag(bytes, start);
    switch (child.name) {
      case "Contents":
        return this.#contents(bytes, child, start);
      case "CommonPrefixes":
        return this.#prefixes(bytes, child, start);
    }
    if (!this.#leaf(bytes, child, start)) return this.#skip(bytes, child, start);
    switch (child.name) {
      case "IsTruncated":
        this.#isTruncated = once(this.#isTruncated, this.#text(bytes));
        break;
      case "NextContinuationToken":
        this.#token = once(this.#token, this.#text(bytes));
        break;
      case "EncodingType":
        this.#encoding = once(this.#encoding, this.#text(bytes));
        break;
    }
    return this.#end;
  }

  #contents(bytes: Uint8Array, open: OpenTag, start: number): number {
    let [keyFrom, keyTo, eTagFrom, eTagTo] = [-1, -1, -1, -1];
    let size = -1;
    let time: number | undefined;
    if (open.empty) throw new UnusualPage();
    let at = skipSpace(bytes, start + open.length);
    while (!isEndTag(bytes, at)) {
      const child = openTag(bytes, at);
      if (!this.#leaf(bytes, child, at)) {
        at = skipSpace(bytes, this.#skip(bytes, child, at));
        continue;
      }
      switch (child.name) {
        case "Key":
          if (keyFrom >= 0) throw new UnusualPage();
          [keyFrom, keyTo] = [this.#from, this.#to];
          break;
        case "Size":
          if (size >= 0) throw new UnusualPage();
          size = sizeAt(bytes, this.#from, this.#to);
          break;
        case "LastModified":
          if (time !== undefined) throw new UnusualPage();
          time = timeAt(bytes, this.#from, this.#to);
          break;
        case "ETag":
          if (eTagFrom >= 0) throw new UnusualPage();
          [eTagFrom, eTagTo] = [this.#from, this.#to];
          break;
      }
      at = skipSpace(bytes, this.#end);
    }
    const end = closeTag(bytes, at, open);
    if (keyFrom < 0 || size < 0 || time === undefined) throw new UnusualPage();
    if (eTagFrom < 0) eTagFrom = eTagTo = keyTo;
    this.#objects.add(keyFrom, keyTo, eTagFrom, eTagTo, size, time);
    return end;
  }

  #prefixes(bytes: Uint8Array, open: OpenTag, start: number): number {
    if (open.empty) throw new UnusualPage();
    const found: string[] = [];
    let at = skipSpace(bytes, start + open.length);
    while (!isEndTag(bytes, at)) {
      const child = openTag(bytes, at);
      if (child.name !== "Prefix" || !this.#leaf(bytes, child, at)) throw new UnusualPage();
      found.push(this.#text(bytes));
      at = skipSpace(bytes, this.#end);
    }
    const end = closeTag(bytes, at, open);
    this.#commonPrefixes.push(...found);
    return end;
  }

  /** Where an element with children ends. */
  #skip(bytes: Uint8Array, open: OpenTag, start: number): number {
    let at = skipSpace(bytes, start + open.length);
    while (!isEndTag(bytes, at)) {
      const child = openTag(bytes, at);
      at = skipSpace(bytes, this.#leaf(bytes, child, at) ? this.#end : this.#skip(bytes, child, at));
    }
    return closeTag(bytes, at, open);
  }

  /** The text of the element read last. */
  #text(bytes: Uint8Array): string {
    return textOf(UTF8.decode(bytes.subarray(this.#from, this.#to)));
  }

  /** Finds and checks the text of an element without children; tells if there are any. */
  #leaf(bytes: Uint8Array, open: OpenTag, start: number): boolean {
    const from = start + open.length;
    this.#from = this.#to = this.#end = from;
    if (open.empty) return true;
    let plain = true;
    let at = from;
    for (; at < bytes.length; at++) {
      const kind = KINDS[bytes[at]!];
      if (kind === PLAIN) continue;
      if (kind === TAG) break;
      if (kind === ESCAPE) this.#doubtful ||= !isAsciiEscape(bytes, at);
      else if (kind !== ENTITY || !isQuote(bytes, at)) {
        plain = false;
        // It may stand for "%".
        this.#doubtful ||= kind === ENTITY;
      }
    }
    if (at + 1 >= bytes.length) throw NEED_MORE;
    if (bytes[at + 1] !== SLASH) return false;
    this.#to = at;
    if (!plain) this.#text(bytes);
    this.#end = closeTag(bytes, at, open);
    return true;
  }
}

/** Nothing that is listed is nearly as long: keys have 1,024 bytes at most. */
const MAX_CHILD = 2 ** 18;

const GT = 0x3e;
const SLASH = 0x2f;
const ROOT_END = /^ListBucketResult[ \n\t\r]*$/;

/** What a byte may mean in a text. */
const [PLAIN, TAG, ENTITY, ESCAPE, ODD] = [0, 1, 2, 3, 4];
/** Of 0xef some sequences are no characters of XML. */
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x3c) return TAG;
  if (byte === 0x26) return ENTITY;
  if (byte === 0x25) return ESCAPE;
  return byte < 0x20 || byte === GT || byte === 0xef ? ODD : PLAIN;
});

/** The value of an element that stands in a page once. */
function once(before: string | undefined, value: string): string {
  if (before !== undefined) throw new UnusualPage();
  return value;
}

function isEndTag(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x3c && bytes[at + 1] === SLASH;
}

/** Whether an escape stands here that is a character for itself. */
function isAsciiEscape(bytes: Uint8Array, at: number): boolean {
  const [high, low] = [bytes[at + 1]!, bytes[at + 2]!];
  return high >= 0x30 && high <= 0x37 && (low >= 0x30 && low <= 0x39 || low >= 0x41 && low <= 0x46);
}

/** Whether nothing but white space follows. */
function isSpace(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x09 && byte !== 0x0d) return false;
  }
  return true;
}
