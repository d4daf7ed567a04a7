/** The store of a WebDAV server, or of any HTTP server for reading. */
import { BaseStore } from "../../store/base.ts";
import { notSupported, NotSupportedError } from "../../store/error.ts";
import { lazyWriter } from "../../store/lazy_writer.ts";
import type { Path, PathInput } from "../../store/parse_path.ts";
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
  PutOptions,
  PutPayload,
  PutResult,
  WriterOptions,
} from "../../store/types.ts";
import { late } from "../common/late.ts";
import type { HttpStoreOptions } from "./options.ts";
import { HttpServer, STORE } from "./server.ts";
import type { WebDav } from "./webdav.ts";

/**
 * Objects on a WebDAV server (nginx, Apache, storeport's gateway, …), from a base URL on. Any other HTTP server can be
 * read: `get`, `head`, `getRange`, `getRanges`; the rest rejects with `NotSupportedError`.
 *
 * - `list` asks for the whole tree at once and goes level by level where the server refuses that. Directories without
 *   objects show up as common prefixes.
 * - A write makes the directories above it as needed; `delete` leaves them.
 * - `"create"` and `{ update }` need a server that honours conditions (see
 *   {@linkcode HttpStoreOptions.conditionalPut}). Apache does, but not in one step: of writers that race there several
 *   may win. Its ETags are weak, and so match nothing, until an object is a second old. A conditional write that had to
 *   be sent again may meet its own first sending; its error then says so.
 * - WebDAV has no uploads in parts: `writer` streams one PUT, `putMultipart` is refused. A stream of more than 1 MiB is
 *   sent once; if that fails, the put does. Platforms whose `fetch` takes no streams are refused above 16 MiB by name.
 * - Attributes are sent as their headers, user metadata as `x-storeport-meta-*`. Most servers forget all but
 *   the content type; storeport's gateway keeps them. Tags are ignored.
 *
 * @example
 * ```ts ignore
 * import { HttpStore } from "@storeport/storeport/http";
 *
 * const store = new HttpStore("https://example.com/data/");
 * const bytes = await store.getRange("archive.bin", { start: 0, end: 1024 });
 * ```
 */
export class HttpStore extends BaseStore {
  /** `HttpStore`. */
  readonly name: string = "HttpStore";
  /** Short name that errors carry. */
  protected readonly storeName: string = STORE;
  readonly #server: HttpServer;
  #webdav: WebDav | undefined;

  /**
   * A store from a base URL on. User information in it becomes credentials.
   *
   * @throws {ConfigurationError} for a URL that is not `http:` or `https:`, or has a query or fragment.
   * @throws {NotSupportedError} for client options that the connector cannot honour.
   */
  constructor(url: string | URL, options: HttpStoreOptions = {}) {
    super();
    this.#server = new HttpServer(url, options);
  }

  /** See {@linkcode ObjectStore.get}. A directory is not found; a server that ignores ranges is not supported. */
  async get(path: PathInput, options: GetOptions = {}): Promise<GetResult> {
    const location = this.parse(path);
    if (options.version !== undefined) {
      notSupported(`get "${location}" by version`, "HTTP servers keep none", {
        store: STORE,
        path: location,
      });
    }
    reads ??= await late(import("./read.ts"), options.head ? "get the head of" : "get", {
      store: STORE,
      path: location,
    });
    return await reads.readObject(this.#server, location, options);
  }

  /** See {@linkcode ObjectStore.put}. */
  async put(path: PathInput, payload: PutPayload, options: PutOptions = {}): Promise<PutResult> {
    const location = this.parse(path);
    return await (await this.#dav("put", location, payload)).put(location, payload, options);
  }

  /** See {@linkcode ObjectStore.delete}. A directory is not found: it would go with all that is in it. */
  override async delete(path: PathInput, options: DeleteOptions = {}): Promise<void> {
    const location = this.parse(path);
    await (await this.#dav("delete", location)).delete(location, options);
  }

  /** See {@linkcode ObjectStore.deleteAll}. Ten at a time. */
  async *deleteAll(
    paths: Iterable<PathInput> | AsyncIterable<PathInput>,
    options: OperationOptions = {},
  ): AsyncGenerator<DeleteOutcome> {
    yield* (await this.#dav("delete")).deleteAll(paths, options);
  }

  /** See {@linkcode ObjectStore.list}. */
  async *list(prefix?: PathInput, options: ListOptions = {}): AsyncGenerator<ObjectMeta> {
    yield* await (await this.#dav("list")).list(prefix, options);
  }

  /** See {@linkcode ObjectStore.listWithDelimiter}. */
  async listWithDelimiter(prefix?: PathInput, options: ListOptions = {}): Promise<ListResult> {
    return await (await this.#dav("list")).listWithDelimiter(prefix, options);
  }

  /** See {@linkcode ObjectStore.copy}. The server copies. */
  async copy(from: PathInput, to: PathInput, options: CopyOptions = {}): Promise<void> {
    const [source, target] = [this.parse(from), this.parse(to)];
    await (await this.#dav("copy", source)).copy(source, target, options);
  }

  /** See {@linkcode ObjectStore.rename}. The server moves, in one step. */
  override async rename(from: PathInput, to: PathInput, options: CopyOptions = {}): Promise<void> {
    const [source, target] = [this.parse(from), this.parse(to)];
    await (await this.#dav("rename", source)).rename(source, target, options);
  }

  /** Always rejects: WebDAV has no uploads in parts. */
  putMultipart(path: PathInput): Promise<MultipartUpload> {
    return Promise.reject(
      new NotSupportedError(
        `Cannot upload "${path}" in parts: WebDAV has no such uploads; use writer() or put() with a stream`,
        { store: STORE, path: String(path) },
      ),
    );
  }

  /** See {@linkcode ObjectStore.writer}. One PUT, streamed; the part options mean nothing to it. */
  override writer(path: PathInput, options: WriterOptions = {}): ObjectWriter {
    const context = { store: STORE, path: this.parse(path) };
    return lazyWriter(async () =>
      (await import("../../store/writer.ts")).createPutWriter(this, path, options, context)
    );
  }

  /** Closes pooled connections. Requests under way are not disturbed. */
  override close(): void {
    this.#server.connection.close();
  }

  /** All operations other than reads, loaded when first called. */
  #dav(action: string, path?: Path, payload?: PutPayload): WebDav | Promise<WebDav> {
    return this.#webdav ?? this.#openDav(action, path, payload);
  }

  async #openDav(
    action: string,
    path: Path | undefined,
    payload: PutPayload | undefined,
  ): Promise<WebDav> {
    const { WebDav } = await late(import("./webdav.ts"), action, { store: STORE, path }, payload);
    return this.#webdav ??= new WebDav(this.#server);
  }
}

let reads: typeof import("./read.ts") | undefined;
