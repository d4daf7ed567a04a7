/** Reading one large object by concurrent ranges. */
import { mapConcurrent } from "./concurrency.ts";
import { VersionPin } from "./coalesce.ts";
import { GenericError, InvalidRangeError, NotSupportedError } from "./error.ts";
import type { ObjectStore } from "./object_store.ts";
import type { PathInput } from "./path.ts";
import { type ByteRange, type GetRange, resolveRange } from "./range.ts";
import { makeGetResult, wrapGetResult } from "./result.ts";
import type { GetOptions, GetResult, Progress } from "./types.ts";

/** Options of {@linkcode parallelGet}. */
export interface ParallelGetOptions extends GetOptions {
  /** Bytes fetched by one request. Default 8 MiB. */
  readonly partSize?: number;
  /** Requests under way, or answered and not yet taken, at once. Default 6. */
  readonly concurrency?: number;
  /** Told of the bytes handed to the reader. */
  readonly onProgress?: (progress: Progress) => void;
}

/** Bytes fetched by one request of {@linkcode parallelGet}, by default: 8 MiB. */
export const DEFAULT_PARALLEL_PART: number = 8 * 1024 * 1024;
/** Requests of {@linkcode parallelGet} at once, by default. */
export const DEFAULT_PARALLEL_CONCURRENCY = 6;

const STORE = "ParallelGet";

/**
 * A `get` whose body is fetched by several ranged requests at once and delivered in order, all of one version of the
 * object. At most `concurrency` × `partSize` bytes are held. An object of one part is read as usual; so is one whose
 * server knows no ranges.
 *
 * The body fails with `PreconditionError` when the object changes meanwhile.
 *
 * @example
 * ```ts
 * import { MemoryStore, parallelGet } from "@storeport/storeport";
 * const store = new MemoryStore();
 * await store.put("large", new Uint8Array(1_000_000));
 * const { body } = await parallelGet(store, "large", { partSize: 100_000, concurrency: 4 });
 * let bytes = 0;
 * for await (const chunk of body) bytes += chunk.byteLength;
 * console.assert(bytes === 1_000_000);
 * ```
 */
export async function parallelGet(
  store: Pick<ObjectStore, "get" | "head">,
  path: PathInput,
  options: ParallelGetOptions = {},
): Promise<GetResult> {
  const {
    partSize = DEFAULT_PARALLEL_PART,
    concurrency = DEFAULT_PARALLEL_CONCURRENCY,
    onProgress,
    ...rest
  } = options;
  // Ends all requests of this read, the first included, when one fails or the reader leaves.
  const stop = new AbortController();
  const get = { ...rest, signal: rest.signal ? AbortSignal.any([rest.signal, stop.signal]) : stop.signal };
  for (const [name, value] of Object.entries({ partSize, concurrency })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new GenericError(
        `Cannot read "${path}" in parts: "${name}" is "${value}", not a positive whole number`,
        { store: STORE, path: String(path) },
      );
    }
  }
  const first = await firstPart(store, path, get, partSize);
  const wanted = get.head ? first.range : resolveRange(get.range, first.meta.size);
  if (first.range.start === wanted.start && first.range.end >= wanted.end) {
    return onProgress ? withProgress(first, onProgress) : first;
  }
  const pin = new VersionPin({ store: STORE, path: String(path) });
  await pin.check(first);
  const parts = new PartReader(store, path, get, pin, first, wanted, partSize, stop);
  const result = makeGetResult({
    meta: first.meta,
    range: wanted,
    attributes: first.attributes,
    response: first.response,
    store: STORE,
    signal: rest.signal,
    body: {
      stream: () => parts.stream(concurrency),
      bytes: () => parts.bytes(concurrency),
    },
  });
  return onProgress ? withProgress(result, onProgress) : result;
}

