/** Renames and deletions within one tree. */
import { AlreadyExistsError, GenericError, PreconditionError } from "../../store/error.ts";
import type { Path } from "../../store/path.ts";
import { matchesETag } from "../../store/preconditions.ts";
import type { CopyMode } from "../../store/types.ts";
import { type Area, checkFile, type WriteDirectory } from "./area.ts";
import { isADirectory, notAFile, storeError } from "./errors.ts";
import { codeOf, type FileStat } from "./fs.ts";
import { exclusively, withLockFile } from "./lock.ts";
import { eTagOf, sameFile } from "./meta.ts";
import { childOf, splitDisk, STORE } from "./names.ts";
import { linkError, Staging } from "./staging.ts";

/** What deletions and renames leave to be decided. */
export interface MoveOptions {
  readonly fsync: boolean;
  /** Remove directories left empty. */
  readonly cleanup: boolean;
  readonly signal?: AbortSignal;
}

/** A name in its directory, and what is there; a link is the link itself. */
interface Entry {
  readonly directory: string;
  readonly name: string;
  readonly file: string;
  readonly stat: FileStat;
}

/** Removes a file, or a link but not what it points at. */
export async function deleteFile(
  area: Area,
  path: Path,
  options: MoveOptions & { readonly ifMatch?: string },
): Promise<void> {
  const { fs } = area;
  const { ifMatch } = options;
  const entry = await entryOf(area, path, "delete");
  await exclusively(entry.file, async () => {
    if (ifMatch === undefined) return await fs.unlink(entry.file);
    await withLockFile(fs, entry.directory, entry.name, options.signal, async () => {
      const eTag = eTagOf(await area.stat(path, "delete"));
      if (!matchesETag(ifMatch, eTag)) {
        throw new PreconditionError(
          `Cannot delete ${JSON.stringify(path)}: its ETag ${eTag} is not among ${ifMatch}`,
          { store: STORE, path },
        );
      }
      await fs.unlink(entry.file);
    });
  });
  if (options.cleanup) await removeEmpty(area, entry.directory, path);
}

/**
 * Copies a file. The bytes are the copy's own: a hard link would let later writes through the one show in the other.
 */
export async function copyFile(
  area: Area,
  from: Path,
  to: Path,
  mode: CopyMode,
  options: MoveOptions,
): Promise<void> {
  const source = await area.resolve(from, "copy");
  checkFile(await area.fs.stat(source), from, "copy");
  await towards("copy to", to, async () => {
    const staging = await Staging.create(area, to, "copy to", mode);
    try {
      await staging.copyFrom(source);
      await staging.commit({ mode, fsync: options.fsync, signal: options.signal });
    } catch (error) {
      await staging.discard();
      throw error;
    }
  });
}

/** Moves a file in one step, or by copy and deletion where the two lie on different file systems. */
export async function renameFile(
  area: Area,
  from: Path,
  to: Path,
  mode: CopyMode,
  options: MoveOptions,
): Promise<void> {
  const source = await entryOf(area, from, "rename");
  const { name } = splitDisk(area.disk(to), area.fs.windows);
  const { made, how } = await towards(
    "rename to",
    to,
    () =>
      area.inDirectoryOf(to, "rename to", async (made) => {
        const target = childOf(made.directory, name, area.fs.windows);
        // Two paths of one file, through a linked directory: nothing to move.
        if (target === source.file && mode === "overwrite") return { made, how: "nothing" };
        // A link would no longer point at the same file from elsewhere: its contents are moved.
        const done = source.stat.kind !== "symlink" && await moved(area, source, target, to, mode);
        return { made, how: done ? "moved" : "copy" };
      }, () => isThere(area, source.file)),
  );
  if (how === "nothing") return;
  if (how === "copy") {
    await copyFile(area, from, to, mode, options);
    await area.fs.unlink(source.file);
  }
  if (options.fsync) await syncMoved(area, source, made);
  if (options.cleanup) await removeEmpty(area, source.directory, from);
}

async function isThere(area: Area, file: string): Promise<boolean> {
  return await area.fs.lstat(file).then(() => true, () => false);
}

/** Moves by the file system's own means; `false` where it cannot, because the two lie on different ones. */
async function moved(
  area: Area,
  source: Entry,
  target: string,
  to: Path,
  mode: CopyMode,
): Promise<boolean> {
  const { fs } = area;
  if (source.file === target) checkTarget(source.stat, to, mode);
  // Always in the same order, or two renames in opposite directions would wait for each other.
  const [first, second] = source.file < target ? [source.file, target] : [target, source.file];
  return await exclusively(first, () =>
    exclusively(second, async () => {
      const there = await fs.lstat(target).catch((error) => {
        if (codeOf(error) === "ENOENT") return undefined;
        throw error;
      });
      checkTarget(there, to, mode);
      try {
        if (mode === "create") {
          await fs.link(source.file, target);
          await fs.unlink(source.file);
        } else if (there && sameFile(there, source.stat)) {
          // Two names of one file: rename(2) would leave both.
          await fs.unlink(source.file);
        } else {
          await fs.rename(source.file, target);
        }
        return true;
      } catch (error) {
        if (codeOf(error) === "EXDEV") return false;
        throw mode === "create" ? linkError(error, to, "rename to") : error;
      }
    }));
}

/** Failures from here on are the destination's. */
async function towards<T>(action: string, to: Path, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeError(error, action, to, "write");
  }
}

function checkTarget(there: FileStat | undefined, to: Path, mode: CopyMode): void {
  const context = { store: STORE, path: to };
  const failed = `Cannot rename to ${JSON.stringify(to)}`;
  if (there?.kind === "directory") {
    throw new GenericError(`${failed}: a directory of that name is there`, { ...context, code: "EISDIR" });
  }
  if (there && mode === "create") throw new AlreadyExistsError(`${failed}: it exists already`, context);
}

async function syncMoved(area: Area, source: Entry, made: WriteDirectory): Promise<void> {
  await area.fs.syncDirectory(made.directory);
  for (const created of made.created) {
    await area.fs.syncDirectory(splitDisk(created, area.fs.windows).directory);
  }
  if (source.directory !== made.directory) await area.fs.syncDirectory(source.directory);
}

async function entryOf(area: Area, path: Path, action: string): Promise<Entry> {
  const directory = await area.directoryOf(path, action);
  const { name } = splitDisk(area.disk(path), area.fs.windows);
  const file = childOf(directory, name, area.fs.windows);
  // Looked at first: some platforms' unlink removes empty directories, and rename moves whole trees.
  const stat = await area.fs.lstat(file);
  if (stat.kind === "directory") throw isADirectory(action, path);
  if (stat.kind === "other") throw notAFile(action, path);
  return { directory, name, file, stat };
}

/** Removes directories from here up to the root while they are empty. */
async function removeEmpty(area: Area, directory: string, path: Path): Promise<void> {
  // Reached through a link: removing the directory would break the link.
  if (splitDisk(area.disk(path), area.fs.windows).directory !== directory) return;
  for (let at = directory; at.length > area.root.length; at = splitDisk(at, area.fs.windows).directory) {
    try {
      await area.fs.removeDirectory(at);
    } catch (error) {
      // Not empty, or not ours to remove: the deletion itself is done.
      if (codeOf(error) !== "ENOENT") return;
    }
  }
}
