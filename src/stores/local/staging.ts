/** Files being written: invisible beside their destination until they take its place in one step. */
import { AlreadyExistsError, GenericError, NotSupportedError, PreconditionError } from "../../store/error.ts";
import { parseETag, strongMatch } from "../../store/etag.ts";
import type { Path } from "../../store/path.ts";
import type { PutMode, PutResult, UpdateVersion } from "../../store/types.ts";
import type { Area } from "./area.ts";
import { codeOf, type FileHandle, type FileStat, isMissing } from "./fs.ts";
import { exclusively, withLockFile } from "./lock.ts";
import { eTagOf } from "./meta.ts";
import { childOf, splitDisk, stagingName, STORE } from "./names.ts";

/** How a write shall end. */
export interface CommitOptions {
  readonly mode: PutMode;
  /** Bring file and directory to the disk before the write counts as done. */
  readonly fsync: boolean;
  readonly signal?: AbortSignal;
}

/** Numbers 1 to this are tried in order; when so many writes are under way, random ones. */
const ORDERED_NUMBERS = 8;

/** How coarse file systems count time, in milliseconds: most, ext3 and HFS+, FAT. */
const TICKS = [1, 1000, 2000];

/** Every file that is being written, to be removed if its owner is dropped without ending it. */
const dropped = new FinalizationRegistry<{ file: OpenStaging }>(({ file }) => {
  file.discard().catch(() => {});
});

/** A new file beside its destination. */
export class Staging {
  readonly #file: OpenStaging;

  private constructor(file: OpenStaging) {
    this.#file = file;
    dropped.register(this, { file }, this);
  }

  /**
   * Makes the file and the directories it needs. A write that is bound to fail, because of its mode or because a
   * directory is in the way, fails here, before any byte is written.
   */
  static async create(area: Area, path: Path, action: string, mode: PutMode): Promise<Staging> {
    const { name } = splitDisk(area.disk(path), area.fs.windows);
    return await area.inDirectoryOf(path, action, async ({ directory, created }) => {
      const target = childOf(directory, name, area.fs.windows);
      const there = await lookUp(area, target);
      checkMode(mode, there, path, action);
      if (there?.kind === "directory") throw directoryInTheWay(path, action);
      return new Staging(await OpenStaging.create(area, { path, action, directory, target, name, created }));
    });
  }

  /** Writes all of a chunk at an offset; chunks at different offsets may be written at once. */
  async write(chunk: Uint8Array, position: number): Promise<void> {
    await this.#file.write(chunk, position);
  }

  /**
   * Puts the file in its destination's place. When that fails the staging file remains, for another try or
   * {@linkcode discard}.
   */
  async commit(options: CommitOptions): Promise<PutResult> {
    const result = await this.#file.commit(options);
    dropped.unregister(this);
    return result;
  }

  /** Replaces the contents by a copy of another file. */
  async copyFrom(source: string): Promise<void> {
    await this.#file.copyFrom(source);
  }

  /** Closes and removes the file; does nothing after a commit or another discard. */
  async discard(): Promise<void> {
    dropped.unregister(this);
    await this.#file.discard();
  }
}

interface Target {
  readonly path: Path;
  readonly action: string;
  readonly directory: string;
  readonly target: string;
  readonly name: string;
  readonly created: readonly string[];
}

/** The staging file itself; knows nothing of its owner, which may be dropped. */
class OpenStaging {
  readonly #area: Area;
  readonly #to: Target;
  readonly #staged: string;
  #handle: FileHandle | undefined;
  #ended = false;

  private constructor(area: Area, to: Target, staged: string, handle: FileHandle) {
    this.#area = area;
    this.#to = to;
    this.#staged = staged;
    this.#handle = handle;
  }

  static async create(area: Area, to: Target): Promise<OpenStaging> {
    for (let n = 1;; n++) {
      const number = n <= ORDERED_NUMBERS ? n : 1 + Math.floor(Math.random() * 2 ** 48);
      const staged = childOf(to.directory, stagingName(to.name, number), area.fs.windows);
      try {
        const file = new OpenStaging(area, to, staged, await area.fs.open(staged, "create"));
        try {
          await area.checkUnmoved(to.directory, to.path, to.action);
        } catch (error) {
          await file.discard();
          throw error;
        }
        return file;
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw error;
      }
    }
  }

  async write(chunk: Uint8Array, position: number): Promise<void> {
    const handle = this.#open();
    let done = 0;
    while (done < chunk.byteLength) {
      done += await handle.write(done === 0 ? chunk : chunk.subarray(done), position + done);
    }
  }

