/**
 * Makes a destination like a source: the two listings are merged, differences are copied concurrently as they are
 * found, and what only the destination has is deleted at the end. What an interrupted run leaves undone, the next
 * finds.
 */
import { NotFoundError, ObjectStoreError } from "../../store/error.ts";
import { concatPaths, type Path, stripPrefix } from "../../store/path.ts";
import { runTasks, type Task } from "../bulk.ts";
import { type Context, inOneStore, type Location, shownBelow } from "../context.ts";
import { errorRecord, PartialFailure, UsageError } from "../errors.ts";
import { count, formatDuration, formatSize } from "../format.ts";
import { createProgress, type Progress } from "../progress.ts";
import { transferOne } from "../transfer.ts";
import { type Comparison, sameByContent, sameByListing } from "./compare.ts";
import type { Entry } from "./entry.ts";
import { type ListingOptions, NotSorted, pairs, sortedListing } from "./sorted.ts";
import { Spill, SpillArea } from "./spill_node.ts";

/** What is to be done, and how. */
export interface SyncOptions {
  readonly source: Location;
  readonly destination: Location;
  readonly comparison: Comparison;
  /** Delete what only the destination has. */
  readonly delete: boolean;
  /** Delete even where the source has nothing at all. */
  readonly allowEmpty: boolean;
  readonly dryRun: boolean;
  readonly concurrency: number;
  readonly skipInvalid: boolean;
  /** Which paths are looked at, on either side. */
  readonly filter: (path: string) => boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** Objects that are sorted in memory at once, where a store lists in no order. */
  readonly runLength?: number;
}

/** Records of {@linkcode Spill} that stay in memory. */
const KEPT = 10_000;

/** Makes the destination like the source. @throws {PartialFailure} at the end, when anything failed. */
export async function syncLocations(context: Context, options: SyncOptions): Promise<void> {
  refuseOverlap(options);
  const started = performance.now();
  const progress = await createProgress(context.runtime, !options.quiet && !options.json && !options.dryRun);
  const area = new SpillArea();
  const run = new SyncRun(context, options, progress, area);
  let finished = false;
  try {
    await run.copy();
    if (options.delete) await run.delete();
    await run.retry();
    finished = true;
  } finally {
    progress.stop();
    // Node 22 does not know `await using`.
    await area[Symbol.asyncDispose]();
    if (finished) await run.summarize((performance.now() - started) / 1000);
  }
  if (run.failed > 0) throw new PartialFailure("");
}

class SyncRun {
  readonly #context: Context;
  readonly #options: SyncOptions;
  readonly #progress: Progress;
  readonly #area: SpillArea;
  /** Only at the destination. */
  #extra: Spill<Path>;
  /** Could not be written while something else was in the way. */
  readonly #blocked: Spill<Entry>;
  #sort = false;
  /** Whether times of the source have fractions of seconds. */
  #fine = false;
  #seen = 0;
  #unchanged = 0;
  #copied = 0;
  #bytes = 0;
  #deleted = 0;
  failed = 0;

  constructor(context: Context, options: SyncOptions, progress: Progress, area: SpillArea) {
    this.#context = context;
    this.#options = options;
    this.#progress = progress;
    this.#area = area;
    this.#extra = new Spill(area, KEPT);
    this.#blocked = new Spill(area, KEPT);
  }

