/** Operations of {@linkcode HttpStore} other than reads, over WebDAV. Loaded when the first of them is asked for. */
import type { HeaderEntry } from "../../http/headers.ts";
import { retryHistory } from "../../http/retry/error.ts";
import { deleteEach } from "../../store/delete.ts";
import {
  AlreadyExistsError,
  GenericError,
  NotFoundError,
  notSupported,
  type ObjectStoreError,
  PreconditionError,
} from "../../store/error.ts";
import { parsePrefix, refuseRawListing } from "../../store/list.ts";
import { parentOf, type Path, type PathInput } from "../../store/path.ts";
import { cancelPayload, toPayload } from "../../store/payload.ts";
import type {
  CopyOptions,
  DeleteOptions,
  DeleteOutcome,
  ListOptions,
  ListResult,
  ObjectMeta,
  OperationOptions,
  PutMode,
  PutOptions,
  PutPayload,
  PutResult,
} from "../../store/types.ts";
import { contentTypeFor } from "../common/content_type.ts";
import { attributeHeaders } from "../common/headers.ts";
import { METADATA_PREFIX, STORE, urlOf } from "./client.ts";
import { DavClient } from "./dav.ts";
import type { ListingMemory } from "./listing.ts";
import type { HttpStoreOptions } from "./options.ts";
import type { HttpServer } from "./server.ts";
import { type UploadBody, uploadBody } from "./upload.ts";

/** One server's writes and listings. Paths are parsed. */
export class WebDav {
  readonly #client: DavClient;
  readonly #options: HttpStoreOptions;
  readonly #memory: ListingMemory = {};
  #conditions: Promise<boolean> | undefined;

  /** For a server. */
  constructor(server: HttpServer) {
    this.#client = new DavClient(server);
    this.#options = server.options;
  }

  /** See {@linkcode ObjectStore.put}. */
  async put(location: Path, payload: PutPayload, options: PutOptions): Promise<PutResult> {
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

  /** See {@linkcode ObjectStore.delete}. */
  async delete(location: Path, options: DeleteOptions): Promise<void> {
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
    await this.#head(location, options);
    throw new GenericError(message, context);
  }

  /** See {@linkcode ObjectStore.deleteAll}. */
  deleteAll(
    paths: Iterable<PathInput> | AsyncIterable<PathInput>,
    options: OperationOptions,
  ): AsyncIterable<DeleteOutcome> {
    return deleteEach(paths, (path) => this.delete(path, options), { ...options, store: STORE });
  }

  /** See {@linkcode ObjectStore.list}. */
  async list(prefix: PathInput | undefined, options: ListOptions): Promise<AsyncIterable<ObjectMeta>> {
    const path = parsePrefix(prefix, STORE);
    refuseRawListing(options.invalidPaths, STORE);
    const { listAll } = await import("./listing.ts");
    return listAll(this.#client, path, options, this.#memory);
  }

  /** See {@linkcode ObjectStore.listWithDelimiter}. */
  async listWithDelimiter(prefix: PathInput | undefined, options: ListOptions): Promise<ListResult> {
    const path = parsePrefix(prefix, STORE);
    refuseRawListing(options.invalidPaths, STORE);
    const { listLevel } = await import("./listing.ts");
    return await listLevel(this.#client, path, options);
  }

  /** See {@linkcode ObjectStore.copy}. The server copies. */
  async copy(source: Path, target: Path, options: CopyOptions): Promise<void> {
    // COPY would take a directory for a source, and put one in the place of the destination.
    await this.#head(source, options);
    if (source !== target) await this.#transfer("COPY", source, target, options);
    else if (options.mode === "create") throw exists("copy", source, target);
  }

  /** See {@linkcode ObjectStore.rename}. The server moves, in one step. */
  async rename(source: Path, target: Path, options: CopyOptions): Promise<void> {
    await this.#head(source, options);
    if (source !== target) await this.#transfer("MOVE", source, target, options);
  }

  async #head(path: Path, { signal, extensions }: OperationOptions): Promise<void> {
    await this.#client.head(path, { signal, extensions });
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
      headers: [["destination", urlOf(this.#client.server, to)], [
        "overwrite",
        create ? "F" : "T",
      ]] as HeaderEntry[],
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
