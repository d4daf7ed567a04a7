/** A store that forwards everything to another; the base of wrappers. */
import {
  asMultipartStore,
  asPaginatedListStore,
  asSigner,
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
  type WriterOptions,
} from "../store/mod.ts";

/**
 * Hands every method on to another store: the ground for wrappers that change a few. A wrapper for which a forgotten
 * method would be a hole (paths, permits, permissions) implements the interfaces itself, so that the compiler names it.
 */
export abstract class ForwardingStore implements ObjectStore, MultipartStore, PaginatedListStore, Signer {
  /** See {@linkcode ObjectStore.name}. */
  abstract readonly name: string;
  /** The store behind. */
  protected readonly inner: ObjectStore;

  /** Around `inner`. */
  constructor(inner: ObjectStore) {
    this.inner = inner;
  }

  /** See {@linkcode ObjectStore.put}. */
  put(path: PathInput, payload: PutPayload, options?: PutOptions): Promise<PutResult> {
    return this.inner.put(path, payload, options);
  }

  /** See {@linkcode ObjectStore.get}. */
  get(path: PathInput, options?: GetOptions): Promise<GetResult> {
    return this.inner.get(path, options);
  }

  /** See {@linkcode ObjectStore.getRange}. */
  getRange(path: PathInput, range: ByteRange, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer>> {
    return this.inner.getRange(path, range, options);
  }

  /** See {@linkcode ObjectStore.getRanges}. */
  getRanges(
    path: PathInput,
    ranges: readonly ByteRange[],
    options?: GetRangesOptions,
  ): Promise<Uint8Array<ArrayBuffer>[]> {
    return this.inner.getRanges(path, ranges, options);
  }

  /** See {@linkcode ObjectStore.head}. */
  head(path: PathInput, options?: GetOptions): Promise<ObjectMeta> {
    return this.inner.head(path, options);
  }

  /** See {@linkcode ObjectStore.delete}. */
  delete(path: PathInput, options?: DeleteOptions): Promise<void> {
    return this.inner.delete(path, options);
  }

  /** See {@linkcode ObjectStore.deleteAll}. */
  deleteAll(
    paths: Iterable<PathInput> | AsyncIterable<PathInput>,
    options?: OperationOptions,
  ): AsyncIterable<DeleteOutcome> {
    return this.inner.deleteAll(paths, options);
  }

  /** See {@linkcode ObjectStore.list}. */
  list(prefix?: PathInput, options?: ListOptions): AsyncIterable<ObjectMeta> {
    return this.inner.list(prefix, options);
  }

  /** See {@linkcode ObjectStore.listWithDelimiter}. */
  listWithDelimiter(prefix?: PathInput, options?: ListOptions): Promise<ListResult> {
    return this.inner.listWithDelimiter(prefix, options);
  }

  /** See {@linkcode ObjectStore.copy}. */
  copy(from: PathInput, to: PathInput, options?: CopyOptions): Promise<void> {
    return this.inner.copy(from, to, options);
  }

  /** See {@linkcode ObjectStore.rename}. */
  rename(from: PathInput, to: PathInput, options?: CopyOptions): Promise<void> {
    return this.inner.rename(from, to, options);
  }

  /** See {@linkcode ObjectStore.putMultipart}. */
  putMultipart(path: PathInput, options?: PutMultipartOptions): Promise<MultipartUpload> {
    return this.inner.putMultipart(path, options);
  }

  /** See {@linkcode ObjectStore.writer}. */
  writer(path: PathInput, options?: WriterOptions): ObjectWriter {
    return this.inner.writer(path, options);
  }

  /** See {@linkcode ObjectStore.listsInOrder}. */
  get listsInOrder(): boolean {
    return this.inner.listsInOrder ?? false;
  }

  /** See {@linkcode ObjectStore.close}. */
  close(): void {
    this.inner.close();
  }

  /** See {@linkcode ObjectStore.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** See {@linkcode MultipartStore.createMultipart}. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  async createMultipart(path: PathInput, options?: PutMultipartOptions): Promise<string> {
    return asMultipartStore(this.inner).createMultipart(path, options);
  }

  /** See {@linkcode MultipartStore.putPart}. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  async putPart(
    path: PathInput,
    id: string,
    index: number,
    part: Uint8Array | readonly Uint8Array[],
    options?: OperationOptions,
  ): Promise<PartId> {
    return asMultipartStore(this.inner).putPart(path, id, index, part, options);
  }

  /** See {@linkcode MultipartStore.completeMultipart}. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  async completeMultipart(
    path: PathInput,
    id: string,
    parts: readonly PartId[],
    options?: OperationOptions,
  ): Promise<PutResult> {
    return asMultipartStore(this.inner).completeMultipart(path, id, parts, options);
  }

  /** See {@linkcode MultipartStore.abortMultipart}. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  async abortMultipart(path: PathInput, id: string, options?: OperationOptions): Promise<void> {
    return asMultipartStore(this.inner).abortMultipart(path, id, options);
  }

  /** See {@linkcode PaginatedListStore.listPage}. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  async listPage(prefix?: string, options?: ListPageOptions): Promise<ListPage> {
    return asPaginatedListStore(this.inner).listPage(prefix, options);
  }

  /** See {@linkcode Signer.signedUrl}. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  async signedUrl(
    method: string,
    path: PathInput,
    expiresIn: number,
    options?: SignOptions,
  ): Promise<string> {
    return asSigner(this.inner).signedUrl(method, path, expiresIn, options);
  }

  /** See {@linkcode Signer.signedUrls}. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  async signedUrls(
    method: string,
    paths: readonly PathInput[],
    expiresIn: number,
    options?: SignOptions,
  ): Promise<string[]> {
    return asSigner(this.inner).signedUrls(method, paths, expiresIn, options);
  }
}
