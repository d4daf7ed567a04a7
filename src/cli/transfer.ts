/** Copying and moving objects between any two stores: `get`, `put`, `cp` and `mv`. */
import { AlreadyExistsError, NotFoundError, PreconditionError } from "../store/error.ts";
import type { ObjectStore } from "../store/object_store.ts";
import { concatPaths, fileNameOf, parsePath, type Path, stripPrefix } from "../store/path.ts";
import type { GetRange } from "../store/range.ts";
import { wrapStream } from "../store/stream.ts";
import type { Attributes, ObjectMeta, PutMode } from "../store/types.ts";
import { runTasks, type Task } from "./bulk.ts";
import { type Context, inOneStore, type Location, shownBelow } from "./context.ts";
import { UsageError } from "./errors.ts";
import { count, formatDuration, formatSize } from "./format.ts";
import { createProgress, type Progress } from "./progress.ts";

/** What is to be transferred, and how. */
export interface TransferOptions {
  readonly sources: readonly Location[];
  readonly destination: Location;
  /** Delete each source once its copy is there. */
  readonly move: boolean;
  readonly recursive: boolean;
  readonly dryRun: boolean;
  readonly concurrency: number;
  readonly mode: PutMode;
  /** Only this part of each object. */
  readonly range?: GetRange;
  /** Set on the copies; win over those of the source. */
  readonly attributes?: Attributes;
  /** Options of the stores. */
  readonly option?: Readonly<Record<string, string>>;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** One object and where it goes. */
export interface TransferItem {
  readonly source: Location;
  readonly from: Path;
  readonly to: Path;
  readonly size: number | undefined;
}

/** Transfers objects; see {@linkcode runTasks} for what a failure does. */
export async function transfer(context: Context, options: TransferOptions): Promise<void> {
  refuseIntoItself(options);
  const started = performance.now();
  const progress = await createProgress(context.runtime, !options.quiet && !options.json && !options.dryRun);
  let bytes = 0;
  let objects = 0;
  try {
    await runTasks(context, tasks(context, options, progress), {
      concurrency: options.concurrency,
      json: options.json,
      onDone: async (_task, record) => {
        objects++;
        bytes += Number(record.size ?? 0);
        if (options.json) await context.printJson(record);
        else if (options.dryRun && !options.quiet) {
          await context.print(`would ${record.action} ${record.from} to ${record.to}`);
        }
      },
    });
  } finally {
    progress.stop();
    const seconds = (performance.now() - started) / 1000;
    if (options.recursive && objects > 0 && !options.quiet && !options.json && !options.dryRun) {
      const done = options.move ? "Moved" : "Copied";
      await context.note(
        `${done} ${count(objects, "object")}, ${formatSize(bytes)}, in ${formatDuration(seconds)}`,
      );
    }
  }
}

/** What `--json` says of an object transferred. */
type TransferRecord = Readonly<Record<string, string | number | boolean | undefined>>;

async function* tasks(
  context: Context,
  options: TransferOptions,
  progress: Progress,
): AsyncGenerator<Task<TransferRecord>> {
  const action = options.move ? "move" : "copy";
  for await (const item of items(context, options)) {
    const shown = shownBelow(item.source, item.from);
    const target = shownBelow(options.destination, item.to);
    // Of an object that no listing told of the size comes with its first bytes.
    if (item.size !== undefined) progress.expect(item.size);
    yield {
      action,
      shown,
      run: async () => {
        const record = { action, from: shown, to: target, size: item.size };
        if (options.dryRun) {
          // What is not there cannot be copied: a dry run says so too.
          const { size } = item.size === undefined
            ? await item.source.store.head(item.from, { signal: context.signal })
            : { size: item.size };
          await checkMode(options.destination.store, item.to, options.mode, context.signal);
          return { ...record, size, dryRun: true };
        }
        const { size, eTag } = await transferOne(context, options, item, progress);
        return { ...record, size, eTag };
      },
    };
  }
}

/** All objects to transfer, as the listings tell of them. */
async function* items(context: Context, options: TransferOptions): AsyncGenerator<TransferItem> {
  const { sources, destination } = options;
  const several = sources.length > 1;
  if (several && !options.recursive && !destination.directory) {
    throw new UsageError(
      `Cannot write several objects to "${destination.shown}": end it with "/" to make it a directory`,
    );
  }
  for (const source of sources) {
    const name = fileNameOf(source.path);
    let found = false;
    if (options.recursive) {
      const below = several && name !== undefined
        ? concatPaths(destination.path, parsePath(name))
        : destination.path;
      for await (const meta of source.store.list(source.path, { signal: context.signal })) {
        found = true;
        const to = concatPaths(below, stripPrefix(meta.location, source.path)!);
        yield { source, from: meta.location, to, size: meta.size };
      }
    }
    // A recursive transfer of what is no directory is one of an object.
    if (found || (options.recursive && source.path === "")) continue;
    if (name === undefined) {
      throw new UsageError(`Cannot transfer "${source.shown}": it is no object; use -r`);
    }
    const to = destination.directory ? concatPaths(destination.path, parsePath(name)) : destination.path;
    if (!options.recursive || await exists(context, source)) {
      yield { source, from: source.path, to, size: undefined };
    }
  }
}

async function exists(context: Context, source: Location): Promise<boolean> {
  try {
    await source.store.head(source.path, { signal: context.signal });
    return true;
  } catch (error) {
    // An empty directory is no failure; a name that stands for nothing is.
    if (error instanceof NotFoundError && source.directory) return false;
    throw error;
  }
}

/** Copies or moves one object: within its store where both are one, else through this machine. */
export async function transferOne(
  context: Context,
  options: Pick<TransferOptions, "destination" | "mode" | "range" | "attributes" | "move">,
  item: TransferItem,
  progress: Progress,
): Promise<{ size: number | undefined; eTag?: string }> {
  const { destination, mode } = options;
  const { source, from, to } = item;
  const { signal } = context;
  const within = source.store === destination.store && typeof mode === "string" &&
    options.range === undefined &&
    options.attributes === undefined;
  if (within) {
    if (options.move) await source.store.rename(from, to, { mode, signal });
    else await source.store.copy(from, to, { mode, signal });
    progress.add(item.size ?? 0);
    return { size: item.size };
  }
  const result = await source.store.get(from, { range: options.range, signal });
  const size = result.range.end - result.range.start;
  if (item.size === undefined) progress.expect(size);
  const body = wrapStream(result.body, { chunk: (chunk) => progress.add(chunk.byteLength) });
  const attributes = mergeAttributes(result.attributes, options.attributes);
  const { eTag } = await destination.store.put(to, body, { mode, attributes, signal, size });
  if (options.move) await deleteMoved(source, result.meta, signal);
  return { size, eTag };
}

/**
 * What a write in this mode would be refused for, found out without writing.
 *
 * @throws {AlreadyExistsError} where something is there that may not be replaced.
 * @throws {PreconditionError} where what is there is another version.
 */
export async function checkMode(
  store: ObjectStore,
  path: Path,
  mode: PutMode,
  signal: AbortSignal,
): Promise<void> {
  if (mode === "overwrite") return;
  const there = await store.head(path, { signal }).catch((error) => {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  });
  const at = { store: store.name, path };
  if (mode === "create") {
    if (there !== undefined) throw new AlreadyExistsError(`Cannot create "${path}": it exists already`, at);
  } else if (there?.eTag !== mode.update.eTag) {
    throw new PreconditionError(
      `Cannot replace "${path}": it does not have the ETag ${mode.update.eTag}`,
      at,
    );
  }
}

/**
 * Deletes what has been copied, unless it is another by now: somebody's new version is not ours to delete, and where the
 * destination is the source under another name, what would be deleted is the copy.
 *
 * @throws {PreconditionError} where it is.
 */
async function deleteMoved(source: Location, copied: ObjectMeta, signal: AbortSignal): Promise<void> {
  const { store } = source;
  const path = copied.location;
  const now = await store.head(path, { signal });
  const same = now.eTag === copied.eTag && now.version === copied.version && now.size === copied.size &&
    now.lastModified.getTime() === copied.lastModified.getTime();
  if (!same) {
    throw new PreconditionError(
      `Cannot delete "${shownBelow(source, path)}", which has been copied: it was replaced meanwhile, ` +
        "or the destination is the same object under another name; it is left as it is",
      { store: store.name, path },
    );
  }
  await store.delete(path, { signal });
}

function mergeAttributes(own: Attributes, given: Attributes | undefined): Attributes {
  const merged = { ...own, ...given };
  return own.metadata || given?.metadata
    ? { ...merged, metadata: { ...own.metadata, ...given?.metadata } }
    : merged;
}

/**
 * A copy of a directory into itself would find its own copies and never end; one of an object changes nothing, unless
 * something about it is to be changed: its attributes, or by an option its storage class or encryption.
 */
function refuseIntoItself(options: TransferOptions): void {
  const { sources, destination, recursive, move } = options;
  const changes = [options.range, options.attributes, move ? undefined : options.option];
  for (const source of sources) {
    if (!inOneStore(source, destination)) continue;
    if (!recursive) {
      const name = fileNameOf(source.path);
      const to = destination.directory && name !== undefined
        ? concatPaths(destination.path, parsePath(name))
        : destination.path;
      if (to !== source.path || changes.some((change) => change !== undefined)) continue;
      throw new UsageError(`Cannot ${move ? "move" : "copy"} "${source.shown}" to itself`);
    }
    const below = stripPrefix(destination.path, source.path);
    if (below !== undefined) {
      throw new UsageError(
        `Cannot transfer "${source.shown}" to "${destination.shown}", which lies within it`,
      );
    }
  }
}
