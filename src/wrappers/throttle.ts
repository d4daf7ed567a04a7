/** A store slowed down on purpose, for tests and benchmarks. */
import {
  type ByteRange,
  type CopyOptions,
  type DeleteOptions,
  type DeleteOutcome,
  type GetOptions,
  type GetRangesOptions,
  type GetResult,
  type ListOptions,
  type ListPage,
  type ListPageOptions,
  type ListResult,
  type MultipartUpload,
  type ObjectMeta,
  type ObjectStore,
  type ObjectWriter,
  type OperationOptions,
  type PartId,
  type PathInput,
  type PutMultipartOptions,
  type PutOptions,
  type PutPayload,
  type PutResult,
  wrapGetResult,
  type WriterOptions,
} from "../store/mod.ts";
import { ForwardingStore } from "./forward.ts";
import { mapWriter } from "./writer.ts";

/** How long operations wait, each in milliseconds; 0 by default. */
export interface ThrottleOptions {
  /** Before a `get`, `getRange`, `getRanges` or `head`. */
  readonly getPerCall?: number;
  /** For each byte that is read. */
  readonly getPerByte?: number;
  /** Before a `put`, `copy`, `rename`, part of an upload or writer. */
  readonly putPerCall?: number;
  /** Before each deletion. */
  readonly deletePerCall?: number;
  /** Before a `list` gives its first object, and before a page. */
  readonly listPerCall?: number;
  /** For each object of a `list` or a page. */
  readonly listPerEntry?: number;
  /** Before a `listWithDelimiter`. */
  readonly listWithDelimiterPerCall?: number;
  /** For each object of a `listWithDelimiter`. */
  readonly listWithDelimiterPerEntry?: number;
}

/**
 * A store that waits before and during the operations of another, to see how a program fares with a slow one. Signals
 * end the waiting. Starting, completing and aborting an upload does not wait.
 *
 * @example
 * ```ts
 * import { MemoryStore, ThrottledStore } from "@storeport/storeport";
 * const slow = new ThrottledStore(new MemoryStore(), { putPerCall: 5, getPerByte: 0.001 });
 * await slow.put("a", "after 5 ms");
 * ```
 */
export class ThrottledStore extends ForwardingStore {
  /** See {@linkcode ObjectStore.name}. */
  override readonly name: string;
  readonly #times: ThrottleOptions;

  /** Around `inner`. */
  constructor(inner: ObjectStore, times: ThrottleOptions) {
    super(inner);
    this.#times = { ...times };
    this.name = `ThrottledStore(${inner.name})`;
  }

  /** See {@linkcode ObjectStore.put}. */
  override async put(path: PathInput, payload: PutPayload, options?: PutOptions): Promise<PutResult> {
    await this.#wait(this.#times.putPerCall, options);
    return await super.put(path, payload, options);
  }

