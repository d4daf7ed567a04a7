/** Listings of a memory store. */
import {
  comparePaths,
  groupByDelimiter,
  listedPath,
  type ListOptions,
  type ListPage,
  type ListPageOptions,
  type ListResult,
  type ObjectMeta,
  parsePath,
  parsePrefix,
  type Path,
  type PathInput,
  segmentPrefix,
} from "../../store/mod.ts";
import type { ObjectTable } from "./table.ts";

/** All objects below a prefix as they are at the call. */
export function listSnapshot(
  table: ObjectTable,
  store: string,
  prefix: PathInput | undefined,
  options: ListOptions,
): AsyncIterable<ObjectMeta> {
  // Taken now, not when the first object is asked for. What is wrong with the arguments is told there, though.
  let found: ObjectMeta[] = [];
  let failure: { error: unknown } | undefined;
  try {
    found = metasBelow(table, parsePrefix(prefix, store), store, options);
  } catch (error) {
    failure = { error };
  }
  return walk();

  async function* walk(): AsyncGenerator<ObjectMeta, void, undefined> {
    if (failure) throw failure.error;
    for (const meta of found) {
      options.signal?.throwIfAborted();
      const location = listedPath(meta.location, options.invalidPaths, store);
      if (location !== undefined) yield meta;
    }
    options.signal?.throwIfAborted();
  }
}

/** One level below a prefix. */
export function listLevel(
  table: ObjectTable,
  store: string,
  prefix: PathInput | undefined,
  options: ListOptions,
): ListResult {
  const base = parsePrefix(prefix, store);
  const listed = metasBelow(table, base, store, options)
    .filter((meta) => listedPath(meta.location, options.invalidPaths, store) !== undefined);
  return groupByDelimiter(listed, base);
}

/** One page of the keys that start with a text. The page token is the last key or prefix of the page before. */
export function listPage(table: ObjectTable, prefix: string, options: ListPageOptions): ListPage {
  const { offset, delimiter, maxKeys = 1000, pageToken } = options;
  const after = pageToken !== undefined && (offset === undefined || comparePaths(pageToken, offset) > 0)
    ? pageToken
    : offset;
  const objects: ObjectMeta[] = [];
  const prefixes: string[] = [];
  let last: string | undefined;
  for (const { meta } of table.snapshot(prefix, after)) {
    const rolled = rollUp(meta.location, prefix, delimiter);
    // A common prefix that ended the page before covers the keys below it.
    if (rolled !== undefined && (rolled === prefixes.at(-1) || rolled === pageToken)) continue;
    if (objects.length + prefixes.length >= maxKeys) {
      return { result: page(prefixes, objects, delimiter), pageToken: last };
    }
    if (rolled === undefined) objects.push(meta);
    else prefixes.push(rolled);
    last = rolled ?? meta.location;
  }
  return { result: page(prefixes, objects, delimiter) };
}

function metasBelow(table: ObjectTable, prefix: Path, store: string, options: ListOptions): ObjectMeta[] {
  const offset = options.offset === undefined ? undefined : parsePath(options.offset, store);
  return table.snapshot(segmentPrefix(prefix), offset).map((entry) => entry.meta);
}

/** The key up to and with the first delimiter after the prefix, or `undefined` where there is none. */
function rollUp(key: string, prefix: string, delimiter: string | undefined): string | undefined {
  if (!delimiter) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

function page(prefixes: string[], objects: ObjectMeta[], delimiter: string | undefined): ListResult {
  const commonPrefixes = delimiter === "/" ? prefixes.map((prefix) => prefix.slice(0, -1)) : prefixes;
  return { commonPrefixes: commonPrefixes as Path[], objects };
}
