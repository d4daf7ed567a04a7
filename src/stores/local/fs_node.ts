/** The file system of Node, Deno and Bun, through `node:fs/promises`. Loaded when a local store is first used. */
import { constants, type Stats } from "node:fs";
import * as fs from "node:fs/promises";
import { resolve } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { DirectoryEntry, FileHandle, FileKind, FileStat, FileSystem, OpenMode } from "./fs.ts";

const WINDOWS = process.platform === "win32";

// O_NONBLOCK: opening a FIFO must not hang until somebody writes to it. O_NOFOLLOW: links are resolved, and checked,
// before. Windows has neither.
const READ = constants.O_RDONLY | (WINDOWS ? 0 : constants.O_NONBLOCK | constants.O_NOFOLLOW);

/** `node:fs/promises` as a {@linkcode FileSystem}. */
export const nodeFileSystem: FileSystem = {
  windows: WINDOWS,
  resolve: (path) => resolve(path),
  fromUrl: (url) => fileURLToPath(url),
  toUrl: (path) => pathToFileURL(path),
  open: async (path, mode) => new NodeFile(await fs.open(path, flags(mode))),
  async syncDirectory(path) {
    if (WINDOWS) return;
    const handle = await fs.open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  stat: async (path) => toStat(await fs.stat(path, { bigint: true })),
  lstat: async (path) => toStat(await fs.lstat(path, { bigint: true })),
  realPath: (path) => fs.realpath(path),
  async *readDirectory(path): AsyncGenerator<DirectoryEntry> {
    // The iterator closes the directory, also when its consumer stops early.
    for await (const entry of await fs.opendir(path, { bufferSize: 1024 })) {
      yield { name: entry.name, kind: kindOf(entry) };
    }
  },
  makeDirectory: (path) => fs.mkdir(path),
  removeDirectory: (path) => fs.rmdir(path),
  rename: (from, to) => fs.rename(from, to),
  link: (from, to) => fs.link(from, to),
  unlink: (path) => fs.unlink(path),
  copyFile: (from, to) => fs.copyFile(from, to, constants.COPYFILE_FICLONE),
};

function flags(mode: OpenMode): number {
  return mode === "read" ? READ : constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
}

/** An open file of `node:fs/promises`. */
class NodeFile implements FileHandle {
  readonly #handle: fs.FileHandle;

  constructor(handle: fs.FileHandle) {
    this.#handle = handle;
  }

  async read(buffer: Uint8Array, position: number): Promise<number> {
    return (await this.#handle.read(buffer, 0, buffer.byteLength, position)).bytesRead;
  }

  async write(buffer: Uint8Array, position: number): Promise<number> {
    return (await this.#handle.write(buffer, 0, buffer.byteLength, position)).bytesWritten;
  }

  async stat(): Promise<FileStat> {
    return toStat(await this.#handle.stat({ bigint: true }));
  }

  async setModified(millis: number): Promise<void> {
    // In the middle of the millisecond: a fraction of seconds is not exact, and must not be cut to the one before.
    const seconds = (millis + 0.5) / 1000;
    await this.#handle.utimes(seconds, seconds);
  }

  sync(): Promise<void> {
    return this.#handle.sync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

interface BigStat extends Pick<Stats, "isFile" | "isDirectory" | "isSymbolicLink"> {
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ino: bigint;
  readonly dev: bigint;
}

function toStat(stat: BigStat): FileStat {
  return {
    kind: kindOf(stat),
    size: Number(stat.size),
    mtimeMicros: stat.mtimeNs / 1000n,
    inode: stat.ino,
    device: stat.dev,
  };
}

function kindOf(entry: Pick<Stats, "isFile" | "isDirectory" | "isSymbolicLink">): FileKind {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "directory";
  return entry.isSymbolicLink() ? "symlink" : "other";
}
