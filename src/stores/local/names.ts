/** Names on disk: how paths become file names, which are reserved, and what staging files are called. */
import { InvalidPathError } from "../../store/error.ts";
import { fileNameOf, type Path } from "../../store/path.ts";

/** Short name that errors of this store carry. */
export const STORE = "LocalFileSystem";

/** Longest file name in bytes that common file systems take. */
const MAX_NAME = 255;

const UTF8 = new TextEncoder();

/**
 * Whether a file name belongs to the store's own files: all that follows its first `#` is digits. Such files are
 * being written (`report.csv#1`) or serve as locks (`report.csv#0`); they are never listed and cannot be addressed.
 */
export function isReserved(name: string): boolean {
  const hash = name.indexOf("#");
  return hash >= 0 && /^\d+$/.test(name.slice(hash + 1));
}

/**
 * Refuses paths that no file can have.
 *
 * @throws {InvalidPathError} for the root, a reserved name, and on Windows a backslash.
 */
export function checkFilePath(path: Path, windows: boolean): void {
  const name = fileNameOf(path);
  if (name === undefined) {
    throw new InvalidPathError("Cannot use the root as an object: it is a directory", { store: STORE, path });
  }
  if (isReserved(name)) {
    throw new InvalidPathError(
      `Cannot use ${JSON.stringify(path)}: Filenames containing trailing '/#\\d+/' are not supported`,
      { store: STORE, path },
    );
  }
  checkSegments(path, windows);
}

/**
 * Refuses what would mean something else on disk: a backslash separates on Windows, so `a\..\..\b` would climb.
 *
 * @throws {InvalidPathError}
 */
export function checkSegments(path: Path, windows: boolean): void {
  if (windows && path.includes("\\")) {
    throw new InvalidPathError(
      `Cannot use ${JSON.stringify(path)}: Windows takes the backslash as a separator`,
      {
        store: STORE,
        path,
      },
    );
  }
}

/** A path's name on disk, below a root. Windows takes no `:`, so it becomes `%3A`. */
export function toDisk(root: string, path: Path, windows: boolean): string {
  if (path === "") return root;
  return childOf(root, windows ? path.replaceAll(":", "%3A").replaceAll("/", "\\") : path, windows);
}

/** A name in a directory, both in the system's form. */
export function childOf(directory: string, name: string, windows: boolean): string {
  const separator = windows ? "\\" : "/";
  return directory.endsWith(separator) ? directory + name : directory + separator + name;
}

/** The directory of a name, and its last part. */
export function splitDisk(file: string, windows: boolean): { directory: string; name: string } {
  const cut = Math.max(file.lastIndexOf("/"), windows ? file.lastIndexOf("\\") : -1);
  const root = windows ? /^[A-Za-z]:$/.test(file.slice(0, cut)) : cut === 0;
  return { directory: file.slice(0, root ? cut + 1 : cut), name: file.slice(cut + 1) };
}

/**
 * The reserved name number `n` beside a file: `report.csv#1`. A name that holds a `#` itself is cut there, since
 * only what follows the first one counts; a long one is cut so that the whole still fits.
 */
export function stagingName(name: string, n: number): string {
  const suffix = `#${n}`;
  const hash = name.indexOf("#");
  let base = hash < 0 ? name : name.slice(0, hash);
  while (UTF8.encode(base).byteLength + suffix.length > MAX_NAME) {
    base = Array.from(base).slice(0, -1).join("");
  }
  return base + suffix;
}
