/** Listing: directories walked with links followed, in bounded memory. */
import { isAfter, listedPath, segmentPrefix } from "../../store/list.ts";
import { comparePaths, type Path } from "../../store/path.ts";
import type { ListOptions, ListResult, ObjectMeta } from "../../store/types.ts";
import type { Area } from "./area.ts";
import { codeOf, type DirectoryEntry, type FileStat, isMissing } from "./fs.ts";
import { metaOf } from "./meta.ts";
import { childOf, isReserved, STORE } from "./names.ts";

/** Entries looked at together: the system calls of one batch run at once. */
const BATCH = 64;

/** What a walk passes over, and where it begins. */
export interface WalkOptions {
  readonly offset?: Path;
  readonly invalidPaths?: ListOptions["invalidPaths"];
  readonly signal?: AbortSignal;
}

interface Directory {
  readonly path: Path;
  /** Without links. */
  readonly real: string;
  /** Where the links lay, without links themselves, that the walk followed to come here. */
  readonly links: readonly string[];
}

/** One entry of a directory, looked at; entries that are nothing to a listing give none. */
type Found =
  | { readonly kind: "object"; readonly meta: ObjectMeta }
  | { readonly kind: "directory"; readonly directory: Directory };

/** All objects below a prefix, in no particular order. */
export async function* walk(
  area: Area,
  prefix: Path,
  options: WalkOptions,
): AsyncGenerator<ObjectMeta, void, undefined> {
  const start = await resolveDirectory(area, prefix);
  if (start === undefined) return;
  const waiting: Directory[] = [{ path: prefix, real: start, links: [] }];
  for (let directory = waiting.pop(); directory; directory = waiting.pop()) {
    for await (const found of look(area, directory, options)) {
      options.signal?.throwIfAborted();
      if (found.kind === "object") yield found.meta;
      else if (mayReach(found.directory.path, options.offset)) waiting.push(found.directory);
    }
  }
}

/** One level: empty directories are common prefixes too, as the file system has them. */
export async function listLevel(area: Area, prefix: Path, options: WalkOptions): Promise<ListResult> {
  const objects: ObjectMeta[] = [];
  const commonPrefixes: Path[] = [];
  const real = await resolveDirectory(area, prefix);
  if (real === undefined) return { objects, commonPrefixes };
  for await (const found of look(area, { path: prefix, real, links: [] }, options)) {
    if (found.kind === "object") objects.push(found.meta);
    else if (isAfter(found.directory.path, options.offset)) commonPrefixes.push(found.directory.path);
  }
  return { objects, commonPrefixes: commonPrefixes.sort(comparePaths) };
}

/** The directory of a prefix; a missing one, a file, or one outside lists as empty. */
async function resolveDirectory(area: Area, prefix: Path): Promise<string | undefined> {
  try {
    const real = await area.fs.realPath(area.disk(prefix));
    return area.contains(real) ? real : undefined;
  } catch (error) {
    if (isMissing(error) || codeOf(error) === "ENAMETOOLONG") return undefined;
    throw error;
  }
}

async function* look(
  area: Area,
  directory: Directory,
  options: WalkOptions,
): AsyncGenerator<Found, void, undefined> {
  let batch: DirectoryEntry[] = [];
  try {
    for await (const entry of area.fs.readDirectory(directory.real)) {
      options.signal?.throwIfAborted();
      if (batch.push(entry) < BATCH) continue;
      yield* await examine(area, directory, batch, options);
      batch = [];
    }
  } catch (error) {
    // Removed since its parent was read; or a file that a prefix names.
    if (!isMissing(error)) throw error;
  }
  options.signal?.throwIfAborted();
  yield* await examine(area, directory, batch, options);
}

async function examine(
  area: Area,
  directory: Directory,
  batch: readonly DirectoryEntry[],
  options: WalkOptions,
): Promise<Found[]> {
  const found = await Promise.all(batch.map((entry) => examineEntry(area, directory, entry, options)));
  return found.filter((item) => item !== undefined);
}

async function examineEntry(
  area: Area,
  directory: Directory,
  { name, kind }: DirectoryEntry,
  options: WalkOptions,
): Promise<Found | undefined> {
  if (kind === "other" || (kind === "file" && isReserved(name))) return undefined;
  const disk = childOf(directory.real, name, area.fs.windows);
  try {
    let { links } = directory;
    let real = disk;
    let stat: FileStat | undefined;
    if (kind === "symlink") {
      real = await area.fs.realPath(disk);
      if (!area.contains(real)) return undefined;
      stat = await area.fs.stat(real);
      kind = stat.kind;
      if (kind === "other" || (kind === "file" && isReserved(name))) return undefined;
      // A link to a directory the walk came through would be walked for ever.
      links = [...links, directory.real];
      if (kind === "directory" && links.some((from) => leadsTo(area, real, from))) return undefined;
    }
    const path = listedPath(segmentPrefix(directory.path) + name, options.invalidPaths, STORE);
    if (path === undefined) return undefined;
    if (kind === "directory") return { kind: "directory", directory: { path, real, links } };
    // Before the stat: it is the costly part.
    if (!isAfter(path, options.offset)) return undefined;
    return { kind: "object", meta: metaOf(path, stat ?? await area.fs.stat(disk)) };
  } catch (error) {
    // Vanished meanwhile, or a link that is broken or goes in a circle.
    if (!isMissing(error) && codeOf(error) !== "ELOOP") throw error;
    // A name that is not UTF-8 comes with replacement characters, under which it cannot be found again.
    if (name.includes("\ufffd")) {
      listedPath(`${segmentPrefix(directory.path)}${name}\0`, options.invalidPaths, STORE);
    }
    return undefined;
  }
}

/** Whether a directory is another one or lies above it. */
function leadsTo(area: Area, real: string, from: string): boolean {
  return from === real || from.startsWith(childOf(real, "", area.fs.windows));
}

/** Whether anything below a directory can come after the offset. */
function mayReach(directory: Path, offset: Path | undefined): boolean {
  if (offset === undefined) return true;
  const inside = segmentPrefix(directory);
  return offset.startsWith(inside) || comparePaths(inside, offset) > 0;
}
