/** Objects in memory. */
import {
  AlreadyExistsError,
  type Attributes,
  BaseStore,
  type ByteRange,
  checkPreconditions,
  type CopyOptions,
  deleteEach,
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
  makeGetResult,
  matchesETag,
  type MultipartStore,
  type MultipartUpload,
  NotFoundError,
  notSupported,
  type ObjectMeta,
  type ObjectStoreErrorOptions,
  type OperationOptions,
  type PaginatedListStore,
  parseKey,
  type PartId,
  type Path,
  type PathInput,
  PreconditionError,
  type PutMode,
  type PutMultipartOptions,
  type PutOptions,
  type PutPayload,
  type PutResult,
  readPayload,
  resolveRange,
  SequencedUpload,
  startTooLarge,
  toPayload,
  validateRange,
} from "../../store/mod.ts";
import { type MemoryEntry, ObjectTable } from "./table.ts";
import { MemoryUploads } from "./uploads.ts";
import { listLevel, listPage, listSnapshot } from "./listing.ts";

const STORE = "InMemory";

/**
 * Objects in memory, gone with the store. Everything of the contract works, and each operation is atomic: for tests,
 * and for data that need not last. Keys may be any text ({@linkcode rawPath}); tags are ignored; there are no versions.
 *
 * @example
 * ```ts
 * import { MemoryStore } from "@storeport/storeport/memory";
 * const store = new MemoryStore();
 * await store.put("greetings/en", "Hello");
 * const { meta } = await store.get("greetings/en");
 * console.assert(meta.size === 5);
 * for await (const object of store.list("greetings")) console.assert(object.location === "greetings/en");
 * ```
 */
export class MemoryStore extends BaseStore implements MultipartStore, PaginatedListStore {
  /** See {@linkcode ObjectStore.name}. */
  override readonly name: string = STORE;
  /** See {@linkcode ObjectStore.listsInOrder}. */
  readonly listsInOrder: boolean = true;
  /** Short name that errors carry. */
  protected override readonly storeName: string = STORE;
  #table = new ObjectTable();
  readonly #uploads = new MemoryUploads(() => this.#nextId());
  #counter = 0;

  /** An independent copy: what is written to one is not seen in the other. The bytes themselves are shared. */
  fork(): MemoryStore {
    const copy = new MemoryStore();
    copy.#table = this.#table.copy();
    copy.#counter = this.#counter;
    return copy;
  }

  /** Copies the payload before it returns to the caller, so that later changes do not reach the object. */
  override async put(path: PathInput, payload: PutPayload, options: PutOptions = {}): Promise<PutResult> {
    const { signal, mode, attributes, onProgress } = options;
    const location = this.parse(path);
    const context = this.#context(location);
    signal?.throwIfAborted();
    checkMode(mode, context);
    const bytes = await readPayload(toPayload(payload, context, options.size), { signal }, context);
    signal?.throwIfAborted();
    const result = this.#write(location, bytes, attributes, mode);
    onProgress?.({ transferred: bytes.byteLength, total: bytes.byteLength });
    return result;
  }

