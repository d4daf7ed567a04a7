/** The directory tree a local store may touch: names are resolved here, and links that lead out of it refused. */
import { GenericError, NotFoundError } from "../../store/error.ts";
import type { Path } from "../../store/path.ts";
import { isADirectory, notAFile, outside, storeError } from "./errors.ts";
import { codeOf, type FileHandle, type FileStat, type FileSystem, isMissing } from "./fs.ts";
import { childOf, splitDisk, STORE, toDisk } from "./names.ts";

/** How often an operation starts anew when names change under its feet. */
const ATTEMPTS = 32;

/** A directory to write in. */
export interface WriteDirectory {
  /** Its path with all links resolved. */
  readonly directory: string;
  /** Directories made for it, topmost first. */
  readonly created: readonly string[];
}

/** An open file with what is known of it. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly stat: FileStat;
}

/**
 * The tree below a root.
 *
 * Every name is resolved to a path without links and checked to lie below the root before it is used. A directory
 * swapped for a link between the two is noticed after the file is open. What JavaScript cannot see (there is no
 * `openat2`) is somebody who swaps it there and back within that instant; whoever must withstand that needs the
 * operating system's isolation.
 */
export class Area {
  /** The file system. */
  readonly fs: FileSystem;
  /** The root, without links. */
  readonly root: string;
  readonly #below: string;

  /** `root` must be without links. */
  constructor(fs: FileSystem, root: string) {
    this.fs = fs;
    this.root = root;
    this.#below = childOf(root, "", fs.windows);
  }

