/**
 * Reads `ListObjectsV2` pages while they stream in. A page is machine-made XML of one shape, and listing is the hottest
 * thing a store reads, so this is a scanner for that shape alone: no tree, no attribute, one pass. It never guesses:
 * anything out of the ordinary (CDATA, comments, namespace prefixes, attributes, unknown entities, a control character)
 * makes it give up, and the caller reads the page with a real XML parser.
 *
 * Source: S3 API reference, `ListObjectsV2`.
 */

import { dateOf, textOf, UnusualPage, wholeNumber } from "./values.ts";

/** An object as a page lists it. */
export interface ListedObject {
  /** The key as the page has it: still URL-encoded where the page says so. */
  key: string;
  size: number;
  lastModified: Date;
  /** With its quotes. */
  eTag?: string;
  storageClass?: string;
}

/** One page of a listing. */
export interface ListPage {
  readonly objects: ListedObject[];
  readonly commonPrefixes: string[];
  readonly isTruncated: boolean;
  readonly nextContinuationToken?: string;
}

/** Thrown inside the scanner: the next element is not all there yet. */
const NEED_MORE = Symbol("more text needed");

/** Takes the text of one page in pieces. */
export class ListPageScanner {
  readonly #objects: ListedObject[] = [];
  readonly #commonPrefixes: string[] = [];
  readonly #pieces: string[] = [];
  #rest = "";
  #state: "prolog" | "children" | "done" | "unusual" = "prolog";
  #isTruncated = false;
  #token: string | undefined;
  #urlEncoded = false;

  /** Reads on. Pieces may break anywhere between two characters. */
  push(piece: string): void {
    this.#pieces.push(piece);
    if (this.#state === "unusual") return;
    this.#rest = this.#rest === "" ? piece : this.#rest + piece;
    try {
      this.#rest = this.#rest.slice(this.#scan(this.#rest));
    } catch (error) {
      if (!(error instanceof UnusualPage)) throw error;
      this.#state = "unusual";
      this.#rest = "";
    }
  }

  /** The page, or `undefined` where the XML parser must read it: it was unusual, or is not whole. */
  finish(): ListPage | undefined {
    if (this.#state !== "done" || /\S/.test(this.#rest)) return undefined;
    try {
      return {
        objects: this.#urlEncoded ? this.#objects.map(decodeObject) : this.#objects,
        commonPrefixes: this.#urlEncoded ? this.#commonPrefixes.map(decodeKey) : this.#commonPrefixes,
        isTruncated: this.#isTruncated,
        nextContinuationToken: this.#token,
      };
    } catch {
      return undefined;
    }
  }

  /** All that was pushed. */
  text(): string {
    return this.#pieces.join("");
  }

  /** Scans as far as whole elements go; returns how far. */
  #scan(text: string): number {
    let at = 0;
    try {
      if (this.#state === "prolog") {
        at = skipProlog(text);
        this.#state = "children";
      }
      while (this.#state === "children") at = this.#child(text, at);
      return at;
    } catch (reason) {
      if (reason !== NEED_MORE) throw reason;
      return at;
    }
  }

  /** Reads one child of the root, or the root's end; returns where the next begins. */
  #child(text: string, from: number): number {
    const start = skipSpace(text, from);
    if (text.startsWith("</", start)) {
      const end = find(text, ">", start);
      if (text.slice(start + 2, end).trimEnd() !== "ListBucketResult") throw new UnusualPage();
      this.#state = "done";
      return end + 1;
    }
    const child = openTag(text, start);
    switch (child.name) {
      case "Contents":
        return this.#contents(text, child, start);
      case "CommonPrefixes":
        return this.#prefixes(text, child, start);
      default: {
        const leaf = readLeaf(text, child, start);
        if (leaf === undefined) return skipElement(text, child, start);
        if (child.name === "IsTruncated") this.#isTruncated = leaf.value === "true";
        else if (child.name === "NextContinuationToken") this.#token = leaf.value || undefined;
        else if (child.name === "EncodingType") this.#urlEncoded = leaf.value === "url";
        return leaf.end;
      }
    }
  }

  #contents(text: string, open: OpenTag, start: number): number {
    let key: string | undefined;
    let size: number | undefined;
    let lastModified: Date | undefined;
    let eTag: string | undefined;
    let storageClass: string | undefined;
    if (open.empty) throw new UnusualPage();
    let at = skipSpace(text, start + open.length);
    while (!text.startsWith("</", at)) {
      const child = openTag(text, at);
      const leaf = readLeaf(text, child, at);
      if (leaf === undefined) {
        at = skipSpace(text, skipElement(text, child, at));
        continue;
      }
      switch (child.name) {
        case "Key":
          key = once(key, leaf.value);
          break;
        case "Size":
          size = once(size, wholeNumber(leaf.value));
          break;
        case "LastModified":
          lastModified = once(lastModified, dateOf(leaf.value));
          break;
        case "ETag":
          eTag = once(eTag, leaf.value);
          break;
        case "StorageClass":
          storageClass = once(storageClass, leaf.value);
          break;
      }
      at = skipSpace(text, leaf.end);
    }
    const end = closeTag(text, at, "Contents");
    if (key === undefined || size === undefined || lastModified === undefined) throw new UnusualPage();
    this.#objects.push({
      key,
      size,
      lastModified,
      eTag: eTag || undefined,
      storageClass: storageClass || undefined,
    });
    return end;
  }

  #prefixes(text: string, open: OpenTag, start: number): number {
    if (open.empty) throw new UnusualPage();
    const found: string[] = [];
    let at = skipSpace(text, start + open.length);
    while (!text.startsWith("</", at)) {
      const child = openTag(text, at);
      const leaf = child.name === "Prefix" ? readLeaf(text, child, at) : undefined;
      if (leaf === undefined) throw new UnusualPage();
      found.push(leaf.value);
      at = skipSpace(text, leaf.end);
    }
    const end = closeTag(text, at, "CommonPrefixes");
    this.#commonPrefixes.push(...found);
    return end;
  }
}

