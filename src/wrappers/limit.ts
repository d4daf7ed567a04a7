/** A store that limits concurrent operations. */
import {
  asMultipartStore,
  asPaginatedListStore,
  asSigner,
  type ByteRange,
  type CopyOptions,
  type DeleteOptions,
  type DeleteOutcome,
  GenericError,
  type GetOptions,
  type GetRangesOptions,
  type GetResult,
  type ListOptions,
  type ListPage,
  type ListPageOptions,
  type ListResult,
  type MultipartStore,
  type MultipartUpload,
  type ObjectMeta,
  type ObjectStore,
  type ObjectWriter,
  type OperationOptions,
  type PaginatedListStore,
  type PartId,
  type PathInput,
  type PutMultipartOptions,
  type PutOptions,
  type PutPayload,
  type PutResult,
  type Signer,
  type SignOptions,
  wrapGetResult,
  type WriterOptions,
} from "../store/mod.ts";
import { Semaphore } from "./semaphore.ts";
import { LimitedUpload, Turn } from "./turn.ts";
import { mapWriter } from "./writer.ts";

/**
 * A store that lets at most so many operations of another be under way; further ones wait their turn, in order.
 *
 * An operation holds one permit: a `get` until its body has been read or cancelled, an upload for each part, completion
 * and abort, a `getRanges` one in all. Listings and `deleteAll` hold theirs only while they are at work for their
 * reader, and not while they wait for it or for their input: so a store limited to one operation can delete what it
 * lists. Signing needs no permit.
 *
 * @example
 * ```ts
 * import { LimitStore, MemoryStore } from "@storeport/storeport";
 * const store = new LimitStore(new MemoryStore(), 2);
 * await Promise.all([1, 2, 3].map((i) => store.put(`object-${i}`, "two at a time")));
 * ```
 */
export class LimitStore implements ObjectStore, MultipartStore, PaginatedListStore, Signer {
  /** See {@linkcode ObjectStore.name}. */
  readonly name: string;
  readonly #inner: ObjectStore;
  readonly #permits: Semaphore;

  /**
   * At most `maxOperations` of `inner`.
   *
   * @throws {GenericError} unless it is a positive whole number.
   */
  constructor(inner: ObjectStore, maxOperations: number) {
    if (!Number.isSafeInteger(maxOperations) || maxOperations < 1) {
      throw new GenericError(
        `Cannot limit a store to "${maxOperations}" operations: give a positive number`,
        {
          store: "LimitStore",
        },
      );
    }
    this.#inner = inner;
    this.#permits = new Semaphore(maxOperations);
    this.name = `LimitStore(${maxOperations}, ${inner.name})`;
  }

  /** See {@linkcode ObjectStore.put}. */
  put(path: PathInput, payload: PutPayload, options?: PutOptions): Promise<PutResult> {
    return this.#call(() => this.#inner.put(path, payload, options), options);
  }

  /** See {@linkcode ObjectStore.get}. Holds its permit until the body has been read or cancelled. */
  async get(path: PathInput, options?: GetOptions): Promise<GetResult> {
    await this.#permits.acquire(options?.signal);
    let result: GetResult;
    try {
      result = await this.#inner.get(path, options);
    } catch (error) {
      this.#permits.release();
      throw error;
    }
    if (options?.head || result.range.start === result.range.end) {
      // There is nothing to read, so perhaps nobody will.
      this.#permits.release();
      return result;
    }
    let held = true;
    const done = () => {
      if (held) this.#permits.release();
      held = false;
      options?.signal?.removeEventListener("abort", done);
    };
    // An aborted body has ended, whether anyone reads it or not.
    options?.signal?.addEventListener("abort", done, { once: true });
    return wrapGetResult(result, { hooks: { done } });
  }

