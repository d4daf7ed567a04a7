/** The store of a WebDAV server, or of any HTTP server for reading. */
import { BaseStore } from "../../store/base.ts";
import { deleteEach } from "../../store/delete.ts";
import {
  AlreadyExistsError,
  GenericError,
  NotFoundError,
  notSupported,
  NotSupportedError,
  type ObjectStoreError,
  PreconditionError,
} from "../../store/error.ts";
import { parsePrefix, refuseRawListing } from "../../store/list.ts";
import type { HeaderEntry } from "../../http/headers.ts";
import { retryHistory } from "../../http/retry.ts";
import { parentOf, type Path, type PathInput } from "../../store/path.ts";
import { cancelPayload, toPayload } from "../../store/payload.ts";
import { createPutWriter } from "../../store/writer.ts";
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
  PutMode,
  PutOptions,
  PutPayload,
  PutResult,
  WriterOptions,
} from "../../store/types.ts";
import { contentTypeFor } from "../common/content_type.ts";
import { attributeHeaders } from "../common/headers.ts";
import { HttpClient, METADATA_PREFIX, STORE } from "./client.ts";
import type { ListingMemory } from "./listing.ts";
import type { HttpStoreOptions } from "./options.ts";
import { type UploadBody, uploadBody } from "./upload.ts";

