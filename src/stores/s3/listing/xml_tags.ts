/** The tags in a listing page, and what stands before the first. What is not plain is for the XML parser to judge. */
import { UnusualPage } from "./values.ts";

/** Thrown inside the scanner: the next element is not all there yet. */
export const NEED_MORE = Symbol("more bytes needed");

/** The tag that begins an element. */
export interface OpenTag {
  readonly name: string;
  /** The name, as it stands in the page. */
  readonly bytes: Uint8Array;
  /** Of the tag. */
  readonly length: number;
  readonly empty: boolean;
}

const [LT, GT, SLASH] = [0x3c, 0x3e, 0x2f];

/** Where a byte is next. */
export function find(bytes: Uint8Array, wanted: number, from: number): number {
  const at = bytes.indexOf(wanted, from);
  if (at < 0) throw NEED_MORE;
  return at;
}

/** What is not white space from here on. */
export function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  for (; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x09 && byte !== 0x0d) break;
  }
  // Even the shortest thing that can follow has two characters, and all decisions look at two.
  if (at + 1 >= bytes.length) throw NEED_MORE;
  return at;
}

const DECLARATION =
  /^(?:\u00ef\u00bb\u00bf)?[ \n\t\r]*(?:<\?xml\s+version\s*=\s*["']1\.0["'](?:\s+encoding\s*=\s*["']utf-8["'])?(?:\s+standalone\s*=\s*["'](?:yes|no)["'])?\s*\?>)?[ \n\t\r]*$/i;
const ROOT = /^<ListBucketResult(\s+xmlns\s*=\s*("[^"<&]*"|'[^'<&]*'))?\s*>$/;
/** Nothing that is written here is longer: neither what stands before the children, nor a tag. */
const MAX_LENGTH = 1024;

/** Where the children of the root begin. */
export function skipProlog(bytes: Uint8Array): number {
  const text = latin1(bytes, 0, Math.min(bytes.length, MAX_LENGTH));
  const root = /<[^?]/.exec(text)?.index ?? -1;
  const end = root < 0 ? -1 : text.indexOf(">", root);
  if (end < 0) {
    if (text.length < MAX_LENGTH) throw NEED_MORE;
    throw new UnusualPage();
  }
  // An encoding other than UTF-8 cannot be read here. The root alone has an attribute, its namespace.
  if (!DECLARATION.test(text.slice(0, root)) || !ROOT.test(text.slice(root, end + 1))) {
    throw new UnusualPage();
  }
  return end + 1;
}

const NAME = /^[A-Za-z][A-Za-z0-9]*$/;

/** The tag here. */
export function openTag(bytes: Uint8Array, at: number): OpenTag {
  if (bytes[at] !== LT) throw new UnusualPage();
  const hot = hotTag(bytes, at);
  if (hot !== undefined) return hot;
  const second = bytes[at + 1];
  if (second === 0x21 || second === 0x3f) throw new UnusualPage(); // a comment, CDATA or a processing instruction
  const end = find(bytes, GT, at + 1);
  const empty = bytes[end - 1] === SLASH;
  const nameEnd = empty ? end - 1 : end;
  const name = latin1(bytes, at + 1, nameEnd);
  if (!NAME.test(name)) throw new UnusualPage();
  return { name, bytes: bytes.slice(at + 1, nameEnd), length: end + 1 - at, empty };
}

/** The tags of listed objects by their first letter: making a text of each name costs more than looking for it. */
const HOT: readonly (readonly OpenTag[] | undefined)[] = tagsByLetter(
  ["Key", "LastModified", "ETag", "Size", "StorageClass", "Contents", "ChecksumAlgorithm", "ChecksumType"],
);

function tagsByLetter(names: readonly string[]): OpenTag[][] {
  const found: OpenTag[][] = Array.from({ length: 128 }, () => []);
  for (const name of names) {
    const bytes = new TextEncoder().encode(name);
    found[bytes[0]!]!.push({ name, bytes, length: name.length + 2, empty: false });
  }
  return found;
}

function hotTag(bytes: Uint8Array, at: number): OpenTag | undefined {
  const tags = HOT[bytes[at + 1]!];
  if (tags === undefined) return undefined;
  for (const tag of tags) if (isNamed(bytes, at + 1, tag)) return tag;
  return undefined;
}

/** Whether a tag's name and `>` stand here. */
function isNamed(bytes: Uint8Array, at: number, tag: OpenTag): boolean {
  const { length } = tag.bytes;
  if (bytes[at + length] !== GT) return false;
  for (let i = 0; i < length; i++) if (bytes[at + i] !== tag.bytes[i]) return false;
  return true;
}

/** Where the element of a tag ends, whose closing tag is here. */
export function closeTag(bytes: Uint8Array, at: number, open: OpenTag): number {
  const end = at + 2 + open.bytes.length;
  if (end >= bytes.length) throw NEED_MORE;
  if (!isNamed(bytes, at + 2, open)) throw new UnusualPage();
  return end + 1;
}

/** A few bytes as a text of as many characters: good for what is ASCII, and tells where it is not. */
export function latin1(bytes: Uint8Array, from: number, to: number): string {
  if (to - from > MAX_LENGTH) throw new UnusualPage();
  return String.fromCharCode(...bytes.subarray(from, to));
}
