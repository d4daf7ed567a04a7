/** A store that cannot be changed. */
import {
  asPaginatedListStore,
  asSigner,
  type ByteRange,
  type CopyOptions,
  deleteEach,
  type DeleteOptions,
  type DeleteOutcome,
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
  PermissionDeniedError,
  type PutMultipartOptions,
  type PutOptions,
  type PutPayload,
  type PutResult,
  type Signer,
  type SignOptions,
  type WriterOptions,
} from "../store/mod.ts";

/**
 * A store that only reads another. Everything that would change it is refused with {@linkcode PermissionDeniedError},
 * and so are signed URLs for anything but GET and HEAD.
 *
 * @example
 * ```ts
 * import { MemoryStore, ReadOnlyStore } from "@storeport/storeport";
 * const store = new MemoryStore();
 * await store.put("a", "text");
 * const view = new ReadOnlyStore(store);
 * console.assert(await (await view.get("a")).text() === "text");
 * await view.put("a", "other").catch((error) => console.assert(error.name === "PermissionDeniedError"));
 * ```
 */
export class ReadOnlyStore implements ObjectStore, MultipartStore, PaginatedListStore, Signer {
  /** See {@linkcode ObjectStore.name}. */
  readonly name: string;
  readonly #inner: ObjectStore;

  /** A view of `inner`. */
  constructor(inner: ObjectStore) {
    this.#inner = inner;
    this.name = `ReadOnlyStore(${inner.name})`;
  }

  /** Refused; a stream is cancelled. */
  async put(path: PathInput, payload: PutPayload, _options?: PutOptions): Promise<PutResult> {
    const error = refusal("put", path);
    if (payload instanceof ReadableStream && !payload.locked) await payload.cancel(error).catch(() => {});
    throw error;
  }

  /** See {@linkcode ObjectStore.get}. */
  get(path: PathInput, options?: GetOptions): Promise<GetResult> {
    return this.#inner.get(path, options);
  }

  /** See {@linkcode ObjectStore.getRange}. */
  getRange(path: PathInput, range: ByteRange, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer>> {
    return this.#inner.getRange(path, range, options);
  }

  /** See {@linkcode ObjectStore.getRanges}. */
  getRanges(
    path: PathInput,
    ranges: readonly ByteRange[],
    options?: GetRangesOptions,
  ): Promise<Uint8Array<ArrayBuffer>[]> {
    return this.#inner.getRanges(path, ranges, options);
  }

  /** See {@linkcode ObjectStore.head}. */
  head(path: PathInput, options?: GetOptions): Promise<ObjectMeta> {
    return this.#inner.head(path, options);
  }

  /** Refused. */
  delete(path: PathInput, _options?: DeleteOptions): Promise<void> {
    return Promise.reject(refusal("delete", path));
  }

  /** Refused, path by path. */
  deleteAll(
    paths: Iterable<PathInput> | AsyncIterable<PathInput>,
    options?: OperationOptions,
  ): AsyncIterable<DeleteOutcome> {
    return deleteEach(paths, (path) => Promise.reject(refusal("delete", path)), { ...options, store: STORE });
  }

  /** See {@linkcode ObjectStore.list}. */
  list(prefix?: PathInput, options?: ListOptions): AsyncIterable<ObjectMeta> {
    return this.#inner.list(prefix, options);
  }

  /** See {@linkcode ObjectStore.listWithDelimiter}. */
  listWithDelimiter(prefix?: PathInput, options?: ListOptions): Promise<ListResult> {
    return this.#inner.listWithDelimiter(prefix, options);
  }

  /** Refused. */
  copy(_from: PathInput, to: PathInput, _options?: CopyOptions): Promise<void> {
    return Promise.reject(refusal("copy to", to));
  }

  /** Refused. */
  rename(from: PathInput, _to: PathInput, _options?: CopyOptions): Promise<void> {
    return Promise.reject(refusal("rename", from));
  }

  /** Refused. */
  putMultipart(path: PathInput, _options?: PutMultipartOptions): Promise<MultipartUpload> {
    return Promise.reject(refusal("upload", path));
  }

  /** Refused: it throws. */
  writer(path: PathInput, _options?: WriterOptions): ObjectWriter {
    throw refusal("write", path);
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

  /** Refused. */
  createMultipart(path: PathInput, _options?: PutMultipartOptions): Promise<string> {
    return Promise.reject(refusal("upload", path));
  }

  /** Refused. */
  putPart(
    path: PathInput,
    _id: string,
    _index: number,
    _part: Uint8Array | readonly Uint8Array[],
    _options?: OperationOptions,
  ): Promise<PartId> {
    return Promise.reject(refusal("upload", path));
  }

  /** Refused. */
  completeMultipart(
    path: PathInput,
    _id: string,
    _parts: readonly PartId[],
    _options?: OperationOptions,
  ): Promise<PutResult> {
    return Promise.reject(refusal("upload", path));
  }

  /** Refused. */
  abortMultipart(path: PathInput, _id: string, _options?: OperationOptions): Promise<void> {
    return Promise.reject(refusal("upload", path));
  }

  /** See {@linkcode PaginatedListStore.listPage}. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  async listPage(prefix?: string, options?: ListPageOptions): Promise<ListPage> {
    return asPaginatedListStore(this.#inner).listPage(prefix, options);
  }

  /** See {@linkcode Signer.signedUrl}. Only for GET and HEAD. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  async signedUrl(
    method: string,
    path: PathInput,
    expiresIn: number,
    options?: SignOptions,
  ): Promise<string> {
    if (method !== "GET" && method !== "HEAD") throw refusal(`sign a ${method} of`, path);
    return asSigner(this.#inner).signedUrl(method, path, expiresIn, options);
  }

  /** See {@linkcode Signer.signedUrls}. Only for GET and HEAD. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  async signedUrls(
    method: string,
    paths: readonly PathInput[],
    expiresIn: number,
    options?: SignOptions,
  ): Promise<string[]> {
    if (method !== "GET" && method !== "HEAD") throw refusal(`sign a ${method} of`, paths.join(", "));
    return asSigner(this.#inner).signedUrls(method, paths, expiresIn, options);
  }
}

const STORE = "ReadOnlyStore";

function refusal(action: string, path: PathInput): PermissionDeniedError {
  return new PermissionDeniedError(`Cannot ${action} "${path}": the store is read-only`, {
    store: STORE,
    path: String(path),
  });
}
