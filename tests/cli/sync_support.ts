/** Synchronising stores in this process, and stores that are difficult. */
import { Context, type Location } from "../../src/cli/context.ts";
import { PartialFailure } from "../../src/cli/errors.ts";
import type { Runtime } from "../../src/cli/runtime.ts";
import { syncLocations, type SyncOptions } from "../../src/cli/sync/sync.ts";
import {
  collectList,
  type ObjectMeta,
  type ObjectStore,
  parsePath,
  type PathInput,
} from "../../src/store/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";

/** A place in a store. */
export function place(store: ObjectStore, path = ""): Location {
  return { store, path: parsePath(path), shown: `test://${path}`, directory: true, local: false };
}

/** What a run did. */
export interface SyncOutcome {
  readonly copied: number;
  readonly deleted: number;
  readonly unchanged: number;
  readonly failed: number;
  /** Lines of standard error. */
  readonly errors: string[];
  /** Whether it ended as a command with failures does. */
  readonly partial: boolean;
}

/** Runs a synchronisation and reads its summary. */
export async function syncStores(
  source: Location,
  destination: Location,
  options: Partial<SyncOptions> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<SyncOutcome> {
  const out: string[] = [];
  const errors: string[] = [];
  const stream = (lines: string[]) => ({
    isTerminal: false,
    columns: 80,
    write: (data: string | Uint8Array) => Promise.resolve(void lines.push(String(data))),
  });
  const runtime: Runtime = {
    args: [],
    stdout: stream(out),
    stderr: stream(errors),
    stdin: () => new Blob([]).stream(),
    environment: () => undefined,
    fileUrl: (path) => new URL(`file:///${path}`),
    isDirectory: () => Promise.resolve(true),
    onInterrupt: () => () => {},
  };
  let partial = false;
  try {
    await syncLocations(new Context(runtime, signal), {
      source,
      destination,
      comparison: "quick",
      delete: false,
      allowEmpty: false,
      dryRun: false,
      concurrency: 4,
      skipInvalid: false,
      filter: () => true,
      json: true,
      ...options,
    });
  } catch (error) {
    if (!(error instanceof PartialFailure)) throw error;
    partial = true;
  }
  const records = out.map((line) => JSON.parse(line));
  return { ...records.find(({ action }) => action === "summary"), errors, partial };
}

/** All objects below a prefix, as text by path. */
export async function contents(store: ObjectStore, prefix = ""): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const { location } of await collectList(store.list(prefix))) {
    all[prefix === "" ? location : location.slice(prefix.length + 1)] = await (await store.get(location))
      .text();
  }
  return all;
}

/** Puts objects of text. */
export async function fill(
  store: ObjectStore,
  objects: Readonly<Record<string, string>>,
  prefix = "",
): Promise<void> {
  for (const [path, text] of Object.entries(objects)) {
    await store.put(prefix === "" ? path : `${prefix}/${path}`, text);
  }
}

/**
 * Lets the clock go on, so that what is written now is newer than what was before; not to the full second, which would
 * pass for a time without fractions.
 */
export async function nextInstant(): Promise<void> {
  const before = Date.now();
  for (let now = before; now <= before || now % 1000 === 0 || now % 1000 > 900; now = Date.now()) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Lists in an order of its own. */
export class ShuffledStore extends MemoryStore {
  /** What it says of its order, which may be a lie. */
  override readonly listsInOrder: boolean;
  readonly #seed: number;

  constructor(seed: number, listsInOrder = false) {
    super();
    this.#seed = seed;
    this.listsInOrder = listsInOrder;
  }

  override async *list(prefix?: PathInput): AsyncGenerator<ObjectMeta> {
    const all = await collectList(super.list(prefix));
    let state = this.#seed;
    for (let i = all.length - 1; i > 0; i--) {
      state = (state * 1103515245 + 12345) % 2147483648;
      const j = state % (i + 1);
      [all[i], all[j]] = [all[j]!, all[i]!];
    }
    yield* all;
  }
}