  /** The body hands out copies, so that the object stays as it is. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  override async get(path: PathInput, options: GetOptions = {}): Promise<GetResult> {
    const { entry, range } = this.#select(path, options);
    return makeGetResult({
      meta: entry.meta,
      range: options.head ? { start: 0, end: 0 } : range,
      attributes: entry.attributes,
      store: STORE,
      signal: options.signal,
      body: options.head ? new Uint8Array(0) : entry.bytes.subarray(range.start, range.end),
    });
  }

  /** Checked one by one, as nothing is fetched. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  override async getRanges(
    path: PathInput,
    ranges: readonly ByteRange[],
    options: GetRangesOptions = {},
  ): Promise<Uint8Array<ArrayBuffer>[]> {
    options.signal?.throwIfAborted();
    if (ranges.length === 0) return [];
    const context = this.#context(this.parse(path));
    for (const range of ranges) validateRange(range, context);
    const { entry } = this.#select(path, { ...options, range: undefined });
    return ranges.map((range) => {
      if (range.start >= entry.meta.size) throw startTooLarge(range, entry.meta.size, context);
      return entry.bytes.slice(range.start, range.end);
    });
  }

  /** A missing object is not an error, unless `ifMatch` requires one. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  override async delete(path: PathInput, options: DeleteOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    const location = this.parse(path);
    this.#refuseVersion(location, options.version);
    const { ifMatch } = options;
    if (ifMatch !== undefined) {
      const entry = this.#table.get(location);
      if (!entry || !matchesETag(ifMatch, entry.meta.eTag)) {
        throw new PreconditionError(
          `Cannot delete "${location}": its ETag ${entry?.meta.eTag ?? "(none)"} is not among ${ifMatch}`,
          this.#context(location),
        );
      }
    }
    this.#table.delete(location);
  }

  /** One after the other; a missing object is not a failure. */
  override deleteAll(
    paths: Iterable<PathInput> | AsyncIterable<PathInput>,
    options: OperationOptions = {},
  ): AsyncIterable<DeleteOutcome> {
    return deleteEach(paths, (path) => Promise.resolve(void this.#table.delete(path)), {
      ...options,
      store: STORE,
      concurrency: 1,
      parse: parseKey,
    });
  }