  /** Whether a path without links lies in the tree. */
  contains(real: string): boolean {
    return real === this.root || real.startsWith(this.#below);
  }

  /** Where a path would lie on disk, links unresolved. */
  disk(path: Path): string {
    return toDisk(this.root, path, this.fs.windows);
  }

  /**
   * The path on disk, without links, of something that exists.
   *
   * @throws {PermissionDeniedError} where a link leads out of the tree.
   */
  async resolve(path: Path, action: string): Promise<string> {
    const real = await this.fs.realPath(this.disk(path));
    if (!this.contains(real)) throw outside(action, path);
    return real;
  }

  /** What is known of the file behind a path, links followed. */
  async stat(path: Path, action: string): Promise<FileStat> {
    const stat = await this.fs.stat(await this.resolve(path, action));
    checkFile(stat, path, action);
    return stat;
  }

  /** Opens the file behind a path for reading, links followed. */
  async open(path: Path, action: string): Promise<OpenFile> {
    for (let attempt = 1;; attempt++) {
      const real = await this.resolve(path, action);
      let handle: FileHandle;
      try {
        handle = await this.fs.open(real, "read");
      } catch (error) {
        // Since it was resolved, a link was put in its place.
        if (codeOf(error) === "ELOOP" && attempt < ATTEMPTS) continue;
        // ENXIO: a socket.
        if (codeOf(error) === "ENXIO") throw notAFile(action, path);
        throw error;
      }
      try {
        const [stat] = await Promise.all([
          handle.stat(),
          this.checkUnmoved(splitDisk(real, this.fs.windows).directory, path, action),
        ]);
        checkFile(stat, path, action);
        return { handle, stat };
      } catch (error) {
        await handle.close();
        throw error;
      }
    }
  }

  /** Checks that a directory resolved earlier has not been swapped for a link since. */
  async checkUnmoved(directory: string, path: Path, action: string): Promise<void> {
    // Nothing lies outside of a whole file system, and Deno may allow to read a file but not its directory.
    if (directory.length <= this.root.length || this.root === this.#below) return;
    let real: string;
    try {
      real = await this.fs.realPath(directory);
    } catch (error) {
      // Gone as a whole: then nothing was swapped.
      if (isMissing(error)) return;
      throw error;
    }
    if (real !== directory) throw outside(action, path);
  }

  /**
   * The directory a path's file lies in.
   *
   * @throws {PermissionDeniedError} where a link leads out of the tree.
   */
  async directoryOf(path: Path, action: string): Promise<string> {
    return await this.resolve(parent(path), action);
  }

  /**
   * Does something in the directory that a path's file lies in, made where it is missing. Where somebody's clean-up
   * removes it meanwhile it is done again.
   *
   * @param isGone Asked where `work` fails with `ENOENT`: whether that is for the directory, and not for something else
   *   that `work` needs.
   * @throws {PermissionDeniedError} where a link leads out of the tree.
   */
  async inDirectoryOf<T>(
    path: Path,
    action: string,
    work: (made: WriteDirectory) => Promise<T>,
    isGone: () => Promise<boolean> = () => Promise.resolve(true),
  ): Promise<T> {
    for (let attempt = 1;; attempt++) {
      const created: string[] = [];
      let directory: string | undefined;
      try {
        directory = await this.#make(parent(path), path, action, created);
        return await work({ directory, created });
      } catch (error) {
        if (codeOf(error) !== "ENOENT" || attempt === ATTEMPTS) throw error;
        if (directory !== undefined && !await isGone()) throw error;
      }
    }
  }

  async #make(directory: Path, path: Path, action: string, created: string[]): Promise<string> {
    try {
      const real = await this.fs.realPath(this.disk(directory));
      if (!this.contains(real)) throw outside(action, path);
      return real;
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      if (directory === "") throw rootMissing(this.root, error);
    }
    const above = await this.#make(parent(directory), path, action, created);
    const name = toDisk("", directory.slice(directory.lastIndexOf("/") + 1) as Path, this.fs.windows).slice(
      1,
    );
    const made = childOf(above, name, this.fs.windows);
    try {
      await this.fs.makeDirectory(made);
      created.push(made);
      return made;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    // Made by somebody else meanwhile, or a link that points nowhere.
    const real = await this.fs.realPath(made).catch(async (cause) => {
      // Removed again, if not even the link is there.
      await this.fs.lstat(made);
      throw new GenericError(
        `Cannot ${action} ${JSON.stringify(path)}: a part of its path is a broken link`,
        {
          store: STORE,
          path,
          cause,
        },
      );
    });
    if (!this.contains(real)) throw outside(action, path);
    return real;
  }
}

/** The error for a root that is not there. */
export function rootMissing(root: string, cause: unknown): NotFoundError {
  return new NotFoundError(
    `Cannot open the store: its root directory ${JSON.stringify(root)} does not exist`,
    {
      store: STORE,
      cause,
    },
  );
}

/** Opens the tree below a root, which must be a directory. */
export async function openArea(fs: FileSystem, root: string, create: boolean): Promise<Area> {
  const absolute = fs.resolve(root);
  // A whole file system is there and has no links; Deno may not allow to look at it, but at a part of it.
  if (fs.resolve(childOf(absolute, "..", fs.windows)) === absolute) return new Area(fs, absolute);
  if (create) await makeDirectories(fs, absolute);
  let real: string;
  try {
    real = await fs.realPath(absolute);
    if ((await fs.stat(real)).kind !== "directory") {
      throw Object.assign(new Error("Not a directory"), { code: "ENOTDIR" });
    }
  } catch (error) {
    if (codeOf(error) === "ENOENT") throw rootMissing(absolute, error);
    if (codeOf(error) === "ENOTDIR") {
      throw new GenericError(
        `Cannot open the store: its root ${JSON.stringify(absolute)} is not a directory`,
        {
          store: STORE,
          cause: error,
        },
      );
    }
    throw storeError(error, "open the store at", absolute);
  }
  return new Area(fs, real);
}

async function makeDirectories(fs: FileSystem, directory: string): Promise<void> {
  try {
    await fs.makeDirectory(directory);
  } catch (error) {
    if (codeOf(error) === "EEXIST") return;
    const above = splitDisk(directory, fs.windows).directory;
    if (codeOf(error) !== "ENOENT" || above === directory) {
      throw storeError(error, "make the store's root", directory, "write");
    }
    await makeDirectories(fs, above);
    await makeDirectories(fs, directory);
  }
}

/** Refuses what is no regular file. */
export function checkFile(stat: FileStat, path: Path, action: string): void {
  if (stat.kind === "directory") throw isADirectory(action, path);
  if (stat.kind !== "file") throw notAFile(action, path);
}

function parent(path: Path): Path {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0)) as Path;
}
