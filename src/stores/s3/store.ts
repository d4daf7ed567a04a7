/**
 * The store of one S3 bucket. What a page needs that reads and puts small objects is here; the rest is loaded when
 * asked for.
 */
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
import { InvalidPathError } from "../../store/error.ts";
import { lazyWriter } from "../../store/lazy_writer.ts";
import { parseKey, parsePath, type Path, type PathInput, ROOT_PATH } from "../../store/parse_path.ts";
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
import { late, lateIterable } from "../common/late.ts";
import { S3Client, STORE } from "./client.ts";
import type { DeleteMemory } from "./deletion/deletion.ts";
import type { ListedPart, ResumedUpload } from "./multipart/multipart.ts";
import type { S3StoreOptions } from "./options.ts";
import type { PostPolicy, PostPolicyRequest } from "./signing/post_policy.ts";
import type { PutMemory } from "./put/put.ts";
import type { PendingUpload, PendingUploadOptions } from "./multipart/stale_uploads.ts";
import type { TagOptions } from "./tagging.ts";
import type { ObjectVersion } from "./listing/versions.ts";

/**
 * Objects in a bucket of Amazon S3, or of a service that speaks its protocol: Cloudflare R2, MinIO, Ceph, Backblaze,
 * Wasabi, … (see {@linkcode S3StoreOptions.provider}).
 *
 * - Whole objects that are read are verified against the service's checksum, if it has one; what is written carries
 *   one, or a signed hash.
 * - A conditional write (a put, an upload or a copy) whose answer got lost is sent again. So that it is told from
 *   another's, equal bytes or not, it carries a random marker as user metadata, `storeport-put`, which this store does
 *   not show, and which counts toward the 2 KiB that metadata may have. A refused write costs one more request, which
 *   looks for it. Where another has written over one's own meanwhile, or the head of the object may not be read, the
 *   refusal stands.
 * - Deleting what is not there succeeds. Copies of more than 5 GiB go in parts, several at once.
 * - Listings skip folder markers, which are empty objects whose keys end in a slash; `invalidPaths: "raw"` shows them.
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
  readonly #puts: PutMemory = {};
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
    this.name = `AmazonS3(${options.bucket})`;
    this.listsInOrder = this.#client.provider.ordered;
  }

  /** See {@linkcode ObjectStore.get}. */
  async get(path: PathInput, options: GetOptions = {}): Promise<GetResult> {
    const location = this.parse(path);
    reads ??= await loaded(import("./read.ts"), options.head ? "get the head of" : "get", location);
    return await reads.readObject(this.#client, location, options);
  }

  /**
   * See {@linkcode ObjectStore.put}. Streams of more than 16 MiB go in parts. Under a condition that no upload heeds on
   * this service they go out as they are read, signed chunk by chunk, if their length is known and the service takes
   * that; otherwise they are held in memory.
   */
  async put(path: PathInput, payload: PutPayload, options: PutOptions = {}): Promise<PutResult> {
    const client = this.#client;
    const put = { store: this, client, memory: this.#puts, path: this.parse(path), options };
    puts ??= await loaded(loadPuts(client), "put", put.path, payload);
    return await puts.putObject(put, payload);
  }

  /** See {@linkcode ObjectStore.delete}. */
  override async delete(path: PathInput, options: DeleteOptions = {}): Promise<void> {
    const location = this.parse(path);
    await (await loadDeletion(location)).deleteObject(this.#client, location, options);
  }

  /** See {@linkcode ObjectStore.deleteAll}. Up to 1,000 objects per request. */
  async *deleteAll(
    paths: Iterable<PathInput> | AsyncIterable<PathInput>,
    options: OperationOptions = {},
  ): AsyncGenerator<DeleteOutcome, void, undefined> {
    const { deleteMany } = await loadDeletion();
    yield* deleteMany(this.#client, paths, this.#deletes, (path) => this.parse(path), options);
  }

  /** See {@linkcode ObjectStore.list}. */
  list(prefix?: PathInput, options: ListOptions = {}): AsyncIterable<ObjectMeta> {
    const given = { ...options };
    return lateIterable(async () => {
      const below = parsePrefix(prefix);
      return (await loadListing()).listAll(this.#client, below, withOffset(given));
    });
  }

  /** See {@linkcode ObjectStore.listWithDelimiter}. */
  async listWithDelimiter(prefix?: PathInput, options: ListOptions = {}): Promise<ListResult> {
    const [below, given] = [parsePrefix(prefix), withOffset(options)];
    return await (await loadListing()).listLevel(this.#client, below, given);
  }

  /** See {@linkcode PaginatedListStore.listPage}. */
  async listPage(prefix?: string, options: ListPageOptions = {}): Promise<ListPage> {
    return await (await loadListing()).listOnePage(this.#client, prefix, options);
  }

  /** See {@linkcode ObjectStore.copy}. */
  async copy(from: PathInput, to: PathInput, options: CopyOptions = {}): Promise<void> {
    const [source, target] = [this.parse(from), this.parse(to)];
    const { copyObject } = await loaded(import("./copy.ts"), "copy", source);
    await copyObject(this.#client, source, target, options);
  }

  /** See {@linkcode ObjectStore.putMultipart}. */
  async putMultipart(path: PathInput, options: PutMultipartOptions = {}): Promise<MultipartUpload> {
    const location = this.parse(path);
    return await (await loadMultipart(location)).beginUpload(this.#client, location, options);
  }

  /** See {@linkcode ObjectStore.writer}. */
  override writer(path: PathInput, options: WriterOptions = {}): ObjectWriter {
    const context = { store: STORE, path: this.parse(path) };
    return lazyWriter(async () => {
      const { createWriter, EQUAL_PART_SIZE } = await loaded(import("./put/large.ts"), "put", context.path);
      const partSize = options.partSize ?? (this.#client.provider.equalParts ? EQUAL_PART_SIZE : undefined);
      return createWriter(this, path, { ...options, partSize }, context);
    });
  }

  /** See {@linkcode MultipartStore.createMultipart}. */
  async createMultipart(path: PathInput, options: PutMultipartOptions = {}): Promise<string> {
    const location = this.parse(path);
    return await (await loadMultipart(location)).beginByHandle(this.#client, location, options);
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
    return await (await loadMultipart(location)).putPartByHandle(
      this.#client,
      location,
      id,
      index,
      chunks,
      options,
    );
  }

  /** See {@linkcode MultipartStore.completeMultipart}. */
  async completeMultipart(
    path: PathInput,
    id: string,
    parts: readonly PartId[],
    options: OperationOptions = {},
  ): Promise<PutResult> {
    const location = this.parse(path);
    return await (await loadMultipart(location)).completeByHandle(this.#client, location, id, parts, options);
  }

  /** See {@linkcode MultipartStore.abortMultipart}. */
  async abortMultipart(path: PathInput, id: string, options: OperationOptions = {}): Promise<void> {
    const location = this.parse(path);
    await (await loadMultipart(location)).abortByHandle(this.#client, location, id, options);
  }

  /** Resumes an upload by its id, from `createMultipart`, {@linkcode listUploads} or any other program. */
  async resumeMultipart(path: PathInput, id: string, options: OperationOptions = {}): Promise<ResumedUpload> {
    const location = this.parse(path);
    return await (await loadMultipart(location)).resumeUpload(this.#client, location, id, options);
  }

  /** Parts of an upload that the service holds: index from 0, id for `completeMultipart`, size in bytes. */
  async *listParts(
    path: PathInput,
    id: string,
    options: OperationOptions = {},
  ): AsyncGenerator<ListedPart, void, undefined> {
    const location = this.parse(path);
    yield* (await loadMultipart(location)).partsByHandle(this.#client, location, id, options);
  }

  /** Uploads below a prefix that were begun and have not ended. */
  async *listUploads(
    prefix?: PathInput,
    options: PendingUploadOptions = {},
  ): AsyncGenerator<PendingUpload, void, undefined> {
    yield* (await loadStaleUploads()).listUploads(this.#client, parsePrefix(prefix), options);
  }

  /**
   * Aborts the uploads below a prefix that began before an instant, and returns them. Their parts are paid for until
   * then.
   */
  async abortUploads(
    prefix: PathInput,
    before: Date,
    options: OperationOptions = {},
  ): Promise<PendingUpload[]> {
    const { abortUploads } = await loadStaleUploads();
    return await abortUploads(this.#client, parsePrefix(prefix), { ...options, before });
  }

  /** Versions of an object or of all below a prefix, with the markers of deletions; newest first for each key. */
  async *listVersions(
    prefix?: PathInput,
    options: OperationOptions = {},
  ): AsyncGenerator<ObjectVersion, void, undefined> {
    const { listVersions } = await loaded(import("./listing/versions.ts"), "list versions");
    yield* listVersions(this.#client, parsePrefix(prefix), options);
  }

  /**
   * Tags of an object.
   *
   * @throws {NotSupportedError} if the service has none.
   */
  async getTags(path: PathInput, options: TagOptions = {}): Promise<Tags> {
    const location = this.parse(path);
    return await (await loadTagging(location)).getTags(this.#client, location, options);
  }

  /**
   * Replaces the tags of an object.
   *
   * @throws {NotSupportedError} if the service has none.
   */
  async putTags(path: PathInput, tags: Tags, options: TagOptions = {}): Promise<void> {
    const location = this.parse(path);
    await (await loadTagging(location)).putTags(this.#client, location, tags, options);
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
    const { presignObjects } = await loadSigning();
    return await presignObjects(this.#client, method, locations, expiresIn, options);
  }

  /** What a form in a browser needs to upload one file below a key: where to post, and the fields before the file. */
  async postPolicy(path: PathInput, request: PostPolicyRequest): Promise<PostPolicy> {
    const location = this.parse(path);
    return await (await loadSigning()).postPolicy(this.#client, location, request);
  }

  /** Closes pooled connections. Requests under way are not disturbed. */
  override close(): void {
    this.#client.connection.close();
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
}

function parsePrefix(prefix: PathInput | undefined): Path {
  return prefix === undefined ? ROOT_PATH : parsePath(prefix, STORE);
}

/** S3 starts after any key, be it a path or not. */
function withOffset(options: ListOptions): ListOptions & { readonly offset?: Path } {
  return { ...options, offset: options.offset === undefined ? undefined : parseKey(options.offset, STORE) };
}

let reads: typeof import("./read.ts") | undefined;
let puts: typeof import("./put/put.ts") | undefined;

function loaded<T>(loading: Promise<T>, action: string, path?: Path, payload?: PutPayload): Promise<T> {
  return late(loading, action, { store: STORE, path }, payload);
}

/** What puts need, with the checksums where these are sent. */
async function loadPuts({ checksum }: S3Client): Promise<typeof import("./put/put.ts")> {
  const bodies = import("./signing/request_body.ts");
  const sums = checksum === undefined
    ? undefined
    : checksum === "sha256"
    ? import("./checksum/checksum.ts")
    : import("./checksum/crc.ts");
  const [puts] = await Promise.all([import("./put/put.ts"), bodies, sums]);
  return puts;
}

function loadDeletion(path?: Path): Promise<typeof import("./deletion/deletion.ts")> {
  return loaded(import("./deletion/deletion.ts"), "delete", path);
}

function loadListing(): Promise<typeof import("./listing/listing.ts")> {
  return loaded(import("./listing/listing.ts"), "list");
}

function loadMultipart(path: Path): Promise<typeof import("./multipart/multipart.ts")> {
  return loaded(import("./multipart/multipart.ts"), "upload", path);
}

function loadStaleUploads(): Promise<typeof import("./multipart/stale_uploads.ts")> {
  return loaded(import("./multipart/stale_uploads.ts"), "list uploads");
}

function loadTagging(path: Path): Promise<typeof import("./tagging.ts")> {
  return loaded(import("./tagging.ts"), "read or write the tags of", path);
}

function loadSigning(): Promise<typeof import("./signing/post_policy.ts")> {
  return loaded(import("./signing/post_policy.ts"), "sign");
}
