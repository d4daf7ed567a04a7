/** A store below a prefix of another. */
import {
  asMultipartStore,
  asPaginatedListStore,
  asSigner,
  type ByteRange,
  concatPaths,
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
  ObjectStoreError,
  type ObjectWriter,
  type OperationOptions,
  type PaginatedListStore,
  parseObjectPath,
  parsePath,
  type PartId,
  type Path,
  type PathInput,
  type PutMultipartOptions,
  type PutOptions,
  type PutPayload,
  type PutResult,
  RawPath,
  rawPath,
  type Signer,
  type SignOptions,
  stripPrefix,
  withErrorPath,
  wrapGetResult,
  type WriterOptions,
} from "../store/mod.ts";
import { mapWriter } from "./writer.ts";

const STORE = "PrefixStore";

/**
 * A store whose paths all lie below a prefix of another: `a` is the other's `prefix/a`. Paths that come back, in
 * results, listings and errors, are without the prefix.
 *
 * @example
 * ```ts
 * import { MemoryStore, PrefixStore } from "@storeport/storeport";
 * const all = new MemoryStore();
 * const mine = new PrefixStore(all, "users/ann");
 * await mine.put("notes.txt", "mine");
 * console.assert((await all.head("users/ann/notes.txt")).size === 4);
 * console.assert((await mine.head("notes.txt")).location === "notes.txt");
 * ```
 */
export class PrefixStore implements ObjectStore, MultipartStore, PaginatedListStore, Signer {
  /** See {@linkcode ObjectStore.name}. */
  readonly name: string;
  /** The prefix. */
  readonly prefix: Path;
  readonly #inner: ObjectStore;

  /**
   * A store below `prefix` of `inner`; the root prefix changes nothing.
   *
   * @throws {InvalidPathError} for an invalid prefix.
   */
  constructor(inner: ObjectStore, prefix: PathInput) {
    this.#inner = inner;
    this.prefix = parsePath(prefix);
    this.name = `PrefixObjectStore(${this.prefix})`;
  }

  /** See {@linkcode ObjectStore.put}. */
  put(path: PathInput, payload: PutPayload, options?: PutOptions): Promise<PutResult> {
    return this.#call(() => this.#inner.put(this.#full(path), payload, options));
  }