  /** See {@linkcode ObjectStore.getRange}. */
  getRange(path: PathInput, range: ByteRange, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer>> {
    return this.#call(() => this.#inner.getRange(path, range, options), options);
  }

  /** See {@linkcode ObjectStore.getRanges}. */
  getRanges(
    path: PathInput,
    ranges: readonly ByteRange[],
    options?: GetRangesOptions,
  ): Promise<Uint8Array<ArrayBuffer>[]> {
    return this.#call(() => this.#inner.getRanges(path, ranges, options), options);
  }

  /** See {@linkcode ObjectStore.head}. */
  head(path: PathInput, options?: GetOptions): Promise<ObjectMeta> {
    return this.#call(() => this.#inner.head(path, options), options);
  }

  /** See {@linkcode ObjectStore.delete}. */
  delete(path: PathInput, options?: DeleteOptions): Promise<void> {
    return this.#call(() => this.#inner.delete(path, options), options);
  }

  /** See {@linkcode ObjectStore.deleteAll}. */
  deleteAll(
    paths: Iterable<PathInput> | AsyncIterable<PathInput>,
    options?: OperationOptions,
  ): AsyncIterable<DeleteOutcome> {
    const turn = new Turn(this.#permits, options?.signal);
    return turn.output(this.#inner.deleteAll(turn.input(paths), options));
  }

  /** See {@linkcode ObjectStore.list}. */
  list(prefix?: PathInput, options?: ListOptions): AsyncIterable<ObjectMeta> {
    return new Turn(this.#permits, options?.signal).output(this.#inner.list(prefix, options));
  }

  /** See {@linkcode ObjectStore.listWithDelimiter}. */
  listWithDelimiter(prefix?: PathInput, options?: ListOptions): Promise<ListResult> {
    return this.#call(() => this.#inner.listWithDelimiter(prefix, options), options);
  }

  /** See {@linkcode ObjectStore.copy}. */
  copy(from: PathInput, to: PathInput, options?: CopyOptions): Promise<void> {
    return this.#call(() => this.#inner.copy(from, to, options), options);
  }

  /** See {@linkcode ObjectStore.rename}. */
  rename(from: PathInput, to: PathInput, options?: CopyOptions): Promise<void> {
    return this.#call(() => this.#inner.rename(from, to, options), options);
  }

  /** See {@linkcode ObjectStore.putMultipart}. Each part, completion and abort takes a permit of its own. */
  async putMultipart(path: PathInput, options?: PutMultipartOptions): Promise<MultipartUpload> {
    const upload = await this.#call(() => this.#inner.putMultipart(path, options), options);
    return new LimitedUpload(upload, this.#permits);
  }

  /** See {@linkcode ObjectStore.writer}. Holds one permit from the first write to the end. */
  writer(path: PathInput, options?: WriterOptions): ObjectWriter {
    let state: "idle" | "holding" | "ended" = "idle";
    return mapWriter(this.#inner.writer(path, options), {
      begin: async (signal) => {
        await this.#permits.acquire(signal);
        if (state === "ended") this.#permits.release();
        else state = "holding";
      },
      done: () => {
        if (state === "holding") this.#permits.release();
        state = "ended";
      },
    });
  }

  /** See {@linkcode ObjectStore.listsInOrder}. */
  get listsInOrder(): boolean {
    return this.#inner.listsInOrder ?? false;
  }

  /** See {@linkcode ObjectStore.close}. */
  close(): void {
    this.#inner.close();
  }

  /** See {@linkcode ObjectStore.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** See {@linkcode MultipartStore.createMultipart}. */
  createMultipart(path: PathInput, options?: PutMultipartOptions): Promise<string> {
    return this.#call(() => asMultipartStore(this.#inner).createMultipart(path, options), options);
  }

  /** See {@linkcode MultipartStore.putPart}. */
  putPart(
    path: PathInput,
    id: string,
    index: number,
    part: Uint8Array | readonly Uint8Array[],
    options?: OperationOptions,
  ): Promise<PartId> {
    return this.#call(() => asMultipartStore(this.#inner).putPart(path, id, index, part, options), options);
  }

  /** See {@linkcode MultipartStore.completeMultipart}. */
  completeMultipart(
    path: PathInput,
    id: string,
    parts: readonly PartId[],
    options?: OperationOptions,
  ): Promise<PutResult> {
    return this.#call(
      () => asMultipartStore(this.#inner).completeMultipart(path, id, parts, options),
      options,
    );
  }

  /** See {@linkcode MultipartStore.abortMultipart}. */
  abortMultipart(path: PathInput, id: string, options?: OperationOptions): Promise<void> {
    return this.#call(() => asMultipartStore(this.#inner).abortMultipart(path, id, options), options);
  }

  /** See {@linkcode PaginatedListStore.listPage}. */
  listPage(prefix?: string, options?: ListPageOptions): Promise<ListPage> {
    return this.#call(() => asPaginatedListStore(this.#inner).listPage(prefix, options), options);
  }

  /** See {@linkcode Signer.signedUrl}. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  async signedUrl(
    method: string,
    path: PathInput,
    expiresIn: number,
    options?: SignOptions,
  ): Promise<string> {
    return asSigner(this.#inner).signedUrl(method, path, expiresIn, options);
  }

  /** See {@linkcode Signer.signedUrls}. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  async signedUrls(
    method: string,
    paths: readonly PathInput[],
    expiresIn: number,
    options?: SignOptions,
  ): Promise<string[]> {
    return asSigner(this.#inner).signedUrls(method, paths, expiresIn, options);
  }

  async #call<T>(action: () => Promise<T>, options: OperationOptions | undefined): Promise<T> {
    await this.#permits.acquire(options?.signal);
    try {
      return await action();
    } finally {
      this.#permits.release();
    }
  }
}