/** The first part of what is wanted, or all of it where it cannot be had in parts. */
async function firstPart(
  store: Pick<ObjectStore, "get" | "head">,
  path: PathInput,
  options: GetOptions,
  partSize: number,
): Promise<GetResult> {
  const range = await firstRange(store, path, options, partSize);
  if (range === undefined) return await store.get(path, options);
  try {
    return await store.get(path, { ...options, range });
  } catch (error) {
    // An empty object has no first part; a server without ranges none at all.
    const whole = options.range === undefined &&
      (error instanceof NotSupportedError ||
        (error instanceof InvalidRangeError && !(Number(error.size) > 0)));
    if (!whole) throw error;
    return await store.get(path, options);
  }
}

async function firstRange(
  store: Pick<ObjectStore, "head">,
  path: PathInput,
  options: GetOptions,
  partSize: number,
): Promise<GetRange | undefined> {
  const { range, ...conditions } = options;
  if (options.head) return undefined;
  if (range === undefined) return { start: 0, end: partSize };
  if ("offset" in range) return { start: range.offset, end: range.offset + partSize };
  if ("start" in range) return { start: range.start, end: Math.min(range.end, range.start + partSize) };
  const { start, end } = resolveRange(range, (await store.head(path, conditions)).size);
  return start === end ? undefined : { start, end: Math.min(end, start + partSize) };
}

/** The parts of one read, fetched ahead of their reader. */
class PartReader {
  readonly #store: Pick<ObjectStore, "get">;
  readonly #path: PathInput;
  readonly #options: GetOptions;
  readonly #pin: VersionPin;
  readonly #first: GetResult;
  readonly #wanted: ByteRange;
  readonly #partSize: number;
  readonly #stop: AbortController;

  constructor(
    store: Pick<ObjectStore, "get">,
    path: PathInput,
    options: GetOptions,
    pin: VersionPin,
    first: GetResult,
    wanted: ByteRange,
    partSize: number,
    stop: AbortController,
  ) {
    this.#store = store;
    this.#path = path;
    this.#options = options;
    this.#pin = pin;
    this.#first = first;
    this.#wanted = wanted;
    this.#partSize = partSize;
    this.#stop = stop;
  }

  /** All parts into one buffer, each straight to its place. */
  async bytes(concurrency: number): Promise<Uint8Array<ArrayBuffer>> {
    const { start, end } = this.#wanted;
    const target = new Uint8Array(end - start);
    const indices = Array.from({ length: this.#count }, (_, index) => index);
    await mapConcurrent(indices, concurrency, async (index, _, signal) => {
      target.set(await this.#fetch(index, signal), this.#startOf(index) - start);
    }, this.#options.signal);
    return target;
  }

  stream(concurrency: number): ReadableStream<Uint8Array> {
    const stop = this.#stop;
    const ahead: Promise<Uint8Array>[] = [];
    let started = 0;
    const end = async (reason: unknown) => {
      stop.abort(reason);
      if (started === 0) await this.#first.body.cancel(reason).catch(() => {});
      await Promise.allSettled(ahead);
    };
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        while (started < this.#count && ahead.length < concurrency) {
          const part = this.#fetch(started++, this.#options.signal);
          // Reported when its turn comes.
          part.catch(() => {});
          ahead.push(part);
        }
        const part = ahead.shift();
        if (!part) return controller.close();
        try {
          controller.enqueue(await part);
        } catch (error) {
          if (stop.signal.aborted) return;
          await end(error);
          throw error;
        }
      },
      cancel: end,
    }, { highWaterMark: 0 });
  }

  get #count(): number {
    return Math.ceil((this.#wanted.end - this.#wanted.start) / this.#partSize);
  }

  #startOf(index: number): number {
    return this.#wanted.start + index * this.#partSize;
  }

  async #fetch(index: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    if (index === 0) return await this.#first.bytes();
    const start = this.#startOf(index);
    const range = { start, end: Math.min(start + this.#partSize, this.#wanted.end) };
    const result = await this.#store.get(this.#path, { ...this.#pin.pinned(this.#options), range, signal });
    await this.#pin.check(result);
    return await result.bytes();
  }
}

function withProgress(result: GetResult, onProgress: (progress: Progress) => void): GetResult {
  const total = result.range.end - result.range.start;
  let transferred = 0;
  return wrapGetResult(result, {
    hooks: {
      chunk: (chunk) => onProgress({ transferred: transferred += chunk.byteLength, total }),
    },
  });
}
