/** Base class with the parts of the contract that stores need not implement themselves. */
import type { ObjectStore } from "./object_store.ts";
import { parseObjectPath, type Path, type PathInput } from "./parse_path.ts";
import type { ByteRange } from "./range.ts";
import type {
  CopyOptions,
  DeleteOptions,
  DeleteOutcome,
  GetOptions,
  GetRangesOptions,
  GetResult,
  ListOptions,
  ListResult,
  MultipartUpload,
  ObjectMeta,
  ObjectWriter,
  OperationOptions,
  PutMultipartOptions,
  PutOptions,
  PutPayload,
  PutResult,
  WriterOptions,
} from "./types.ts";
import { lazyWriter } from "./lazy_writer.ts";

/**
 * A store over few primitives: the others are made of them as object_store makes them. Backends extend this and replace
 * what their service does better. Wrappers do not: they must forward every method, or the inner store's better ones
 * would be lost.
 */
export abstract class BaseStore implements ObjectStore {
  /** Display name, such as `AmazonS3(bucket)`; never holds a secret. */
  abstract readonly name: string;
  /** Short name that errors carry: `S3`, `InMemory`, …. */
  protected abstract readonly storeName: string;

  /** See {@linkcode ObjectStore.put}. */
  abstract put(path: PathInput, payload: PutPayload, options?: PutOptions): Promise<PutResult>;
  /** See {@linkcode ObjectStore.get}. */
  abstract get(path: PathInput, options?: GetOptions): Promise<GetResult>;
  /** See {@linkcode ObjectStore.deleteAll}. `deleteEach` makes it of single deletions. */
  abstract deleteAll(
    paths: Iterable<PathInput> | AsyncIterable<PathInput>,
    options?: OperationOptions,
  ): AsyncIterable<DeleteOutcome>;
  /** See {@linkcode ObjectStore.list}. */
  abstract list(prefix?: PathInput, options?: ListOptions): AsyncIterable<ObjectMeta>;
  /** See {@linkcode ObjectStore.listWithDelimiter}. */
  abstract listWithDelimiter(prefix?: PathInput, options?: ListOptions): Promise<ListResult>;
  /** See {@linkcode ObjectStore.copy}. */
  abstract copy(from: PathInput, to: PathInput, options?: CopyOptions): Promise<void>;
  /** See {@linkcode ObjectStore.putMultipart}. */
  abstract putMultipart(path: PathInput, options?: PutMultipartOptions): Promise<MultipartUpload>;

  /** A bounded `get`, collected. */
  async getRange(
    path: PathInput,
    range: ByteRange,
    options: OperationOptions = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    const result = await this.get(path, { ...options, range: { start: range.start, end: range.end } });
    return await result.bytes();
  }

  /** Merged `get`s, held to one version. */
  async getRanges(
    path: PathInput,
    ranges: readonly ByteRange[],
    options: GetRangesOptions = {},
  ): Promise<Uint8Array<ArrayBuffer>[]> {
    const { getRangesByGet } = await import("./derived.ts");
    return await getRangesByGet(this, path, ranges, options, this.storeName);
  }

  /** The `meta` of a `get` with `head`. */
  async head(path: PathInput, options: GetOptions = {}): Promise<ObjectMeta> {
    const result = await this.get(path, { ...options, range: undefined, head: true });
    return result.meta;
  }

  /** A `deleteAll` of one. Conditions and versions are refused: a store that can check them replaces this. */
  async delete(path: PathInput, options: DeleteOptions = {}): Promise<void> {
    const { deleteOne } = await import("./derived.ts");
    await deleteOne(this, this.storeName, path, options);
  }

  /** Copy, then delete; not atomic. Onto itself: nothing, but the object must exist, or the only copy would be lost. */
  async rename(from: PathInput, to: PathInput, options: CopyOptions = {}): Promise<void> {
    const source = this.parse(from);
    const target = this.parse(to);
    const { signal, extensions } = options;
    if (source === target) {
      await this.head(from, { signal, extensions });
      return;
    }
    await this.copy(from, to, options);
    await this.delete(from, { signal, extensions });
  }

  /** One put while small, parts when large. */
  writer(path: PathInput, options: WriterOptions = {}): ObjectWriter {
    const context = { store: this.storeName, path: this.parse(path) };
    return lazyWriter(async () => (await import("./derived.ts")).createWriter(this, path, options, context));
  }

  /** Nothing is kept, unless a store says otherwise. */
  close(): void {}

  /** {@linkcode ObjectStore.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** How this store reads a path. Stores whose service takes any key replace it by `parseKey`. */
  protected parse(path: PathInput): Path {
    return parseObjectPath(path, this.storeName);
  }
}
