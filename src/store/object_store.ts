/** The store contract. */
import type { PathInput } from "./path.ts";
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

/**
 * Objects by path, with the semantics of Rust's `object_store::ObjectStore`. Every rejection is an
 * {@linkcode ObjectStoreError}, or the reason of the caller's own signal.
 */
export interface ObjectStore extends Disposable {
  /** Display name, such as `AmazonS3(bucket)`; never holds a secret. */
  readonly name: string;
  /**
   * Whether `list` yields objects in the order of their paths' UTF-8 bytes. Absent: not known, take it for any order.
   */
  readonly listsInOrder?: boolean;
  /** Writes an object whole or not at all: readers see the old or the new one, never a mixture. */
  put(path: PathInput, payload: PutPayload, options?: PutOptions): Promise<PutResult>;
  /** Reads an object or a part of it. */
  get(path: PathInput, options?: GetOptions): Promise<GetResult>;
  /** Reads `start..end` into a buffer; `end` is cut at the object's end, a start beyond it is an error. */
  getRange(path: PathInput, range: ByteRange, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Reads many ranges, near ones as one request; results in the order given. All come from one version of the object.
   */
  getRanges(
    path: PathInput,
    ranges: readonly ByteRange[],
    options?: GetRangesOptions,
  ): Promise<Uint8Array<ArrayBuffer>[]>;
  /** Metadata of an object. */
  head(path: PathInput, options?: GetOptions): Promise<ObjectMeta>;
  /** Deletes an object. Missing ones: `NotFoundError` or success, as the service has it. */
  delete(path: PathInput, options?: DeleteOptions): Promise<void>;
  /**
   * Deletes many, in bulk where the service can. Yields one outcome a path, in order; a failed one does not end the
   * others.
   */
  deleteAll(
    paths: Iterable<PathInput> | AsyncIterable<PathInput>,
    options?: OperationOptions,
  ): AsyncIterable<DeleteOutcome>;
  /** All objects below a prefix, by whole segments: `foo` lists `foo/x`, never `foobar`. Order is the service's. */
  list(prefix?: PathInput, options?: ListOptions): AsyncIterable<ObjectMeta>;
  /** One level: objects and common prefixes right below a prefix. */
  listWithDelimiter(prefix?: PathInput, options?: ListOptions): Promise<ListResult>;
  /** Copies within the store. */
  copy(from: PathInput, to: PathInput, options?: CopyOptions): Promise<void>;
  /** Moves within the store; onto itself does nothing. Atomic only where the service can. */
  rename(from: PathInput, to: PathInput, options?: CopyOptions): Promise<void>;
  /** Starts an upload in parts. */
  putMultipart(path: PathInput, options?: PutMultipartOptions): Promise<MultipartUpload>;
  /** A stream into an object of unknown length: one put while small, parts when large. */
  writer(path: PathInput, options?: WriterOptions): ObjectWriter;
  /**
   * Lets go of what is kept for later: idle connections, timers. Operations under way are not disturbed, and the store
   * may be used again. `using store = …` does it at the end of the block.
   */
  close(): void;
}
