/** Mutual exclusion of writers to one file: in this process for all of them, between processes for updates. */
import { GenericError } from "../../store/error.ts";
import { codeOf, type FileSystem } from "./fs.ts";
import { childOf, stagingName, STORE } from "./names.ts";

/** Ends of the queues of writers, by the file's path on disk; shared by all stores of the process. */
const queues = new Map<string, Promise<void>>();

/** Runs `work` when all earlier writers to the same file, in this process, are done. */
export async function exclusively<T>(file: string, work: () => Promise<T>): Promise<T> {
  const result = (queues.get(file) ?? Promise.resolve()).then(work);
  const end = result.then(() => {}, () => {});
  queues.set(file, end);
  try {
    return await result;
  } finally {
    if (queues.get(file) === end) queues.delete(file);
  }
}

/** A lock older than this was left by a process that died: the work under a lock is two or three system calls. */
const STALE_MILLIS = 10_000;
const LONGEST_PAUSE_MILLIS = 50;

/**
 * Runs `work` while holding the lock file `<name>#0`, which other processes that update the same file wait for.
 *
 * @throws {GenericError} when the lock cannot be had within 30 seconds.
 */
export async function withLockFile<T>(
  fs: FileSystem,
  directory: string,
  name: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const file = childOf(directory, stagingName(name, 0), fs.windows);
  await acquire(fs, file, name, signal);
  try {
    return await work();
  } finally {
    await fs.unlink(file).catch(() => {});
  }
}

async function acquire(
  fs: FileSystem,
  file: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const giveUp = Date.now() + 3 * STALE_MILLIS;
  for (let pause = 1;; pause = Math.min(pause * 2, LONGEST_PAUSE_MILLIS)) {
    signal?.throwIfAborted();
    try {
      await (await fs.open(file, "create")).close();
      return;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    if (Date.now() > giveUp) {
      throw new GenericError(`Cannot update "${name}": other processes hold its lock all the time`, {
        store: STORE,
        path: name,
      });
    }
    if (!await breakStale(fs, file)) await delay(pause * (0.5 + Math.random()));
  }
}

/** Removes a lock whose owner died. Of several that try, one succeeds: a file can be renamed away only once. */
async function breakStale(fs: FileSystem, file: string): Promise<boolean> {
  try {
    const seen = await fs.lstat(file);
    if (Date.now() - Number(seen.mtimeMicros / 1000n) < STALE_MILLIS) return false;
    const aside = `${file}${Math.floor(Math.random() * 2 ** 40)}`;
    await fs.rename(file, aside);
    const moved = await fs.lstat(aside);
    // Between the look and the rename another process broke the lock and took it: give it back.
    if (moved.inode !== seen.inode || moved.mtimeMicros !== seen.mtimeMicros) {
      await fs.link(aside, file).catch(() => {});
    }
    await fs.unlink(aside);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return true;
    throw error;
  }
}

function delay(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