  /** See {@linkcode ObjectStore.get}. */
  override async get(path: PathInput, options?: GetOptions): Promise<GetResult> {
    await this.#wait(this.#times.getPerCall, options);
    const result = await super.get(path, options);
    return wrapGetResult(result, {
      hooks: { chunk: (chunk) => this.#wait(this.#times.getPerByte, options, chunk.byteLength) },
    });
  }

  /** See {@linkcode ObjectStore.getRange}. */
  override async getRange(
    path: PathInput,
    range: ByteRange,
    options?: OperationOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    await this.#wait(this.#times.getPerCall, options);
    const bytes = await super.getRange(path, range, options);
    await this.#wait(this.#times.getPerByte, options, bytes.byteLength);
    return bytes;
  }

  /** See {@linkcode ObjectStore.getRanges}. One call, and all bytes. */
  override async getRanges(
    path: PathInput,
    ranges: readonly ByteRange[],
    options?: GetRangesOptions,
  ): Promise<Uint8Array<ArrayBuffer>[]> {
    await this.#wait(this.#times.getPerCall, options);
    const results = await super.getRanges(path, ranges, options);
    const total = results.reduce((sum, bytes) => sum + bytes.byteLength, 0);
    await this.#wait(this.#times.getPerByte, options, total);
    return results;
  }

  /** See {@linkcode ObjectStore.head}. */
  override async head(path: PathInput, options?: GetOptions): Promise<ObjectMeta> {
    await this.#wait(this.#times.getPerCall, options);
    return await super.head(path, options);
  }

  /** See {@linkcode ObjectStore.delete}. */
  override async delete(path: PathInput, options?: DeleteOptions): Promise<void> {
    await this.#wait(this.#times.deletePerCall, options);
    await super.delete(path, options);
  }

  /** See {@linkcode ObjectStore.deleteAll}. Waits for each path. */
  override async *deleteAll(
    paths: Iterable<PathInput> | AsyncIterable<PathInput>,
    options?: OperationOptions,
  ): AsyncIterable<DeleteOutcome> {
    for await (const outcome of super.deleteAll(paths, options)) {
      await this.#wait(this.#times.deletePerCall, options);
      yield outcome;
    }
  }

  /** See {@linkcode ObjectStore.list}. */
  override list(prefix?: PathInput, options?: ListOptions): AsyncIterable<ObjectMeta> {
    return this.#slowly(super.list(prefix, options), options);
  }

  /** See {@linkcode ObjectStore.listWithDelimiter}. */
  override async listWithDelimiter(prefix?: PathInput, options?: ListOptions): Promise<ListResult> {
    await this.#wait(this.#times.listWithDelimiterPerCall, options);
    const result = await super.listWithDelimiter(prefix, options);
    await this.#wait(this.#times.listWithDelimiterPerEntry, options, result.objects.length);
    return result;
  }

  /** See {@linkcode ObjectStore.copy}. */
  override async copy(from: PathInput, to: PathInput, options?: CopyOptions): Promise<void> {
    await this.#wait(this.#times.putPerCall, options);
    await super.copy(from, to, options);
  }

  /** See {@linkcode ObjectStore.rename}. */
  override async rename(from: PathInput, to: PathInput, options?: CopyOptions): Promise<void> {
    await this.#wait(this.#times.putPerCall, options);
    await super.rename(from, to, options);
  }

  /** See {@linkcode ObjectStore.putMultipart}. Each part waits like a put, all of them at once. */
  override async putMultipart(path: PathInput, options?: PutMultipartOptions): Promise<MultipartUpload> {
    const upload = await super.putMultipart(path, options);
    return {
      putPart: async (part, options) => {
        // Handed on before the wait: the order of calls is the order of bytes.
        const put = upload.putPart(part, options);
        await Promise.all([put, this.#wait(this.#times.putPerCall, options)]);
      },
      complete: (options) => upload.complete(options),
      abort: (options) => upload.abort(options),
    };
  }

  /** See {@linkcode ObjectStore.writer}. Waits once, like a put. */
  override writer(path: PathInput, options?: WriterOptions): ObjectWriter {
    return mapWriter(super.writer(path, options), {
      begin: (signal) => this.#wait(this.#times.putPerCall, { signal }),
    });
  }

  /** See {@linkcode ForwardingStore.putPart}. */
  override async putPart(
    path: PathInput,
    id: string,
    index: number,
    part: Uint8Array | readonly Uint8Array[],
    options?: OperationOptions,
  ): Promise<PartId> {
    await this.#wait(this.#times.putPerCall, options);
    return await super.putPart(path, id, index, part, options);
  }

  /** See {@linkcode ForwardingStore.listPage}. */
  override async listPage(prefix?: string, options?: ListPageOptions): Promise<ListPage> {
    await this.#wait(this.#times.listPerCall, options);
    const page = await super.listPage(prefix, options);
    await this.#wait(this.#times.listPerEntry, options, page.result.objects.length);
    return page;
  }

  async *#slowly(
    items: AsyncIterable<ObjectMeta>,
    options: OperationOptions | undefined,
  ): AsyncGenerator<ObjectMeta, void, undefined> {
    await this.#wait(this.#times.listPerCall, options);
    for await (const item of items) {
      await this.#wait(this.#times.listPerEntry, options);
      yield item;
    }
  }

  async #wait(unit: number | undefined, options: OperationOptions | undefined, count = 1): Promise<void> {
    const time = (unit ?? 0) * count;
    if (time <= 0) return;
    const signal = options?.signal;
    await new Promise<void>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      }, time);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}