  /** Copies what differs. */
  async copy(): Promise<void> {
    try {
      await this.#run(this.#differences());
    } catch (error) {
      if (!(error instanceof NotSorted)) throw error;
      // The service does not list as it should. What was copied is found unchanged by the second pass; nothing has been
      // deleted.
      this.#sort = true;
      this.#seen = this.#unchanged = 0;
      this.#extra = new Spill(this.#area, KEPT);
      await this.#run(this.#differences());
    }
    if (this.#seen === 0) await this.#checkEmpty();
  }

  /** Deletes what only the destination has. */
  async delete(): Promise<void> {
    const { destination, dryRun, json, quiet } = this.#options;
    if (this.#extra.length === 0) return;
    const context = this.#context;
    const shown = (path: Path) => shownBelow(destination, concatPaths(destination.path, path));
    if (dryRun) {
      for await (const path of this.#extra.read()) {
        this.#deleted++;
        if (json) await context.printJson({ action: "delete", object: shown(path), dryRun: true });
        else if (!quiet) await context.print(`would delete ${shown(path)}`);
      }
      return;
    }
    const paths = mapped(this.#extra.read(), (path) => concatPaths(destination.path, path));
    for await (const outcome of destination.store.deleteAll(paths, { signal: context.signal })) {
      const object = shownBelow(destination, outcome.path);
      if (outcome.ok || outcome.error instanceof NotFoundError) {
        this.#deleted++;
        if (json) await context.printJson({ action: "delete", object });
        continue;
      }
      context.signal.throwIfAborted();
      this.failed++;
      await context.report(outcome.error);
      if (json) await context.printJson({ action: "delete", object, error: errorRecord(outcome.error) });
    }
  }

  /** Copies what something was in the way of that is deleted by now. */
  async retry(): Promise<void> {
    if (this.#blocked.length > 0) await this.#run(this.#copies(this.#blocked.read()));
  }

  /** Tells what was done. */
  async summarize(seconds: number): Promise<void> {
    const { dryRun, json, quiet } = this.#options;
    const [copied, bytes, deleted] = [this.#copied, this.#bytes, this.#deleted];
    const [unchanged, failed] = [this.#unchanged, this.failed];
    if (json) {
      const record = { action: "summary", copied, bytes, deleted, unchanged, failed };
      return await this.#context.printJson(dryRun ? { ...record, dryRun } : record);
    }
    if (quiet && failed === 0) return;
    const parts = [
      `${dryRun ? "Would copy" : "Copied"} ${count(copied, "object")}, ${formatSize(bytes)}`,
      ...(this.#options.delete ? [`${dryRun ? "would delete" : "deleted"} ${deleted}`] : []),
      `${unchanged} unchanged`,
      ...(failed > 0 ? [`${failed} failed`] : []),
    ];
    await this.#context.note(`${parts.join("; ")}; in ${formatDuration(seconds)}`);
  }

  async #run(tasks: AsyncIterable<Task<Record<string, unknown>>>): Promise<void> {
    const { concurrency, json, dryRun, quiet } = this.#options;
    const context = this.#context;
    try {
      await runTasks(context, tasks, {
        concurrency,
        json,
        onDone: async (_task, record) => {
          if (record.action !== "copy") return;
          this.#copied++;
          this.#bytes += Number(record.size ?? 0);
          if (json) await context.printJson(record);
          else if (dryRun && !quiet) await context.print(`would copy ${record.from} to ${record.to}`);
        },
      });
    } catch (error) {
      // Reported one by one, and counted; the others went on.
      if (!(error instanceof PartialFailure)) throw error;
    }
  }

  /** A task for each object that differs, or whose bytes must be compared. */
  async *#differences(): AsyncGenerator<Task<Record<string, unknown>>> {
    const { source, destination, comparison, skipInvalid, filter, runLength } = this.#options;
    const listing: ListingOptions = {
      signal: this.#context.signal,
      skipInvalid,
      filter,
      runLength,
      area: this.#area,
      sort: this.#sort,
    };
    const both = pairs(sortedListing(source, listing), sortedListing(destination, listing));
    for await (const { source: from, destination: to } of both) {
      if (from === undefined) {
        if (this.#options.delete) await this.#extra.push(to!.path);
        continue;
      }
      this.#seen++;
      this.#fine ||= from.modified % 1000 !== 0;
      const same = to !== undefined && sameByListing(from, to, comparison, !this.#fine);
      if (same === true) this.#unchanged++;
      else if (same === false) yield this.#copyTask(from);
      else yield this.#compareTask(from, to!);
    }
  }

  async *#copies(entries: AsyncIterable<Entry>): AsyncGenerator<Task<Record<string, unknown>>> {
    for await (const entry of entries) yield this.#copyTask(entry, false);
  }

  #compareTask(from: Entry, to: Entry): Task<Record<string, unknown>> {
    const copy = this.#copyTask(from);
    const { source, destination } = this.#options;
    return {
      ...copy,
      run: async () => {
        const sides = { source, destination, signal: this.#context.signal };
        const same = await sameByContent(sides, from, to).catch((error) => this.#fail(error));
        if (!same) return await copy.run();
        this.#unchanged++;
        return { action: "none" };
      },
    };
  }

  #copyTask(entry: Entry, mayWait = this.#options.delete): Task<Record<string, unknown>> {
    const { source, destination, dryRun } = this.#options;
    const from = concatPaths(source.path, entry.path);
    const to = concatPaths(destination.path, entry.path);
    const shown = shownBelow(source, from);
    const record = { action: "copy", from: shown, to: shownBelow(destination, to), size: entry.size };
    return {
      action: "copy",
      shown,
      run: async () => {
        if (dryRun) return { ...record, dryRun };
        this.#progress.expect(entry.size);
        try {
          const item = { source, from, to, size: entry.size };
          const options = { destination, mode: "overwrite", move: false } as const;
          const { size, eTag } = await transferOne(this.#context, options, item, this.#progress);
          return { ...record, size, eTag };
        } catch (error) {
          if (!mayWait || !isInTheWay(error)) return this.#fail(error);
          await this.#blocked.push(entry);
          return { action: "none" };
        }
      },
    };
  }

  #fail(error: unknown): never {
    if (!this.#context.signal.aborted) this.failed++;
    throw error;
  }

  /** A source without objects may be a mistake: an object, or a name misspelt. */
  async #checkEmpty(): Promise<void> {
    const { source, destination, allowEmpty } = this.#options;
    if (source.path !== "" && await isObject(source, this.#context.signal)) {
      throw new UsageError(`Cannot synchronise "${source.shown}": it is one object; use storeport cp`);
    }
    if (this.#extra.length === 0 || allowEmpty) return;
    throw new UsageError(
      `Cannot delete all of "${destination.shown}": there is nothing at "${source.shown}"; if that is meant, add --allow-empty`,
    );
  }
}

async function isObject({ store, path }: Location, signal: AbortSignal): Promise<boolean> {
  try {
    await store.head(path, { signal });
    return true;
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}

/** Where objects are files, one may stand where a directory is to be, or the reverse. */
function isInTheWay(error: unknown): boolean {
  return error instanceof ObjectStoreError &&
    (["ENOTDIR", "EISDIR", "EEXIST", "ENOTEMPTY"].includes(error.code ?? "") ||
      [400, 405, 409].includes(error.status ?? 0));
}

/** What is written must not turn up in the listing that is read. */
function refuseOverlap({ source, destination }: SyncOptions): void {
  const within = stripPrefix(destination.path, source.path) !== undefined ||
    stripPrefix(source.path, destination.path) !== undefined;
  if (!within || !inOneStore(source, destination)) return;
  throw new UsageError(
    `Cannot synchronise "${source.shown}" with "${destination.shown}": one lies within the other`,
  );
}

async function* mapped<T, R>(
  items: AsyncIterable<T>,
  map: (item: T) => R,
): AsyncGenerator<R, void, undefined> {
  for await (const item of items) yield map(item);
}
