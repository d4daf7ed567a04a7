/** What store cases are run against, and what they are written with. */
import {
  assert,
  assertEquals,
  assertRejects,
  type ConformanceCase,
  type ErrorClass,
} from "../../testing/assert.ts";
import { NotFoundError, NotSupportedError, type ObjectStoreError } from "../error.ts";
import { collectList, sortByLocation } from "../list.ts";
import type { ObjectStore } from "../object_store.ts";
import { concatPaths, parsePath, type Path } from "../path.ts";
import type { ListOptions, ObjectMeta } from "../types.ts";

/**
 * What a store may lack. A case that needs such a thing is not left out: it checks that the store refuses with
 * `NotSupportedError`, except for those marked *, which are promises that can only be kept or not made.
 *
 * - `put-create`, `update`: put modes. `conditional-copy`: copy and rename in create mode.
 * - `conditional-delete`: delete with `ifMatch`. `version`: reading old versions.
 * - `attributes`, `metadata` (user metadata), `suffix-range`.
 * - `multipart`; `multipart-mode`: a put mode checked at completion. `last-wins`*: the second of two uploads replaces
 *   the first.
 * - `multipart-ids`, `pages`, `signing`: the further interfaces of `capabilities.ts`.
 * - `raw-keys`: keys that are not valid paths.
 * - `list-order`*: listings in byte order. `snapshot`*: a listing shows nothing written after it began.
 * - `etag`*: every object has a strong ETag that changes with it. `no-directories`*: prefixes vanish with their last
 *   object. `response`*: results carry the HTTP response.
 */
export type StoreFeature =
  | "put-create"
  | "update"
  | "conditional-copy"
  | "conditional-delete"
  | "version"
  | "attributes"
  | "metadata"
  | "suffix-range"
  | "multipart"
  | "multipart-mode"
  | "last-wins"
  | "multipart-ids"
  | "pages"
  | "signing"
  | "raw-keys"
  | "list-order"
  | "snapshot"
  | "etag"
  | "no-directories"
  | "response";

/** What store cases are run against. */
export interface StoreContext {
  /** The store; it need not be empty. */
  readonly store: ObjectStore;
  /** What it lacks. Default: nothing. */
  readonly lacks?: readonly StoreFeature[];
  /** Smallest part that is not the last, in bytes. Default 5 MiB, as on the cloud stores. */
  readonly minPartSize?: number;
  /** A prefix that no other case uses. Default: a random one. */
  readonly freshPrefix?: () => string;
  /** Opens a signed URL; needed where the store signs. */
  readonly fetch?: typeof fetch;
}

/** A case at work: its store, its own prefix and shorthands. */
export class StoreTrial {
  readonly store: ObjectStore;
  readonly context: StoreContext;
  /** Everything the case writes lies below it. */
  readonly prefix: Path;
  /** Smallest part that is not the last. */
  readonly partSize: number;

  constructor(context: StoreContext) {
    this.context = context;
    this.store = context.store;
    this.partSize = context.minPartSize ?? 5 * 1024 * 1024;
    this.prefix = parsePath(context.freshPrefix?.() ?? `conformance-${crypto.randomUUID()}`);
  }

  /** A path of this case. */
  path(name: string): Path {
    return concatPaths(this.prefix, parsePath(name));
  }

  lacks(feature: StoreFeature): boolean {
    return this.context.lacks?.includes(feature) ?? false;
  }

  /** The whole object as text. */
  async text(path: Path): Promise<string> {
    return await (await this.store.get(path)).text();
  }

  /** All objects below a prefix, sorted, so that stores without an order pass. */
  async list(prefix: Path = this.prefix, options?: ListOptions): Promise<ObjectMeta[]> {
    return sortByLocation(await collectList(this.store.list(prefix, options)));
  }

  async locations(prefix: Path = this.prefix, options?: ListOptions): Promise<string[]> {
    return (await this.list(prefix, options)).map((meta) => meta.location);
  }

  /** Checks that the store refuses, as it must where it lacks something. */
  async refused(action: () => unknown): Promise<void> {
    await this.fails(action, NotSupportedError);
  }

  /**
   * Checks that an action fails with an error of this class that says which store it is from.
   *
   * @param path If given, the error's path must be this.
   */
  async fails<C extends ErrorClass<ObjectStoreError>>(
    action: () => unknown,
    expected: C | readonly C[],
    path?: Path,
  ): Promise<InstanceType<C>> {
    const error = await assertRejects(action, expected);
    assertEquals(error.name, error.constructor.name, "Name of the error");
    assert(error.store !== "", "the error names no store");
    assert(error.message !== "", "the error has no message");
    if (path !== undefined) assertEquals(error.path, path, "Path of the error");
    return error;
  }

  /**
   * Checks that a write that was given up leaves no object. Servers that hear of it only by a lost connection (Apache
   * shows an empty file meanwhile) have a second for it.
   */
  async leavesNothing(path: Path): Promise<void> {
    const end = Date.now() + 1000;
    const missing = () => this.store.head(path).then(() => false, (error) => error instanceof NotFoundError);
    while (Date.now() < end && !(await missing())) await new Promise((resolve) => setTimeout(resolve, 10));
    await this.fails(() => this.store.head(path), NotFoundError, path);
  }

  /** Removes what the case has written. */
  async cleanUp(): Promise<void> {
    const paths: Path[] = [];
    for await (const { location } of this.store.list(this.prefix)) paths.push(location);
    for await (const _ of this.store.deleteAll(paths)) { /* what could not be deleted does not matter */ }
  }
}

/** Makes a case of a function over a {@linkcode StoreTrial}; what it wrote is removed afterwards. */
export function storeCase(
  name: string,
  run: (trial: StoreTrial) => Promise<void>,
  needs?: readonly StoreFeature[],
): ConformanceCase<StoreContext> {
  return {
    name,
    needs,
    async run(context) {
      if (needs?.some((feature) => context.lacks?.includes(feature))) return;
      const trial = new StoreTrial(context);
      try {
        await run(trial);
      } catch (error) {
        // What went wrong first is what counts.
        await trial.cleanUp().catch(() => {});
        throw error;
      }
      await trial.cleanUp();
    },
  };
}

/** Bytes that differ at every offset nearby: position and seed both show. */
export function pattern(length: number, seed = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >>> 8) * 7 + seed * 101) & 0xff;
  return bytes;
}

/** A stream of these chunks, one a pull; `onCancel` hears when its reader leaves. */
export function streamOf(
  chunks: Iterable<Uint8Array>,
  onCancel?: (reason: unknown) => void,
): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.iterator]();
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const { done, value } = iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: onCancel,
  }, { highWaterMark: 0 });
}

/** A stream that delivers these chunks and then fails. */
export function failingStream(chunks: Iterable<Uint8Array>, error: unknown): ReadableStream<Uint8Array> {
  return streamOf((function* () {
    yield* chunks;
    throw error;
  })());
}

/** The error of an abort, to be found again by identity. */
export class StopError extends Error {
  override readonly name = "StopError";
}
