/** What paths may hold. The rest of what can be done with paths is in `path.ts`. */
import { InvalidPathError, NotSupportedError } from "./error.ts";

/**
 * A valid path: `/`-separated, no empty, `.` or `..` segment, no control character, no slash at either end. Root is
 * `""`.
 */
export type Path = string & { readonly __brand: "Path" };

/**
 * A key taken as it is, for keys that are not a valid {@linkcode Path} (`a//b`, `a/`, `../x`). Only stores whose
 * service takes any key accept one; the others reject with `NotSupportedError`. Made by {@linkcode rawPath}.
 */
export class RawPath {
  /** The key, byte for byte. */
  readonly key: string;

  /** Wraps a key; use {@linkcode rawPath}. */
  constructor(key: string) {
    this.key = key;
  }

  /** The key. */
  toString(): string {
    return this.key;
  }
}

/** What operations take: a string is parsed, never encoded. */
export type PathInput = Path | string | RawPath;

/** The root: the empty path. */
export const ROOT_PATH: Path = "" as Path;

/** Short store name that path errors carry where no store is concerned. */
export const PATH_STORE = "Path";

// An empty, `.` or `..` segment (also a slash at either end), or an ASCII control character.
// deno-lint-ignore no-control-regex
const INVALID = /(?:^|\/)\.{0,2}(?:\/|$)|[\u0000-\u001f\u007f]/;
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Whether `text` is a valid path as it stands (no slashes to strip). */
export function isPath(text: string): text is Path {
  return text === "" || (!INVALID.test(text) && text.isWellFormed());
}

/**
 * Parses a path: one slash is taken off each end, nothing is encoded or decoded.
 *
 * @param store Short name of the store that errors shall carry.
 * @throws {InvalidPathError} for an empty, `.` or `..` segment, an ASCII control character, or a lone surrogate.
 * @throws {NotSupportedError} for a {@linkcode RawPath}: see {@linkcode parseKey}.
 *
 * @example
 * ```ts
 * import { parsePath } from "@storeport/storeport";
 * console.assert(parsePath("/data/2024 report.csv") === "data/2024 report.csv");
 * ```
 */
export function parsePath(input: PathInput, store: string = PATH_STORE): Path {
  if (input instanceof RawPath) {
    throw new NotSupportedError(
      `Cannot use the raw key ${JSON.stringify(input.key)}: this store takes only valid paths`,
      { store, path: input.key },
    );
  }
  if (typeof input !== "string") {
    throw new InvalidPathError(`Cannot use a path of type "${input === null ? "null" : typeof input}"`, {
      store,
    });
  }
  let text: string = input;
  if (text.startsWith("/")) text = text.slice(1);
  if (text === "") return ROOT_PATH;
  if (text.endsWith("/")) text = text.slice(0, -1);
  // What is left is empty only for `//`, whose one segment is empty.
  if (text !== "" && isPath(text)) return text;
  throw new InvalidPathError(`Cannot parse path ${JSON.stringify(input)}: ${invalidReason(text)}`, {
    store,
    path: input,
  });
}

/**
 * As {@linkcode parsePath}, for the path of an object: the root is refused. (To some services a DELETE of it would mean
 * the whole bucket.)
 *
 * @throws {InvalidPathError} for the root too.
 */
export function parseObjectPath(input: PathInput, store: string = PATH_STORE): Path {
  const path = parsePath(input, store);
  if (path !== "") return path;
  throw new InvalidPathError("Cannot use the root as an object: give it a name", { store, path });
}

/**
 * As {@linkcode parseObjectPath}, but passes a {@linkcode RawPath} through: for stores whose service takes any key.
 * Never for a store that maps keys to file names.
 */
export function parseKey(input: PathInput, store: string = PATH_STORE): Path {
  return input instanceof RawPath ? input.key as Path : parseObjectPath(input, store);
}

function invalidReason(text: string): string {
  if (!text.isWellFormed()) return "lone surrogate";
  const control = CONTROL.exec(text);
  if (control) return `control character U+${control[0].charCodeAt(0).toString(16).padStart(4, "0")}`;
  const bad = text.split("/").find((segment) => segment === "" || segment === "." || segment === "..");
  return bad ? `segment "${bad}"` : "empty segment";
}