/**
 * Objects on a WebDAV server (nginx, Apache, storeport's gateway, …), from a base URL on. Any other HTTP server can be
 * read: `get`, `head`, `getRange`, `getRanges`; the rest rejects with `NotSupportedError`.
 *
 * - `list` asks for the whole tree at once and goes level by level where the server refuses that. Directories without
 *   objects show up as common prefixes.
 * - A write makes the directories above it as needed; `delete` leaves them.
 * - `"create"` and `{ update }` need a server that honours conditions (see {@linkcode HttpStoreOptions.conditionalPut}).
 *   Apache does, but not in one step: of writers that race there several may win. Its ETags are weak, and so match
 *   nothing, until an object is a second old. A conditional write that had to be sent again may meet its own first
 *   sending; its error then says so.
 * - WebDAV has no uploads in parts: `writer` streams one PUT, `putMultipart` is refused. A stream of more than 1 MiB is
 *   sent once; if that fails, the put does. Platforms whose `fetch` takes no streams are refused above 16 MiB by name.
 * - Attributes are sent as their headers, user metadata as `x-storeport-meta-*`. Most servers forget all but
 *   the content type; storeport's gateway keeps them. Tags are ignored.
 *
 * @example
 * ```ts no-eval
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
  readonly #client: HttpClient;
  readonly #options: HttpStoreOptions;
  readonly #memory: ListingMemory = {};
  #conditions: Promise<boolean> | undefined;

  /**
   * A store from a base URL on. User information in it becomes credentials.
   *
   * @throws {ConfigurationError} for what is no `http:` or `https:` URL, or has a query or fragment.
   * @throws {NotSupportedError} for client options that the connector cannot honour.
   */
  constructor(url: string | URL, options: HttpStoreOptions = {}) {
    super();
    this.#client = new HttpClient(url, options);
    this.#options = options;
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
    return await this.#client.get(location, options);
  }

  /** See {@linkcode ObjectStore.put}. */
  async put(path: PathInput, payload: PutPayload, options: PutOptions = {}): Promise<PutResult> {
    const location = this.parse(path);
    const context = { store: STORE, path: location };
    const content = toPayload(payload, context, options.size);
    try {
      options.signal?.throwIfAborted();
      const mode = options.mode ?? "overwrite";
      if (mode !== "overwrite") await this.#requireConditions(location, options);
      const headers = this.#putHeaders(location, mode, options);
      // Where an update finds no directory it finds no object either.
      if (typeof mode !== "object") await this.#client.ensureParents(location, options);
      const upload = await uploadBody(content, options, context);
      const result = await this.#put(location, upload, mode, headers, options);
      if (upload.replayable) options.onProgress?.({ transferred: upload.length!, total: upload.length });
      return result;
    } catch (error) {
      await cancelPayload(content, error);
      throw error;
    }
  }

  /** See {@linkcode ObjectStore.delete}. A directory is not found: it would go with all that is in it. */
  override async delete(path: PathInput, options: DeleteOptions = {}): Promise<void> {
    const location = this.parse(path);
    const { version, ifMatch } = options;
    if (version !== undefined) {
      notSupported(`delete "${location}" by version`, "HTTP servers keep none", {
        store: STORE,
        path: location,
      });
    }
    // RFC 4918 section 9.6.1: on a collection only infinity is allowed, so a server refuses to delete one.
    const headers: HeaderEntry[] = [["depth", "0"]];
    if (ifMatch !== undefined) {
      await this.#requireConditions(location, options);
      headers.push(["if-match", ifMatch]);
    }
    const request = { method: "DELETE", action: "delete", path: location, headers, options };
    const response = await this.#client.send({ ...request, accept: [301, 400, 404, 409] });
    await response.cancel();
    if (response.status < 300) return;
    // The first sending, of which nothing was heard, has deleted it.
    if (response.status === 404 && retryHistory(response) !== undefined) return;
    const message = `Cannot delete "${location}": status ${response.status}`;
    const context = { store: STORE, path: location, status: response.status };
    if (response.status === 404) throw new NotFoundError(message, context);
    await this.head(location, { signal: options.signal, extensions: options.extensions });
    throw new GenericError(message, context);
  }

  /** See {@linkcode ObjectStore.deleteAll}. Ten at a time. */
  deleteAll(
    paths: Iterable<PathInput> | AsyncIterable<PathInput>,
    options: OperationOptions = {},
  ): AsyncIterable<DeleteOutcome> {
    return deleteEach(paths, (path) => this.delete(path, options), { ...options, store: STORE });
  }

  /** See {@linkcode ObjectStore.list}. */
  async *list(prefix?: PathInput, options: ListOptions = {}): AsyncGenerator<ObjectMeta> {
    const path = parsePrefix(prefix, STORE);
    refuseRawListing(options.invalidPaths, STORE);
    const { listAll } = await import("./listing.ts");
    yield* listAll(this.#client, path, options, this.#memory);
  }

  /** See {@linkcode ObjectStore.listWithDelimiter}. */
  async listWithDelimiter(prefix?: PathInput, options: ListOptions = {}): Promise<ListResult> {
    const path = parsePrefix(prefix, STORE);
    refuseRawListing(options.invalidPaths, STORE);
    const { listLevel } = await import("./listing.ts");
    return await listLevel(this.#client, path, options);
  }

  /** See {@linkcode ObjectStore.copy}. The server copies. */
  async copy(from: PathInput, to: PathInput, options: CopyOptions = {}): Promise<void> {
    const source = this.parse(from);
    const target = this.parse(to);
    // COPY would take a directory for a source, and put one in the place of the destination.
    await this.head(source, { signal: options.signal, extensions: options.extensions });
    if (source !== target) await this.#transfer("COPY", source, target, options);
    else if (options.mode === "create") throw exists("copy", source, target);
  }

  /** See {@linkcode ObjectStore.rename}. The server moves, in one step. */
  override async rename(from: PathInput, to: PathInput, options: CopyOptions = {}): Promise<void> {
    const source = this.parse(from);
    const target = this.parse(to);
    await this.head(source, { signal: options.signal, extensions: options.extensions });
    if (source !== target) await this.#transfer("MOVE", source, target, options);
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
    return createPutWriter(this, path, options, { store: STORE, path: this.parse(path) });
  }

  /** Closes pooled connections. Requests under way are not disturbed. */
  override close(): void {
    this.#client.connection.service.close?.();
  }

  #putHeaders(path: Path, mode: PutMode, options: PutOptions): HeaderEntry[] {
    const headers = attributeHeaders(options.attributes, { store: STORE, metadata: METADATA_PREFIX });
    if (options.attributes?.contentType === undefined) {
      const type = contentTypeFor(path, this.#options.client);
      if (type !== undefined) headers.push(["content-type", type]);
    }
    if (mode === "create") headers.push(["if-none-match", "*"]);
    else if (mode !== "overwrite") {
      const { eTag } = mode.update;
      if (eTag === undefined) {
        throw new GenericError(
          `Cannot update "${path}": an ETag is needed to say which version is replaced`,
          {
            store: STORE,
            path,
          },
        );
      }
      headers.push(["if-match", eTag]);
    }
    return headers;
  }

  async #put(
    path: Path,
    upload: UploadBody,
    mode: PutMode,
    headers: HeaderEntry[],
    options: PutOptions,
  ): Promise<PutResult> {
    const send = (accept: readonly number[]) =>
      this.#client.run({
        method: "PUT",
        action: "put",
        path,
        headers,
        body: upload.body,
        idempotent: mode === "overwrite",
        accept,
        kinds: mode === "create" ? { 412: AlreadyExistsError } : undefined,
        options,
      });
    let response: Awaited<ReturnType<typeof send>>;
    try {
      response = await send([404, 409]);
    } catch (error) {
      this.#client.forgetParents(path);
      throw error;
    }
    if (response.status >= 400) {
      const { status } = response;
      const context = { store: STORE, path, status };
      if (typeof mode === "object") {
        throw new PreconditionError(`Cannot update "${path}": it is not there (status ${status})`, context);
      }
      // The directory has been removed since it was made or seen.
      this.#client.forgetParents(path);
      if (!upload.replayable || parentOf(path) === "") {
        throw new GenericError(
          `Cannot put "${path}": status ${status}, its directory is missing or something is in its place`,
          context,
        );
      }
      await this.#client.ensureParents(path, options);
      response = await send([]);
    }
    const eTag = response.headers.find(([name]) => name.toLowerCase() === "etag")?.[1];
    return { eTag, response: { status: response.status, headers: response.headers } };
  }

  async #transfer(method: "COPY" | "MOVE", from: Path, to: Path, options: CopyOptions): Promise<void> {
    const create = options.mode === "create";
    const action = method === "COPY" ? "copy" : "rename";
    const request = {
      method,
      action,
      path: from,
      headers: [["destination", this.#client.url(to)], ["overwrite", create ? "F" : "T"]] as HeaderEntry[],
      idempotent: method === "COPY" && !create,
      options,
    };
    await this.#client.ensureParents(to, options);
    let { status } = await this.#client.run({ ...request, accept: [404, 409, 412] });
    if (status === 409 || status === 404) {
      this.#client.forgetParents(to);
      await this.#client.ensureParents(to, options);
      ({ status } = await this.#client.run({ ...request, accept: [412] }));
    }
    if (status !== 412) return;
    if (create) throw exists(action, from, to);
    throw new PreconditionError(`Cannot ${action} "${from}" to "${to}": status 412`, {
      store: STORE,
      path: to,
      status,
    });
  }

  async #requireConditions(path: Path, options: OperationOptions): Promise<void> {
    const { conditionalPut = "probe" } = this.#options;
    if (conditionalPut === true) return;
    if (conditionalPut === "probe") {
      // One probe serves all who wait for it, so it must not end with the signal of one of them.
      this.#conditions ??= this.#probe({ extensions: options.extensions });
      const probe = this.#conditions;
      try {
        if (await probe) return;
      } catch (error) {
        if (this.#conditions === probe) this.#conditions = undefined;
        throw error;
      }
      options.signal?.throwIfAborted();
    }
    notSupported(
      `write "${path}" under a condition`,
      "the server does not heed if-match and if-none-match, and would overwrite",
      { store: STORE, path },
    );
  }

  /** Whether the server refuses a PUT whose condition cannot hold: there is no object of that name to match. */
  async #probe(options: OperationOptions): Promise<boolean> {
    const path = `.storeport-probe-${crypto.randomUUID()}` as Path;
    const { status } = await this.#client.run({
      method: "PUT",
      action: "find out whether the server heeds conditions, with a PUT of",
      path,
      headers: [["if-match", '"storeport-probe"']],
      body: new Uint8Array(0),
      accept: [412],
      options,
    });
    if (status === 412) return true;
    await this.#client.run({ method: "DELETE", action: "delete", path, accept: [404], options });
    return false;
  }
}

function exists(action: string, from: Path, to: Path): ObjectStoreError {
  return new AlreadyExistsError(`Cannot ${action} "${from}": there is an object at "${to}" already`, {
    store: STORE,
    path: to,
    status: 412,
  });
}
