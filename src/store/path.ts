/**
 * Object paths: what they may hold, how they are made, taken apart and ordered. Rules are those of object_store's
 * `Path`. A path is taken as already encoded: `%` is an ordinary character, and nothing is ever decoded but by
 * {@linkcode pathFromUrl}.
 */
import { InvalidPathError } from "./error.ts";
import { parsePath, type Path, PATH_STORE, type PathInput, RawPath, ROOT_PATH } from "./parse_path.ts";

export {
  isPath,
  parseKey,
  parseObjectPath,
  parsePath,
  type Path,
  type PathInput,
  RawPath,
  ROOT_PATH,
} from "./parse_path.ts";

/**
 * Marks a key to be used as it is, so that keys which break the rules of paths can be read, written and deleted on
 * stores that take any key. A listing shows such keys with `invalidPaths: "raw"`.
 *
 * @throws {InvalidPathError} for an empty key or one with a lone surrogate, which has no UTF-8 form.
 */
export function rawPath(key: string): RawPath {
  if (key === "" || !key.isWellFormed()) {
    throw new InvalidPathError(
      `Cannot use the raw key ${JSON.stringify(key)}: ${key === "" ? "it is empty" : "lone surrogate"}`,
      { store: PATH_STORE, path: key },
    );
  }
  return new RawPath(key);
}

/**
 * Makes a path of any text: split at `/`, empty segments dropped, each segment percent-encoded where it must be
 * (object_store's `Path::from`). Not idempotent: `%` is encoded too.
 *
 * @throws {InvalidPathError} for a lone surrogate.
 */
export function encodePath(text: string): Path {
  return pathFromSegments(text.split("/"));
}

/**
 * Makes a path of segments, each percent-encoded as one: a `/` within becomes `%2F`. Empty ones are dropped.
 *
 * @throws {InvalidPathError} for a lone surrogate.
 */
export function pathFromSegments(segments: Iterable<string>): Path {
  const encoded: string[] = [];
  for (const segment of segments) {
    if (segment !== "") encoded.push(encodeSegment(segment));
  }
  return encoded.join("/") as Path;
}

/**
 * Appends segments, each encoded as one like {@linkcode pathFromSegments} does.
 *
 * @throws {InvalidPathError} for an invalid base or a lone surrogate.
 */
export function joinPath(base: PathInput, ...segments: string[]): Path {
  return concatPaths(parsePath(base), pathFromSegments(segments));
}

/** One path below another, both as they are. */
export function concatPaths(base: Path, below: Path): Path {
  if (base === "") return below;
  return (below === "" ? base : `${base}/${below}`) as Path;
}

/**
 * Makes a path of a URL's path: percent-decoded once, then parsed. So `%2F` separates, and `%2E%2E` is refused.
 *
 * @throws {InvalidPathError} as {@linkcode parsePath}, and for escapes that are not UTF-8.
 */
export function pathFromUrl(urlPath: string, store: string = PATH_STORE): Path {
  return parsePath(percentDecode(urlPath, store), store);
}

/** The segments; none for the root. */
export function segmentsOf(path: Path): string[] {
  return path === "" ? [] : path.split("/");
}

/** The path without its last segment; the root for one segment, `undefined` for the root. */
export function parentOf(path: Path): Path | undefined {
  if (path === "") return undefined;
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0)) as Path;
}

/** The last segment; `undefined` for the root. */
export function fileNameOf(path: Path): string | undefined {
  return path === "" ? undefined : path.slice(path.lastIndexOf("/") + 1);
}

/** The text after the last dot of the file name; `undefined` without a dot or when nothing follows it. */
export function extensionOf(path: Path): string | undefined {
  const name = fileNameOf(path);
  if (name === undefined) return undefined;
  const dot = name.lastIndexOf(".");
  return dot < 0 || dot === name.length - 1 ? undefined : name.slice(dot + 1);
}

/**
 * The segments of `path` after `prefix`, where `prefix` is made of its first whole segments; `undefined` where it is
 * not. The root is a prefix of all, and a path of itself (no segments remain).
 */
export function prefixMatch(path: Path, prefix: Path): string[] | undefined {
  const rest = stripPrefix(path, prefix);
  return rest === undefined ? undefined : segmentsOf(rest);
}

/** What {@linkcode prefixMatch} finds, as a path. */
export function stripPrefix(path: Path, prefix: Path): Path | undefined {
  if (prefix === "") return path;
  if (path === prefix) return ROOT_PATH;
  return path.startsWith(prefix) && path.charCodeAt(prefix.length) === 0x2f
    ? path.slice(prefix.length + 1) as Path
    : undefined;
}

/** Orders paths by their UTF-8 bytes, as services do; `<` on strings would compare UTF-16 units. For `sort`. */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return utf8Rank(x) - utf8Rank(y);
  }
  return a.length - b.length;
}

/** UTF-16 units in the order of the code points they belong to: surrogates stand for U+10000 and up, after U+FFFF. */
function utf8Rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

const UTF8 = /* @__PURE__ */ new TextEncoder();
// Beside these, controls and every non-ASCII byte are encoded.
const ENCODED = /* @__PURE__ */ new Set(
  /* @__PURE__ */ Array.from('/\\{}^%`[]"<>~#|*?', (c) => c.charCodeAt(0)),
);

function encodeSegment(segment: string): string {
  if (segment === ".") return "%2E";
  if (segment === "..") return "%2E%2E";
  if (!segment.isWellFormed()) {
    throw new InvalidPathError(`Cannot encode path segment ${JSON.stringify(segment)}: lone surrogate`, {
      store: PATH_STORE,
      path: segment,
    });
  }
  let out = "";
  for (const byte of UTF8.encode(segment)) {
    out += byte <= 0x1f || byte >= 0x7f || ENCODED.has(byte)
      ? `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
      : String.fromCharCode(byte);
  }
  return out;
}

/** Decodes valid `%XX` and leaves stray `%` alone; decodeURIComponent would throw on those. */
function percentDecode(text: string, store: string): string {
  const decoded: number[] = [];
  const bytes = UTF8.encode(text);
  for (let i = 0; i < bytes.length; i++) {
    const escape = bytes[i] === 0x25 ? text16(bytes[i + 1], bytes[i + 2]) : undefined;
    decoded.push(escape ?? bytes[i]!);
    if (escape !== undefined) i += 2;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(decoded));
  } catch (cause) {
    throw new InvalidPathError(`Cannot decode path ${JSON.stringify(text)}: its escapes are not UTF-8`, {
      store,
      path: text,
      cause,
    });
  }
}

function text16(high: number | undefined, low: number | undefined): number | undefined {
  if (high === undefined || low === undefined) return undefined;
  const text = String.fromCharCode(high, low);
  return /^[0-9a-f]{2}$/i.test(text) ? parseInt(text, 16) : undefined;
}