  /** See {@linkcode ObjectStore.get}. */
  get(path: PathInput, options?: GetOptions): Promise<GetResult> {
    return this.#call(async () => {
      const result = await this.#inner.get(this.#full(path), options);
      return wrapGetResult(result, {
        meta: this.#meta(result.meta),
        hooks: { fail: (error) => this.#error(error) },
      });
    });
  }

  /** See {@linkcode ObjectStore.getRange}. */
  getRange(path: PathInput, range: ByteRange, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer>> {
    return this.#call(() => this.#inner.getRange(this.#full(path), range, options));
  }

  /** See {@linkcode ObjectStore.getRanges}. */
  getRanges(
    path: PathInput,
    ranges: readonly ByteRange[],
    options?: GetRangesOptions,
  ): Promise<Uint8Array<ArrayBuffer>[]> {
    return this.#call(() => this.#inner.getRanges(this.#full(path), ranges, options));
  }

  /** See {@linkcode ObjectStore.head}. */
  head(path: PathInput, options?: GetOptions): Promise<ObjectMeta> {
    return this.#call(async () => this.#meta(await this.#inner.head(this.#full(path), options)));
  }

  /** See {@linkcode ObjectStore.delete}. */
  delete(path: PathInput, options?: DeleteOptions): Promise<void> {
    return this.#call(() => this.#inner.delete(this.#full(path), options));
  }

  /** See {@linkcode ObjectStore.deleteAll}. */
  async *deleteAll(
    paths: Iterable<PathInput> | AsyncIterable<PathInput>,
    options?: OperationOptions,
  ): AsyncIterable<DeleteOutcome> {
    const full = async function* (this: PrefixStore): AsyncGenerator<PathInput> {
      for await (const path of paths) yield this.#listed(path);
    };
    yield* this.#iterate(this.#inner.deleteAll(full.call(this), options), (outcome) => {
      const path = this.#short(outcome.path);
      return outcome.ok ? { path, ok: true } : { path, ok: false, error: this.#error(outcome.error) };
    });
  }

  /** See {@linkcode ObjectStore.list}. */
  list(prefix?: PathInput, options?: ListOptions): AsyncIterable<ObjectMeta> {
    return this.#iterate(
      this.#open(() => this.#inner.list(this.#below(prefix), this.#offset(options))),
      (meta) => this.#meta(meta),
    );
  }

  /** See {@linkcode ObjectStore.listWithDelimiter}. */
  listWithDelimiter(prefix?: PathInput, options?: ListOptions): Promise<ListResult> {
    return this.#call(async () =>
      this.#level(await this.#inner.listWithDelimiter(this.#below(prefix), this.#offset(options)))
    );
  }

  /** See {@linkcode ObjectStore.copy}. */
  copy(from: PathInput, to: PathInput, options?: CopyOptions): Promise<void> {
    return this.#call(() => this.#inner.copy(this.#full(from), this.#full(to), options));
  }

  /** See {@linkcode ObjectStore.rename}. */
  rename(from: PathInput, to: PathInput, options?: CopyOptions): Promise<void> {
    return this.#call(() => this.#inner.rename(this.#full(from), this.#full(to), options));
  }

  /** See {@linkcode ObjectStore.putMultipart}. */
  putMultipart(path: PathInput, options?: PutMultipartOptions): Promise<MultipartUpload> {
    return this.#call(async () => {
      const upload = await this.#inner.putMultipart(this.#full(path), options);
      return {
        putPart: (part, options) => this.#call(() => upload.putPart(part, options)),
        complete: (options) => this.#call(() => upload.complete(options)),
        abort: (options) => this.#call(() => upload.abort(options)),
      };
    });
  }

  /** See {@linkcode ObjectStore.writer}. */
  writer(path: PathInput, options?: WriterOptions): ObjectWriter {
    try {
      return mapWriter(this.#inner.writer(this.#full(path), options), {
        fail: (error) => this.#error(error),
      });
    } catch (error) {
      throw this.#error(error);
    }
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
    return this.#call(() => asMultipartStore(this.#inner).createMultipart(this.#full(path), options));
  }

  /** See {@linkcode MultipartStore.putPart}. */
  putPart(
    path: PathInput,
    id: string,
    index: number,
    part: Uint8Array | readonly Uint8Array[],
    options?: OperationOptions,
  ): Promise<PartId> {
    return this.#call(() =>
      asMultipartStore(this.#inner).putPart(this.#full(path), id, index, part, options)
    );
  }

  /** See {@linkcode MultipartStore.completeMultipart}. */
  completeMultipart(
    path: PathInput,
    id: string,
    parts: readonly PartId[],
    options?: OperationOptions,
  ): Promise<PutResult> {
    return this.#call(() =>
      asMultipartStore(this.#inner).completeMultipart(this.#full(path), id, parts, options)
    );
  }

  /** See {@linkcode MultipartStore.abortMultipart}. */
  abortMultipart(path: PathInput, id: string, options?: OperationOptions): Promise<void> {
    return this.#call(() => asMultipartStore(this.#inner).abortMultipart(this.#full(path), id, options));
  }

  /** See {@linkcode PaginatedListStore.listPage}. */
  listPage(prefix: string = "", options: ListPageOptions = {}): Promise<ListPage> {
    const base = this.prefix === "" ? "" : `${this.prefix}/`;
    return this.#call(async () => {
      const { result, pageToken } = await asPaginatedListStore(this.#inner).listPage(base + prefix, {
        ...options,
        offset: options.offset === undefined ? undefined : base + options.offset,
      });
      return { result: this.#level(result), pageToken };
    });
  }

  /** See {@linkcode Signer.signedUrl}. The URL shows the prefix. */
  signedUrl(method: string, path: PathInput, expiresIn: number, options?: SignOptions): Promise<string> {
    return this.#call(() => asSigner(this.#inner).signedUrl(method, this.#full(path), expiresIn, options));
  }

  /** See {@linkcode Signer.signedUrls}. The URLs show the prefix. */
  signedUrls(
    method: string,
    paths: readonly PathInput[],
    expiresIn: number,
    options?: SignOptions,
  ): Promise<string[]> {
    return this.#call(() =>
      asSigner(this.#inner).signedUrls(method, paths.map((path) => this.#full(path)), expiresIn, options)
    );
  }

  /** An object's path. The root is refused here: within, it would be the object that has the prefix as its name. */
  #full(path: PathInput): PathInput {
    if (path instanceof RawPath) return this.prefix === "" ? path : rawPath(`${this.prefix}/${path.key}`);
    return concatPaths(this.prefix, parseObjectPath(path, STORE));
  }

  /** A directory's path. */
  #below(prefix: PathInput = ""): Path {
    return concatPaths(this.prefix, parsePath(prefix, STORE));
  }

  /** As `#full`, but leaves it to the inner store to refuse an invalid path, as the outcome of that one. */
  #listed(path: PathInput): PathInput {
    try {
      return this.#full(path);
    } catch {
      return this.prefix === "" || path === "" || path === "/" ? path : `${this.prefix}/${path}`;
    }
  }

  #short(path: Path): Path {
    return stripPrefix(path, this.prefix) ?? path;
  }

  #meta(meta: ObjectMeta): ObjectMeta {
    return { ...meta, location: this.#short(meta.location) };
  }

  #level(result: ListResult): ListResult {
    return {
      ...result,
      commonPrefixes: result.commonPrefixes.map((path) => this.#short(path)),
      objects: result.objects.map((meta) => this.#meta(meta)),
    };
  }

  #offset(options: ListOptions | undefined): ListOptions | undefined {
    return options?.offset === undefined ? options : { ...options, offset: this.#below(options.offset) };
  }

  #error<E>(error: E): E {
    if (!(error instanceof ObjectStoreError) || error.path === undefined) return error;
    const short = stripPrefix(error.path as Path, this.prefix);
    return short === undefined || short === error.path ? error : withErrorPath(error, short);
  }

  async #call<T>(action: () => T | Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw this.#error(error);
    }
  }

  /**
   * Starts a listing at once, since some stores list what is there at the call; what fails then fails the iteration.
   */
  #open<T>(start: () => AsyncIterable<T>): AsyncIterable<T> {
    try {
      return start();
    } catch (error) {
      return failing(error);
    }
  }

  async *#iterate<T>(items: AsyncIterable<T>, map: (item: T) => T): AsyncGenerator<T, void, undefined> {
    try {
      for await (const item of items) yield map(item);
    } catch (error) {
      throw this.#error(error);
    }
  }
}

// deno-lint-ignore require-yield -- it only fails
async function* failing(error: unknown): AsyncGenerator<never, void, undefined> {
  await Promise.reject(error);
}
