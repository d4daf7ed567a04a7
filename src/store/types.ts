/** What the operations of an {@linkcode ObjectStore} take and return. */
import type { ObjectStoreError } from "./error.ts";
import type { Path, PathInput } from "./path.ts";
import type { ByteRange, GetRange } from "./range.ts";

/** What is known of an object. */
export interface ObjectMeta {
  /** Where it is. */
  readonly location: Path;
  /** When it was last written; the epoch where the service does not say. */
  readonly lastModified: Date;
  /** Size of the whole object in bytes, for ranged reads too. */
  readonly size: number;
  /** Entity tag as the service sent it, quotes kept. */
  readonly eTag?: string;
  /** Version id; never in listings. */
  readonly version?: string;
}

/** HTTP-like properties of an object. `metadata` keys come back in lower case. */
export interface Attributes {
  /** `Cache-Control`. */
  readonly cacheControl?: string;
  /** `Content-Disposition`. */
  readonly contentDisposition?: string;
  /** `Content-Encoding`: how the bytes are coded; stores hand them out as they are. */
  readonly contentEncoding?: string;
  /** `Content-Language`. */
  readonly contentLanguage?: string;
  /** `Content-Type`. */
  readonly contentType?: string;
  /** Write-only on the cloud stores. */
  readonly storageClass?: string;
  /** User metadata, visible ASCII. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Key-value tags of an object; ignored where the service has none. */
export type Tags = Readonly<Record<string, string>>;

/**
 * Which version of an object an update replaces. Hand on what a put or head returned: stores differ in which they use.
 */
export interface UpdateVersion {
  /** Entity tag, quotes kept. */
  readonly eTag?: string;
  /** Version id of the service. */
  readonly version?: string;
}

/** Whether a put may replace: always, never, or only the version named. */
export type PutMode = "overwrite" | "create" | { readonly update: UpdateVersion };
/** Whether a copy or rename may replace its destination. */
export type CopyMode = "overwrite" | "create";

/** What can be put: a string goes out as UTF-8, a list of chunks back to back, a stream in bounded memory. */
export type PutPayload =
  | Uint8Array
  | string
  | Blob
  | ReadableStream<Uint8Array>
  | readonly Uint8Array[];

/** Progress of a transfer. */
export interface Progress {
  /** Bytes done so far. */
  readonly transferred: number;
  /** Bytes in all, where known. */
  readonly total?: number;
}

/** What every operation takes. */
export interface OperationOptions {
  /** Ends the operation, and its transfers, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Passed to the HTTP layer as it is and never looked at by a store: a tracing context, say. */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** Options of `get` and `head`. Dates compare at whole seconds where the service speaks HTTP. */
export interface GetOptions extends OperationOptions {
  /** Succeed only if the ETag is one of these: one ETag with its quotes, a comma list, or `*`. */
  readonly ifMatch?: string;
  /** Fail with `NotModifiedError` if the ETag is one of these. */
  readonly ifNoneMatch?: string;
  /** Fail with `NotModifiedError` unless written after this instant. */
  readonly ifModifiedSince?: Date;
  /** Fail with `PreconditionError` if written after this instant. */
  readonly ifUnmodifiedSince?: Date;
  /** The part wanted; the whole object by default. */
  readonly range?: GetRange;
  /** A version id of the service. */
  readonly version?: string;
  /** Metadata only: `body` is empty. */
  readonly head?: boolean;
}

/** Options of `getRanges`. */
export interface GetRangesOptions extends Omit<GetOptions, "range" | "head"> {
  /** Ranges this many bytes apart or nearer are fetched as one. `false`: never merge. Default 1 MiB. */
  readonly coalesce?: number | false;
  /** Fetches under way at once. Default 10. */
  readonly concurrency?: number;
}

/** A read object. Exactly one of `body`, `bytes()` and `text()` is used, or the body is cancelled. */
export interface GetResult {
  /** Metadata of the whole object. */
  readonly meta: ObjectMeta;
  /** The bytes delivered, of the whole object. */
  readonly range: ByteRange;
  /** Attributes as the service reports them. */
  readonly attributes: Attributes;
  /** The response behind it, from stores that speak HTTP. */
  readonly response?: ResponseExtensions;
  /** The bytes. A break on the way is resumed; ending short is an error. */
  readonly body: ReadableStream<Uint8Array>;
  /** All bytes in one buffer. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** All bytes as UTF-8 text. */
  text(): Promise<string>;
}

/** Options of `put`. */
export interface PutOptions extends OperationOptions {
  /** Whether an object may be replaced. Default `"overwrite"`. */
  readonly mode?: PutMode;
  /** Attributes of the object; those it had are replaced. */
  readonly attributes?: Attributes;
  /** Tags of the object. */
  readonly tags?: Tags;
  /**
   * Length in bytes of a stream payload, where the caller knows it: it is then declared instead of sent in chunks,
   * which is faster and which some services insist on. A stream of another length is an error, and nothing is written.
   */
  readonly size?: number;
  /** Told of the bytes sent so far. */
  readonly onProgress?: (progress: Progress) => void;
}

/** The response behind a result, from stores that speak HTTP. */
export interface ResponseExtensions {
  /** Status code. */
  readonly status: number;
  /** Header lines as received; values are Latin-1. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** What a write returns. */
export interface PutResult {
  /** Entity tag, quotes kept. */
  readonly eTag?: string;
  /** Version id of the service. */
  readonly version?: string;
  /** The response behind it, from stores that speak HTTP. */
  readonly response?: ResponseExtensions;
}

/** Options of `putMultipart`. */
export interface PutMultipartOptions extends OperationOptions {
  /** Checked when the upload completes, where the service can; refused where it cannot. */
  readonly mode?: PutMode;
  /** Attributes of the object; those it had are replaced. */
  readonly attributes?: Attributes;
  /** Tags of the object. */
  readonly tags?: Tags;
}

/** An upload in parts. Nothing is visible before `complete`. */
export interface MultipartUpload {
  /**
   * Adds the next part: the order of calls is the order of bytes, completion is free. All but the last ≥ 5 MiB on cloud
   * stores.
   */
  putPart(part: Uint8Array | readonly Uint8Array[], options?: OperationOptions): Promise<void>;
  /** Makes the object visible. Every `putPart` must have resolved. */
  complete(options?: OperationOptions): Promise<PutResult>;
  /** Aborts the upload and frees its parts. May be called after a failure, and more than once. */
  abort(options?: OperationOptions): Promise<void>;
}

/** Options of `writer`. */
export interface WriterOptions extends PutMultipartOptions {
  /** Size of the first part in bytes; grows so that 10,000 parts suffice. Default 10 MiB. */
  readonly partSize?: number;
  /** Parts under way at once. Default 8. */
  readonly concurrency?: number;
  /** Told of the bytes sent so far. */
  readonly onProgress?: (progress: Progress) => void;
}

/** A stream into an object. The object is visible once `close` has resolved; `abort` leaves nothing behind. */
export interface ObjectWriter extends WritableStream<Uint8Array> {
  /** Resolves with the write's result when the stream is closed; rejects as the stream fails. */
  readonly result: Promise<PutResult>;
}

/** Options of `list` and `listWithDelimiter`. */
export interface ListOptions extends OperationOptions {
  /** Only paths strictly greater than this, by UTF-8 bytes. It need not exist. */
  readonly offset?: PathInput;
  /**
   * A key in the store that is not a valid path (`a//b`, a control character): `"error"` fails the listing, `"skip"`
   * passes over it, `"raw"` yields it as it is, to be addressed with `rawPath(meta.location)`. Default `"error"`.
   */
  readonly invalidPaths?: "error" | "skip" | "raw";
}
/** One level of a listing. */
export interface ListResult {
  /** Directories right below the prefix, sorted by bytes, without a trailing slash. */
  readonly commonPrefixes: readonly Path[];
  /** Objects right below the prefix. */
  readonly objects: readonly ObjectMeta[];
  /** The last page's response. */
  readonly response?: ResponseExtensions;
}

/** Options of `delete`. */
export interface DeleteOptions extends OperationOptions {
  /** Only this version, or only if the object still has this ETag, where the service can. */
  readonly version?: string;
  /** Only if the object has one of these ETags. */
  readonly ifMatch?: string;
}

/** The outcome of one deletion of `deleteAll`; outcomes come in the order of the paths given. */
export type DeleteOutcome =
  | { readonly path: Path; readonly ok: true }
  | { readonly path: Path; readonly ok: false; readonly error: ObjectStoreError };

/** Options of `copy` and `rename`. */
export interface CopyOptions extends OperationOptions {
  /** Whether the destination may be replaced. Default `"overwrite"`. */
  readonly mode?: CopyMode;
}
