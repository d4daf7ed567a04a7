/** The store of one S3 bucket. */
import { BaseStore } from "../../store/base.ts";
import type {
  ListPage,
  ListPageOptions,
  MultipartStore,
  PaginatedListStore,
  PartId,
  Signer,
  SignOptions,
} from "../../store/capabilities.ts";
import { ConfigurationError, InvalidPathError, NotFoundError, toStoreError } from "../../store/error.ts";
import { parsePrefix } from "../../store/list.ts";
import { parseKey, parsePath, type Path, type PathInput, rawPath } from "../../store/path.ts";
import { cancelPayload, readPayload, toPayload } from "../../store/payload.ts";
import type {
  CopyOptions,
  DeleteOptions,
  DeleteOutcome,
  GetOptions,
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
  Tags,
  WriterOptions,
} from "../../store/types.ts";
import { createWriter } from "../../store/writer.ts";
import { type GetDialect, getObject } from "../common/get.ts";
import { encodeUnreserved } from "../common/url.ts";
import { serviceDate } from "./authorize.ts";
import { S3Client } from "./client.ts";
import { WriteConditions } from "./conditions.ts";
import { checkConditions, splitConditions } from "./read_conditions.ts";
import type { S3Credential } from "./credential.ts";
import { deleteMany, type DeleteMemory, deleteObject } from "./deletion.ts";
import { readS3Error, STORE } from "./error.ts";
import { listAll, listLevel, listOnePage } from "./listing.ts";
import {
  parsePartId,
  parseUploadHandle,
  partId,
  type ResumedUpload,
  resumeUpload,
  sequencedUpload,
  sliceChunks,
  uploadHandle,
} from "./multipart.ts";
import type { S3StoreOptions } from "./options.ts";
import type { PostPolicy, PostPolicyRequest } from "./post_policy.ts";
import { MAX_SINGLE, putChunks } from "./put.ts";
import type { PendingUpload, PendingUploadOptions } from "./stale_uploads.ts";
import type { TagOptions } from "./tagging.ts";
import { abortUpload, completeUpload, createUpload, listParts, uploadPart } from "./uploads.ts";
import { verified } from "./verify.ts";
import type { ObjectVersion } from "./versions.ts";
import { METADATA_PREFIX } from "./write_headers.ts";

// A version that is the marker of a deletion answers 405.
const DIALECT: GetDialect = {
  store: STORE,
  metadata: METADATA_PREFIX,
  version: "x-amz-version-id",
  kinds: { 405: NotFoundError },
  readError: readS3Error,
};

/** A stream up to this size goes out as one put. */
const STREAM_THRESHOLD = 16 * 1024 * 1024;
/** Part size where parts must be equal and so cannot grow: 320 GiB in 10,000 parts. */
const EQUAL_PART_SIZE = 32 * 1024 * 1024;

/**
 * Objects in a bucket of Amazon S3, or of a service that speaks its protocol: Cloudflare R2, MinIO, Ceph, Backblaze,
 * Wasabi, … (see {@linkcode S3StoreOptions.provider}).
 *
 * - Whole objects that are read are held against the service's checksum, where it has one; what is written carries one,
 *   or a signed hash.
 * - A conditional write whose answer got lost is sent again, and found to be one's own if the object is what was put. Writers of equal
 *   content cannot be told apart by that: put something of its own into a lock.
 * - Deleting what is not there succeeds. Copies of more than 5 GiB go in parts, several at once.
 * - A region that turns out to be wrong is corrected, once, as is a clock that is off.
 *
 * @example
 * ```ts ignore
 * import { S3Store } from "@storeport/storeport/s3";
 *
 * const store = new S3Store({ bucket: "data", region: "eu-west-1", accessKeyId: "…", secretAccessKey: "…" });
 * await store.put("reports/2024.csv", "a,b\n");
 * ```
 */
export class S3Store extends BaseStore implements MultipartStore, PaginatedListStore, Signer {
  /** `AmazonS3(bucket)`. */
  readonly name: string;
  /** See {@linkcode ObjectStore.listsInOrder}. Directory buckets do not. */
  readonly listsInOrder: boolean;
  /** Short name that errors carry. */
  protected readonly storeName: string = STORE;
  readonly #client: S3Client;
  readonly #conditions: WriteConditions;
  readonly #deletes: DeleteMemory = {};

  /**
   * A store on a bucket. Nothing is sent before the first operation.
   *
   * @throws {ConfigurationError} for options that name no bucket, contradict each other, or hold half a pair of keys.
   * @throws {NotSupportedError} for client options that the connector cannot honour.
   */
  constructor(options: S3StoreOptions) {
    super();
    this.#client = new S3Client(options);
    this.#conditions = new WriteConditions(this.#client);
    this.name = `AmazonS3(${options.bucket})`;
    this.listsInOrder = this.#client.provider.ordered;
  }

