/** Listing by whole segments, with offsets and delimiters. */
import { InvalidPathError, notSupported } from "./error.ts";
import {
  comparePaths,
  isPath,
  parsePath,
  type Path,
  type PathInput,
  ROOT_PATH,
  stripPrefix,
} from "./path.ts";
import type { ListOptions, ListResult, ObjectMeta } from "./types.ts";

/** A listing prefix as a path: none, `""` and `/` are all the root. */
export function parsePrefix(prefix: PathInput | undefined, store: string): Path {
  return prefix === undefined ? ROOT_PATH : parsePath(prefix, store);
}

/** The text that keys below a prefix start with: `foo/` for `foo`, so that `foobar` is left out; empty for the root. */
export function segmentPrefix(prefix: Path): string {
  return prefix === "" ? "" : `${prefix}/`;
}

/** Whether a location lies below a prefix. An object at the prefix itself does not. */
export function isBelow(location: Path, prefix: Path): boolean {
  return location.startsWith(segmentPrefix(prefix)) && location !== prefix;
}

/** Whether a location comes after an offset, by UTF-8 bytes; without an offset all do. */
export function isAfter(location: Path, offset: Path | undefined): boolean {
  return offset === undefined || comparePaths(location, offset) > 0;
}

/**
 * A key of a service as the location of a listed object, or `undefined` if the listing skips it.
 *
 * @throws {InvalidPathError} for a key that is not a valid path, unless the mode says otherwise.
 */
export function listedPath(
  key: string,
  mode: ListOptions["invalidPaths"],
  store: string,
): Path | undefined {
  if (isPath(key)) return key;
  if (mode === "raw") return key as Path;
  if (mode === "skip") return undefined;
  throw new InvalidPathError(
    `Cannot list ${
      JSON.stringify(key)
    }: the key is no valid path; pass over such keys with invalidPaths "skip", or take them with "raw"`,
    { store, path: key },
  );
}

/**
 * For stores whose listings cannot yield raw keys.
 *
 * @throws {NotSupportedError} for `invalidPaths: "raw"`.
 */
export function refuseRawListing(mode: ListOptions["invalidPaths"], store: string): void {
  if (mode === "raw") {
    notSupported(`list raw keys`, `this store takes only valid paths; use invalidPaths "skip"`, { store });
  }
}

/** Sorts objects by location, by UTF-8 bytes; changes the array. */
export function sortByLocation<T extends Pick<ObjectMeta, "location">>(objects: T[]): T[] {
  return objects.sort((a, b) => comparePaths(a.location, b.location));
}

/** One level of a recursive listing: objects right below the prefix, and the first segments of all others. */
export function groupByDelimiter(objects: Iterable<ObjectMeta>, prefix: Path): ListResult {
  const prefixes = new Set<string>();
  const direct: ObjectMeta[] = [];
  for (const object of objects) {
    const below = stripPrefix(object.location, prefix);
    if (below === undefined || below === "") continue;
    const slash = below.indexOf("/");
    if (slash < 0) direct.push(object);
    else prefixes.add(segmentPrefix(prefix) + below.slice(0, slash));
  }
  return { commonPrefixes: [...prefixes].sort(comparePaths) as Path[], objects: direct };
}

/** Reads a listing to its end. */
export async function collectList<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
