/** The requests of WebDAV (RFC 4918). Loaded for the first operation that is not a read. */
import type { HttpBody } from "../../http/body.ts";
import type { HttpResponse } from "../../http/service.ts";
import type { HeaderList } from "../../http/headers.ts";
import { retryHistory } from "../../http/retry/error.ts";
import { GenericError, NotSupportedError } from "../../store/error.ts";
import { parentOf, type Path } from "../../store/path.ts";
import type { GetResult, OperationOptions } from "../../store/types.ts";
import { type ErrorClass, type FailureContext, responseError, transportError } from "../common/error.ts";
import { connectionTo, STORE, urlOf } from "./client.ts";
import type { HttpServer } from "./server.ts";

/** How many collections are remembered as being there. */
const MAX_KNOWN_PARENTS = 1000;

/** A request of an operation. */
export interface DavRequest {
  /** Method. */
  readonly method: string;
  /** What errors say is being done. */
  readonly action: string;
  /** Path of the object. */
  readonly path: Path;
  /** Ask for the path as a collection: with a slash at its end. */
  readonly collection?: boolean;
  /** Headers. */
  readonly headers?: HeaderList;
  /** Body. */
  readonly body?: HttpBody;
  /** Whether it may be sent twice; default by the method. */
  readonly idempotent?: boolean;
  /** Statuses, beside success, that the caller deals with. */
  readonly accept?: readonly number[];
  /** Statuses that mean something else for this operation. */
  readonly kinds?: Readonly<Record<number, ErrorClass>>;
  /** The caller's signal and extensions. */
  readonly options: OperationOptions;
}

/** Sends requests of WebDAV to one server, and makes collections there. */
export class DavClient {
  /** The server. */
  readonly server: HttpServer;
  readonly #parents = new Set<Path>();

  /** For a server. */
  constructor(server: HttpServer) {
    this.server = server;
  }

  /** Sends a request; a status that is neither a success nor accepted becomes its error. */
  async send(request: DavRequest): Promise<HttpResponse> {
    const { method, action, path, collection, headers = [], body, idempotent, options } = request;
    const { signal, extensions } = options;
    const failure: FailureContext = {
      store: STORE,
      action,
      path,
      kinds: { 405: NotSupportedError, 409: GenericError, 501: NotSupportedError, ...request.kinds },
    };
    let response: HttpResponse;
    try {
      const url = urlOf(this.server, path, collection);
      response = await connectionTo(this.server).service.call({
        method,
        url,
        headers,
        body,
        idempotent,
        signal,
        extensions,
      });
    } catch (error) {
      throw transportError(error, failure, signal);
    }
    const { status } = response;
    if ((status >= 200 && status < 300) || request.accept?.includes(status)) return response;
    const error = await responseError(response, failure);
    if (error instanceof NotSupportedError) {
      error.message += `: the server does not take ${method}, it seems to be for reading only`;
    } else if (status === 412 && retryHistory(response) !== undefined) {
      error.message += "; the request had to be sent again, so its first sending may be what it met";
    }
    throw error;
  }

  /** The head of an object. */
  async head(path: Path, options: OperationOptions): Promise<GetResult> {
    const { readObject } = await import("./read.ts");
    return await readObject(this.server, path, { ...options, head: true });
  }

  /** Sends a request and frees its response. */
  async run(request: DavRequest): Promise<{ readonly status: number; readonly headers: HeaderList }> {
    const response = await this.send(request);
    await response.cancel();
    return response;
  }

  /**
   * Makes the collections above a path, unless they are known to be there. Before a write, not after it has failed:
   * servers report a missing directory as anything from 404 to 500, and a stream cannot be sent twice.
   */
  async ensureParents(path: Path, options: OperationOptions): Promise<void> {
    const parent = parentOf(path);
    if (!parent || this.#parents.has(parent)) return;
    await this.#makeParents(path, options);
    if (this.#parents.size >= MAX_KNOWN_PARENTS) this.#parents.clear();
    this.#parents.add(parent);
  }

  /** Takes back that the collections above a path are known to be there. */
  forgetParents(path: Path): void {
    for (let parent = parentOf(path); parent; parent = parentOf(parent)) this.#parents.delete(parent);
  }

  /** From the deepest upward until one can be made, then downward. One that is there already (405) is as good. */
  async #makeParents(path: Path, options: OperationOptions): Promise<void> {
    const missing: Path[] = [];
    for (let parent = parentOf(path); parent; parent = parentOf(parent)) {
      if (await this.#makeCollection(parent, options)) break;
      missing.push(parent);
    }
    for (const parent of missing.reverse()) {
      if (await this.#makeCollection(parent, options)) continue;
      throw new GenericError(
        `Cannot make the collection "${parent}": the server says that its parent is missing`,
        {
          store: STORE,
          path: parent,
        },
      );
    }
  }

  /** Whether the collection is there now; it is not where its parent is missing. */
  async #makeCollection(path: Path, options: OperationOptions): Promise<boolean> {
    const { status } = await this.run({
      method: "MKCOL",
      action: "make the collection",
      path,
      collection: true,
      // Made twice is made: the second answer is that it exists.
      idempotent: true,
      // A server that forbids or does not know it may still take what is to be written.
      accept: [301, 403, 404, 405, 409, 501],
      options,
    });
    return status !== 404 && status !== 409;
  }
}