  /** See {@linkcode ObjectStore.get}. */
  async get(path: PathInput, options: GetOptions = {}): Promise<GetResult> {
    const location = this.parse(path);
    const client = this.#client;
    const { version, range, head } = options;
    const whole = range === undefined && !head;
    const { sent, check } = splitConditions(options);
    const result = await getObject(client.connection, DIALECT, {
      path: location,
      url: client.objectUrl(location, version === undefined ? undefined : [["versionId", version]]),
      headers: client.readHeaders(whole),
    }, sent);
    if (check !== undefined) await checkConditions(result, check);
    return whole && client.verify ? verified(result) : result;
  }

  /** See {@linkcode ObjectStore.put}. Streams of more than 16 MiB go in parts. */
  async put(path: PathInput, payload: PutPayload, options: PutOptions = {}): Promise<PutResult> {
    const location = this.parse(path);
    const context = { store: STORE, path: location };
    const content = toPayload(payload, context, options.size);
    const { mode = "overwrite", signal } = options;
    const { putThreshold = MAX_SINGLE } = this.#client.options;
    try {
      signal?.throwIfAborted();
      await this.#conditions.requirePut(location, mode, options);
      if (content.kind === "chunks") {
        const { chunks, length } = content;
        if (length > Math.min(putThreshold, MAX_SINGLE)) {
          return await this.#putParts(location, chunks, length, options);
        }
        const result = await putChunks(this.#client, location, chunks, options);
        options.onProgress?.({ transferred: length, total: length });
        return result;
      }
      if (this.#conditions.completes(mode)) return await this.#putStream(location, content.stream, options);
      // Nothing can be checked when an upload completes: then all of it must be there first.
      const bytes = await readPayload(content, options, context);
      return await this.put(path, bytes, options);
    } catch (error) {
      await cancelPayload(content, error);
      throw error;
    }
  }

  /** See {@linkcode ObjectStore.delete}. */
  override async delete(path: PathInput, options: DeleteOptions = {}): Promise<void> {
    await deleteObject(this.#client, this.parse(path), options);
  }

  /** See {@linkcode ObjectStore.deleteAll}. A thousand a request. */
  deleteAll(
    paths: Iterable<PathInput> | AsyncIterable<PathInput>,
    options: OperationOptions = {},
  ): AsyncIterable<DeleteOutcome> {
    return deleteMany(this.#client, paths, this.#deletes, (path) => this.parse(path), options);
  }

  /** See {@linkcode ObjectStore.list}. */
  list(prefix?: PathInput, options: ListOptions = {}): AsyncIterable<ObjectMeta> {
    return this.#list(prefix, { ...options });
  }

  async *#list(
    prefix: PathInput | undefined,
    options: ListOptions,
  ): AsyncGenerator<ObjectMeta, void, undefined> {
    yield* listAll(this.#client, parsePrefix(prefix, STORE), this.#listOptions(options));
  }

  /** See {@linkcode ObjectStore.listWithDelimiter}. */
  async listWithDelimiter(prefix?: PathInput, options: ListOptions = {}): Promise<ListResult> {
    return await listLevel(this.#client, parsePrefix(prefix, STORE), this.#listOptions(options));
  }

  /** See {@linkcode PaginatedListStore.listPage}. */
  async listPage(prefix?: string, options: ListPageOptions = {}): Promise<ListPage> {
    return await listOnePage(this.#client, prefix, options);
  }

  /** See {@linkcode ObjectStore.copy}. */
  async copy(from: PathInput, to: PathInput, options: CopyOptions = {}): Promise<void> {
    const [source, target] = [this.parse(from), this.parse(to)];
    const { copyObject } = await import("./copy.ts");
    await copyObject(this.#client, source, target, options);
  }

  /** See {@linkcode ObjectStore.putMultipart}. */
  async putMultipart(path: PathInput, options: PutMultipartOptions = {}): Promise<MultipartUpload> {
    const location = this.parse(path);
    const { mode = "overwrite" } = options;
    this.#conditions.requireComplete(location, mode);
    const id = await createUpload(this.#client, location, options);
    return sequencedUpload(this.#client, location, { id, mode });
  }

  /** See {@linkcode ObjectStore.writer}. */
  override writer(path: PathInput, options: WriterOptions = {}): ObjectWriter {
    const partSize = options.partSize ?? (this.#client.provider.equalParts ? EQUAL_PART_SIZE : undefined);
    return createWriter(this, path, { ...options, partSize }, { store: STORE, path: this.parse(path) });
  }

  /** See {@linkcode MultipartStore.createMultipart}. */
  async createMultipart(path: PathInput, options: PutMultipartOptions = {}): Promise<string> {
    const location = this.parse(path);
    const { mode = "overwrite" } = options;
    this.#conditions.requireComplete(location, mode);
    return uploadHandle(await createUpload(this.#client, location, options), mode);
  }

  /** See {@linkcode MultipartStore.putPart}. */
  async putPart(
    path: PathInput,
    id: string,
    index: number,
    part: Uint8Array | readonly Uint8Array[],
    options: OperationOptions = {},
  ): Promise<PartId> {
    const location = this.parse(path);
    const chunks = part instanceof Uint8Array ? [part] : part;
    const { id: upload } = parseUploadHandle(id, location);
    return partId(await uploadPart(this.#client, location, upload, index + 1, chunks, options));
  }

  /** See {@linkcode MultipartStore.completeMultipart}. */
  async completeMultipart(
    path: PathInput,
    id: string,
    parts: readonly PartId[],
    options: OperationOptions = {},
  ): Promise<PutResult> {
    const location = this.parse(path);
    const { id: upload, mode } = parseUploadHandle(id, location);
    const stored = parts.map((part, i) => parsePartId(part, i + 1, location));
    if (stored.length === 0) stored.push(await uploadPart(this.#client, location, upload, 1, [], options));
    return await completeUpload(this.#client, location, upload, stored, mode, options);
  }

  /** See {@linkcode MultipartStore.abortMultipart}. */
  async abortMultipart(path: PathInput, id: string, options: OperationOptions = {}): Promise<void> {
    const location = this.parse(path);
    await abortUpload(this.#client, location, parseUploadHandle(id, location).id, options);
  }

  /** Takes up an upload by its id, from `createMultipart`, {@linkcode listUploads} or any other program. */
  async resumeMultipart(path: PathInput, id: string, options: OperationOptions = {}): Promise<ResumedUpload> {
    return await resumeUpload(this.#client, this.parse(path), id, options);
  }

  /** Parts that the service has of an upload: index from 0, id for `completeMultipart`, size in bytes. */
  async *listParts(
    path: PathInput,
    id: string,
    options: OperationOptions = {},
  ): AsyncGenerator<PartId & { readonly index: number; readonly size?: number }, void, undefined> {
    const location = this.parse(path);
    for await (const part of listParts(this.#client, location, parseUploadHandle(id, location).id, options)) {
      yield { ...partId(part), index: part.number - 1, size: part.size };
    }
  }

  /** Uploads below a prefix that were begun and have not ended. */
  async *listUploads(
    prefix?: PathInput,
    options: PendingUploadOptions = {},
  ): AsyncGenerator<PendingUpload, void, undefined> {
    const { listUploads } = await import("./stale_uploads.ts");
    yield* listUploads(this.#client, parsePrefix(prefix, STORE), options);
  }

  /** Aborts the uploads below a prefix that began before an instant, and returns them. Their parts are paid for until then. */
  async abortUploads(
    prefix: PathInput,
    before: Date,
    options: OperationOptions = {},
  ): Promise<PendingUpload[]> {
    const stale: PendingUpload[] = [];
    for await (const upload of this.listUploads(prefix, { ...options, before })) stale.push(upload);
    for (const { path, id } of stale) await abortUpload(this.#client, path, id, options);
    return stale;
  }

  /** Versions of an object or of all below a prefix, with the markers of deletions; newest first for each key. */
  async *listVersions(
    prefix?: PathInput,
    options: OperationOptions = {},
  ): AsyncGenerator<ObjectVersion, void, undefined> {
    const { listVersions } = await import("./versions.ts");
    yield* listVersions(this.#client, parsePrefix(prefix, STORE), options);
  }

  /** Tags of an object. @throws {NotSupportedError} where there are none. */
  async getTags(path: PathInput, options: TagOptions = {}): Promise<Tags> {
    const { getTags } = await import("./tagging.ts");
    return await getTags(this.#client, this.parse(path), options);
  }

  /** Replaces the tags of an object. @throws {NotSupportedError} where there are none. */
  async putTags(path: PathInput, tags: Tags, options: TagOptions = {}): Promise<void> {
    const { putTags } = await import("./tagging.ts");
    await putTags(this.#client, this.parse(path), tags, options);
  }

  /**
   * See {@linkcode Signer.signedUrl}. Signed with the configured credentials even where requests are not; at most seven
   * days, and no longer than temporary credentials live.
   */
  async signedUrl(
    method: string,
    path: PathInput,
    expiresIn: number,
    options: SignOptions = {},
  ): Promise<string> {
    const [url] = await this.signedUrls(method, [path], expiresIn, options);
    return url!;
  }

  /** See {@linkcode Signer.signedUrls}. */
  async signedUrls(
    method: string,
    paths: readonly PathInput[],
    expiresIn: number,
    options: SignOptions = {},
  ): Promise<string[]> {
    const locations = paths.map((path) => this.parse(path));
    if (locations.length === 0) return [];
    const credential = await this.#credential("sign URLs", options.signal);
    const { presignUrl } = await import("./presign.ts");
    const { endpoint, state, options: { requestPayer } } = this.#client;
    const { region, service } = endpoint;
    const { extraQuery: query, signedHeaders } = options;
    const how = {
      credential,
      date: serviceDate(state),
      expiresIn,
      region,
      service,
      query,
      signedHeaders,
      requestPayer,
    };
    return locations.map((path) => presignUrl(method, `${endpoint.url}/${encodeUnreserved(path)}`, how));
  }

  /** What a form in a browser needs to upload one file below a key: where to post, and the fields before the file. */
  async postPolicy(path: PathInput, request: PostPolicyRequest): Promise<PostPolicy> {
    const location = this.parse(path);
    const credential = await this.#credential(`sign a form for "${location}"`, request.signal);
    const { state } = this.#client;
    const { postPolicy } = await import("./post_policy.ts");
    return postPolicy(location, request, credential, {
      endpoint: state.endpoint,
      bucket: this.#client.options.bucket,
      date: serviceDate(state),
    });
  }

  /** Closes pooled connections. Requests under way are not disturbed. */
  override close(): void {
    this.#client.close();
  }

  /** S3 takes any key, but an empty one is the bucket. */
  protected override parse(path: PathInput): Path {
    const parsed = this.#client.provider.rawKeys ? parseKey(path, STORE) : parsePath(path, STORE);
    if (parsed !== "") return parsed;
    throw new InvalidPathError("Cannot use the root as an object: it is the bucket", {
      store: STORE,
      path: "",
    });
  }

  /** A parsed path as an input that is taken as it is. */
  #again(path: Path): PathInput {
    return this.#client.provider.rawKeys ? rawPath(path) : path;
  }

  #listOptions(options: ListOptions): ListOptions & { readonly offset?: Path } {
    return { ...options, offset: options.offset === undefined ? undefined : parseKey(options.offset, STORE) };
  }

  async #credential(action: string, signal: AbortSignal | undefined): Promise<S3Credential> {
    const credential = await this.#client.credential(signal);
    if (credential !== undefined) return credential;
    throw new ConfigurationError(`Cannot ${action}: the store has no credentials`, {
      store: STORE,
      key: "credentials",
    });
  }

  async #putStream(path: Path, stream: ReadableStream<Uint8Array>, options: PutOptions): Promise<PutResult> {
    const partSize = this.#client.provider.equalParts
      ? EQUAL_PART_SIZE
      : Math.min(this.#client.options.putThreshold ?? STREAM_THRESHOLD, MAX_SINGLE);
    const context = { store: STORE, path };
    const writer = createWriter(this, this.#again(path), { ...options, partSize }, context);
    try {
      await stream.pipeTo(writer, { signal: options.signal });
    } catch (error) {
      options.signal?.throwIfAborted();
      throw toStoreError(error, `Cannot put "${path}"`, context);
    }
    return await writer.result;
  }

  async #putParts(
    path: Path,
    chunks: readonly Uint8Array[],
    length: number,
    options: PutOptions,
  ): Promise<PutResult> {
    const partSize = Math.max(64 * 1024 * 1024, Math.ceil(length / 10_000));
    const upload = await this.putMultipart(this.#again(path), options);
    try {
      const parts = Array.from({ length: Math.ceil(length / partSize) }, (_, i) => i);
      let transferred = 0;
      // Added in order, a few at a time.
      const running = new Set<Promise<void>>();
      for (const i of parts) {
        const part = sliceChunks(chunks, i * partSize, Math.min(length, (i + 1) * partSize));
        const done: Promise<void> = upload.putPart(part, options).then(() => {
          transferred += part.reduce((sum, chunk) => sum + chunk.byteLength, 0);
          options.onProgress?.({ transferred, total: length });
        }).finally(() => running.delete(done));
        done.catch(() => {});
        running.add(done);
        if (running.size >= 4) await Promise.race(running);
      }
      await Promise.all(running);
      return await upload.complete(options);
    } catch (error) {
      await upload.abort().catch(() => {});
      throw error;
    }
  }
}