  /** The objects as they are at the call, in byte order; what is written meanwhile is not seen. */
  override list(prefix?: PathInput, options: ListOptions = {}): AsyncIterable<ObjectMeta> {
    return listSnapshot(this.#table, STORE, prefix, options);
  }

  /** The level as it is at the call, in byte order. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  override async listWithDelimiter(prefix?: PathInput, options: ListOptions = {}): Promise<ListResult> {
    options.signal?.throwIfAborted();
    return listLevel(this.#table, STORE, prefix, options);
  }

  /** See {@linkcode PaginatedListStore.listPage}. Keys that are not valid paths are returned as they are. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  async listPage(prefix: string = "", options: ListPageOptions = {}): Promise<ListPage> {
    options.signal?.throwIfAborted();
    return listPage(this.#table, prefix, options);
  }

  /** Attributes come along; the copy has an ETag of its own. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  override async copy(from: PathInput, to: PathInput, options: CopyOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    const target = this.parse(to);
    const source = this.#find(this.parse(from));
    this.#write(target, source.bytes, source.attributes, options.mode);
  }

  /** Atomic. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  override async rename(from: PathInput, to: PathInput, options: CopyOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    const origin = this.parse(from);
    const target = this.parse(to);
    const source = this.#find(origin);
    if (origin === target) return;
    this.#write(target, source.bytes, source.attributes, options.mode);
    this.#table.delete(origin);
  }

  /** Parts are copied; a mode is checked again at completion. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  override async putMultipart(path: PathInput, options: PutMultipartOptions = {}): Promise<MultipartUpload> {
    const id = this.#startUpload(path, options);
    const location = this.parse(path);
    const context = this.#context(location);
    return new SequencedUpload<PartId>({
      uploadPart: ({ index, chunks }) => Promise.resolve(this.#uploads.putPart(location, id, index, chunks)),
      complete: (parts, { signal }) => this.completeMultipart(path, id, parts, { signal }),
      abort: () => Promise.resolve(this.#uploads.abort(id)),
    }, context);
  }

  /** See {@linkcode MultipartStore.createMultipart}. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  async createMultipart(path: PathInput, options: PutMultipartOptions = {}): Promise<string> {
    return this.#startUpload(path, options);
  }

  /** See {@linkcode MultipartStore.putPart}. The bytes are copied. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  async putPart(
    path: PathInput,
    id: string,
    index: number,
    part: Uint8Array | readonly Uint8Array[],
    options: OperationOptions = {},
  ): Promise<PartId> {
    options.signal?.throwIfAborted();
    return this.#uploads.putPart(
      this.parse(path),
      id,
      index,
      part instanceof Uint8Array ? [part] : part,
    );
  }

  /** See {@linkcode MultipartStore.completeMultipart}. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  async completeMultipart(
    path: PathInput,
    id: string,
    parts: readonly PartId[],
    options: OperationOptions = {},
  ): Promise<PutResult> {
    options.signal?.throwIfAborted();
    const location = this.parse(path);
    const upload = this.#uploads.assemble(location, id, parts);
    const result = this.#write(location, upload.bytes, upload.options.attributes, upload.options.mode);
    this.#uploads.abort(id);
    return result;
  }

  /** See {@linkcode MultipartStore.abortMultipart}. An upload that no longer exists is not an error. */
  // deno-lint-ignore require-await -- thrown errors become rejections
  async abortMultipart(path: PathInput, id: string, options: OperationOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    this.parse(path);
    this.#uploads.abort(id);
  }

  /** Any key will do. */
  protected override parse(path: PathInput): Path {
    return parseKey(path, STORE);
  }

  #startUpload(path: PathInput, options: PutMultipartOptions): string {
    options.signal?.throwIfAborted();
    const location = this.parse(path);
    checkMode(options.mode, this.#context(location));
    return this.#uploads.create(location, options);
  }

  /** Everything from the check to the write happens in one step: nothing else can run in between. */
  #write(
    location: Path,
    bytes: Uint8Array<ArrayBuffer>,
    attributes: Attributes | undefined,
    mode: PutMode | undefined,
  ): PutResult {
    const current = this.#table.get(location);
    const context = this.#context(location);
    if (mode === "create" && current) {
      throw new AlreadyExistsError(`Cannot create "${location}": it exists`, context);
    }
    if (typeof mode === "object" && (!current || !matchesETag(mode.update.eTag!, current.meta.eTag))) {
      const found = current ? `its ETag is ${current.meta.eTag}` : "it does not exist";
      throw new PreconditionError(`Cannot update "${location}" from ${mode.update.eTag}: ${found}`, context);
    }
    const eTag = `"${this.#nextId()}"`;
    this.#table.set(location, {
      bytes,
      meta: { location, lastModified: new Date(), size: bytes.byteLength, eTag },
      attributes: ownAttributes(attributes),
    });
    return { eTag };
  }

  #select(path: PathInput, options: GetOptions): { entry: MemoryEntry; range: ByteRange } {
    options.signal?.throwIfAborted();
    const location = this.parse(path);
    const context = this.#context(location);
    if (options.range) validateRange(options.range, context);
    this.#refuseVersion(location, options.version);
    const entry = this.#find(location);
    checkPreconditions(options, entry.meta, STORE);
    return { entry, range: resolveRange(options.range, entry.meta.size, context) };
  }

  #find(location: Path): MemoryEntry {
    const entry = this.#table.get(location);
    if (entry) return entry;
    throw new NotFoundError(`Cannot find "${location}" in memory`, this.#context(location));
  }

  #refuseVersion(location: Path, version: string | undefined): void {
    if (version === undefined) return;
    notSupported(
      `address a version of "${location}"`,
      "objects in memory have no versions",
      this.#context(location),
    );
  }

  #nextId(): number {
    return this.#counter++;
  }

  #context(path: Path): ObjectStoreErrorOptions & { readonly path: Path } {
    return { store: STORE, path };
  }
}

function checkMode(mode: PutMode | undefined, context: ObjectStoreErrorOptions): void {
  if (typeof mode === "object" && mode.update.eTag === undefined) {
    throw new GenericError(`Cannot update "${context.path}": an ETag is needed`, context);
  }
}

/** A copy that the caller cannot change, with metadata keys in lower case. */
function ownAttributes(attributes: Attributes | undefined): Attributes {
  if (!attributes) return Object.freeze({});
  const { metadata, ...rest } = attributes;
  const own = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  if (!metadata) return Object.freeze(own);
  const lower = Object.entries(metadata).map(([key, value]) => [key.toLowerCase(), value]);
  return Object.freeze({ ...own, metadata: Object.freeze(Object.fromEntries(lower)) });
}