/** Undoes `encoding-type=url`: form encoding, in which a space is `+`. */
export function decodeKey(key: string): string {
  const spaced = key.includes("+") ? key.replaceAll("+", " ") : key;
  return spaced.includes("%") ? decodeURIComponent(spaced) : spaced;
}

function decodeObject(object: ListedObject): ListedObject {
  object.key = decodeKey(object.key);
  return object;
}

interface OpenTag {
  readonly name: string;
  /** Of the tag, in code units. */
  readonly length: number;
  readonly empty: boolean;
}

function find(text: string, wanted: string, from: number): number {
  const at = text.indexOf(wanted, from);
  if (at < 0) throw NEED_MORE;
  return at;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x09 && unit !== 0x0d) break;
  }
  // Even the shortest thing that can follow has two characters, and all decisions look at two.
  if (at + 1 >= text.length) throw NEED_MORE;
  return at;
}

const DECLARATION =
  /^<\?xml\s+version\s*=\s*["']1\.0["'](\s+encoding\s*=\s*["']utf-8["'])?(\s+standalone\s*=\s*["'](yes|no)["'])?\s*$/i;

function skipProlog(text: string): number {
  let at = skipSpace(text, text.startsWith("\ufeff") ? 1 : 0);
  if (text.startsWith("<?", at)) {
    const end = find(text, "?>", at);
    // An encoding other than UTF-8 has already been read wrongly.
    if (!DECLARATION.test(text.slice(at, end))) throw new UnusualPage();
    at = skipSpace(text, end + 2);
  }
  const end = find(text, ">", at);
  // The root alone has an attribute, its namespace.
  if (!/^<ListBucketResult(\s+xmlns\s*=\s*("[^"<&]*"|'[^'<&]*'))?\s*$/.test(text.slice(at, end))) {
    throw new UnusualPage();
  }
  return end + 1;
}

const NAME = /^[A-Za-z][A-Za-z0-9]*$/;

function openTag(text: string, at: number): OpenTag {
  if (text.charCodeAt(at) !== 0x3c) throw new UnusualPage();
  const hot = hotTag(text, at);
  if (hot !== undefined) return hot;
  const second = text.charCodeAt(at + 1);
  if (second === 0x21 || second === 0x3f) throw new UnusualPage(); // a comment, CDATA or a processing instruction
  const end = find(text, ">", at + 1);
  const empty = text.charCodeAt(end - 1) === 0x2f;
  const name = text.slice(at + 1, empty ? end - 1 : end);
  if (!NAME.test(name)) throw new UnusualPage();
  return { name, length: end + 1 - at, empty };
}

const HOT: Readonly<Record<number, readonly OpenTag[]>> = Object.fromEntries(
  [["Key"], ["LastModified"], ["ETag"], ["Size", "StorageClass"], ["Contents"]].map((names) => [
    names[0]!.charCodeAt(0),
    names.map((name) => ({ name, length: name.length + 2, empty: false })),
  ]),
);

/**
 * The tags of a listed object, compared in place by their first letter: cutting each name out of the page costs more.
 */
function hotTag(text: string, at: number): OpenTag | undefined {
  const tags = HOT[text.charCodeAt(at + 1)];
  if (tags === undefined) return undefined;
  for (const tag of tags) {
    if (text.startsWith(tag.name, at + 1) && text.charCodeAt(at + tag.length - 1) === 0x3e) return tag;
  }
  return undefined;
}

function closeTag(text: string, at: number, name: string): number {
  const end = at + 2 + name.length;
  if (end >= text.length) throw NEED_MORE;
  if (!text.startsWith(name, at + 2) || text.charCodeAt(end) !== 0x3e) throw new UnusualPage();
  return end + 1;
}

/** The text of an element without children, or `undefined` if it has any. */
function readLeaf(
  text: string,
  open: OpenTag,
  start: number,
): { readonly value: string; readonly end: number } | undefined {
  if (open.empty) return { value: "", end: start + open.length };
  const content = start + open.length;
  const next = find(text, "<", content);
  if (next + 1 >= text.length) throw NEED_MORE;
  if (text.charCodeAt(next + 1) !== 0x2f) return undefined;
  return { value: textOf(text.slice(content, next)), end: closeTag(text, next, open.name) };
}

/** Where an element with children ends. */
function skipElement(text: string, open: OpenTag, start: number): number {
  let at = skipSpace(text, start + open.length);
  while (!text.startsWith("</", at)) {
    const child = openTag(text, at);
    const leaf = readLeaf(text, child, at);
    at = skipSpace(text, leaf === undefined ? skipElement(text, child, at) : leaf.end);
  }
  return closeTag(text, at, open.name);
}

function once<T>(before: T | undefined, value: T): T {
  if (before !== undefined) throw new UnusualPage();
  return value;
}