  async copyFrom(source: string): Promise<void> {
    await this.#open().close();
    this.#handle = undefined;
    const { fs } = this.#area;
    await fs.copyFile(source, this.#staged);
    // A clone may have taken the file's place, so it is opened anew; for reading, since permissions are copied too.
    this.#handle = await fs.open(this.#staged, "read");
    // Where blocks are shared the time is the source's.
    await this.#handle.setModified(Date.now());
  }

  async commit(options: CommitOptions): Promise<PutResult> {
    const { fs } = this.#area;
    const { path, action, directory, target, name, created } = this.#to;
    if (this.#ended) this.#open();
    if (options.fsync) await this.#handle?.sync();
    await this.#area.checkUnmoved(directory, path, action);
    options.signal?.throwIfAborted();
    const eTag = await exclusively(
      target,
      () =>
        typeof options.mode === "string"
          ? this.#replace(options.mode)
          : withLockFile(fs, directory, name, options.signal, () => this.#replace(options.mode)),
    );
    this.#ended = true;
    if (options.fsync) {
      await fs.syncDirectory(directory);
      for (const made of created) await fs.syncDirectory(splitDisk(made, fs.windows).directory);
    }
    return { eTag };
  }

  async discard(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#close().catch(() => {});
    await this.#area.fs.unlink(this.#staged).catch((error) => {
      if (!isMissing(error)) throw error;
    });
  }

  async #replace(mode: PutMode): Promise<string> {
    const { fs } = this.#area;
    const { path, action, target } = this.#to;
    const there = await lookUp(this.#area, target);
    checkMode(mode, there, path, action);
    const eTag = await this.#freeze(there);
    if (mode !== "create") {
      await fs.rename(this.#staged, target);
      return eTag;
    }
    try {
      await fs.link(this.#staged, target);
    } catch (error) {
      throw linkError(error, path, action);
    }
    // The object is there; a staging file that cannot be removed is no failure of the write.
    await fs.unlink(this.#staged).catch(() => {});
    return eTag;
  }

  /**
   * Ends the writing. File systems reuse inodes at once and many count time in steps of milliseconds, so a version of
   * the same size could repeat the ETag of the last but one: a version is always dated after the one it replaces.
   */
  async #freeze(there: FileStat | undefined): Promise<string> {
    const handle = this.#handle;
    // Closed by an earlier try that then could not rename.
    if (!handle) return eTagOf(await this.#area.fs.lstat(this.#staged));
    let stat = await handle.stat();
    for (const step of TICKS) {
      if (!there || millis(stat) > millis(there)) break;
      await handle.setModified(millis(there) + step);
      stat = await handle.stat();
    }
    // Network file systems tell of a full disk as late as here.
    await this.#close();
    return eTagOf(stat);
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  #open(): FileHandle {
    if (this.#handle && !this.#ended) return this.#handle;
    throw new GenericError(
      `Cannot ${this.#to.action} ${JSON.stringify(this.#to.path)}: the write has ended`,
      {
        store: STORE,
        path: this.#to.path,
      },
    );
  }
}

/** What is at a destination, if anything: a link counts as what it points at. */
async function lookUp(area: Area, target: string): Promise<FileStat | undefined> {
  try {
    return await area.fs.stat(target);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    // A link in a circle is replaced like any other.
    if (codeOf(error) === "ELOOP") return undefined;
    throw error;
  }
}

function checkMode(mode: PutMode, there: FileStat | undefined, path: Path, action: string): void {
  if (mode === "overwrite") return;
  if (mode === "create") {
    if (there?.kind === "directory") throw directoryInTheWay(path, action);
    if (there) {
      throw new AlreadyExistsError(`Cannot ${action} ${JSON.stringify(path)}: it exists already`, {
        store: STORE,
        path,
      });
    }
    return;
  }
  checkVersion(mode.update, there, path, action);
}

/**
 * Holds a file against the version that somebody expects.
 *
 * @throws {PreconditionError} where it is another, or missing.
 * @throws {GenericError} for a version without an ETag.
 */
export function checkVersion(
  version: UpdateVersion,
  there: FileStat | undefined,
  path: Path,
  action: string,
): void {
  const options = { store: STORE, path };
  const failed = `Cannot ${action} ${JSON.stringify(path)}`;
  if (version.eTag === undefined) {
    throw new GenericError(`${failed}: the version to replace has no ETag`, options);
  }
  if (there?.kind !== "file") throw new PreconditionError(`${failed}: it does not exist`, options);
  const current = eTagOf(there);
  if (!strongMatch(parseETag(version.eTag), parseETag(current))) {
    throw new PreconditionError(`${failed}: its ETag is ${current}, not ${version.eTag}`, options);
  }
}

/** What a failed hard link means. */
export function linkError(error: unknown, path: Path, action: string): unknown {
  const code = codeOf(error);
  const options = { store: STORE, path, cause: error, code };
  const failed = `Cannot ${action} ${JSON.stringify(path)}`;
  if (code === "EEXIST") return new AlreadyExistsError(`${failed}: it exists already`, options);
  if (code === "EPERM" || code === "ENOTSUP" || code === "EOPNOTSUPP" || code === "ENOSYS") {
    return new NotSupportedError(
      `${failed} only if it does not exist: the file system has no hard links; use mode "overwrite"`,
      options,
    );
  }
  return error;
}

function directoryInTheWay(path: Path, action: string): GenericError {
  return new GenericError(`Cannot ${action} ${JSON.stringify(path)}: a directory of that name is there`, {
    store: STORE,
    path,
    code: "EISDIR",
  });
}

function millis(stat: FileStat): number {
  return Number(stat.mtimeMicros / 1000n);
}
