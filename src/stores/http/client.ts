/** The requests of {@linkcode HttpStore}: WebDAV (RFC 4918) where the server speaks it, plain HTTP where not. */
import { defaultConnector } from "../../http/default.ts";
import type { HttpBody } from "../../http/body.ts";
import type { HttpLayer, HttpRequest, HttpResponse } from "../../http/connector.ts";
import { bytesToLatin1, type HeaderEntry, type HeaderList } from "../../http/headers.ts";
import { retryHistory } from "../../http/retry.ts";
import { ConfigurationError, GenericError, NotFoundError, NotSupportedError } from "../../store/error.ts";
import { parentOf, type Path } from "../../store/path.ts";
import type { GetOptions, GetResult, OperationOptions } from "../../store/types.ts";
import { type Connection, openConnection } from "../common/connection.ts";
import { type ErrorClass, type FailureContext, responseError, transportError } from "../common/error.ts";
import { type GetDialect, getObject } from "../common/get.ts";
import { type BaseUrl, encodePath, parseBaseUrl } from "../common/url.ts";
import type { HttpAuth, HttpStoreOptions } from "./options.ts";
import { callFollowing } from "./redirect.ts";

/** Short name of the store in errors. */
export const STORE = "HTTP";
/** Before the names of user metadata; our gateway keeps them, other servers do not. */
export const METADATA_PREFIX = "x-storeport-meta-";

const DIALECT: GetDialect = {
  store: STORE,
  metadata: METADATA_PREFIX,
  kinds: { 405: NotFoundError },
  rangeIgnored: NotSupportedError,
};

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

/** One server, from one base URL on. */
export class HttpClient {
  /** Where it is. */
  readonly base: BaseUrl;
  /** How it is reached. */
  readonly connection: Connection;
  readonly #parents = new Set<Path>();
  readonly #follow = (request: HttpRequest, path: Path): Promise<HttpResponse> =>
    callFollowing(this.connection.service, request, { store: STORE, path });

  /** Connects. */
  constructor(url: string | URL, options: HttpStoreOptions) {
    this.base = parseBaseUrl(url, STORE);
    const auth = options.auth ?? this.base.credentials;
    const connector = options.connector ?? defaultConnector();
    this.connection = openConnection(
      connector,
      options.client,
      auth && authorization(auth, this.base.origin),
    );
  }

  /** URL of an object, or of a collection. */
  url(path: Path, collection = false): string {
    const { origin, path: basePath } = this.base;
    const slash = collection && path !== "" ? "/" : "";
    return `${origin}${basePath}/${encodePath(path)}${slash}`;
  }

  /** GET, or HEAD with `options.head`. */
  get(path: Path, options: GetOptions): Promise<GetResult> {
    return getObject(this.connection, DIALECT, { path, url: this.url(path), send: this.#follow }, options);
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
      const url = this.url(path, collection);
      response = await this.connection.service.call({
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

/** Adds the credentials to requests for the store's own origin; a redirect may lead to anybody. */
function authorization(auth: HttpAuth, origin: string): HttpLayer {
  const fixed = "bearer" in auth
    ? typeof auth.bearer === "string" ? bearer(auth.bearer) : undefined
    : basic(auth.username, auth.password);
  return (inner) => ({
    async call(request) {
      if (!request.url.startsWith(`${origin}/`)) return await inner.call(request);
      const value = fixed ?? bearer(await (auth as { bearer: () => string | Promise<string> }).bearer());
      const line: HeaderEntry = ["authorization", value];
      return await inner.call({ ...request, headers: [...request.headers, line] });
    },
    close: () => inner.close?.(),
  });
}

function bearer(token: string): string {
  // RFC 6750 section 2.1; the token itself is not shown.
  if (/^[A-Za-z0-9\-._~+/]+=*$/.test(token)) return `Bearer ${token}`;
  throw new ConfigurationError("Cannot use the bearer token: it holds a character that no token may hold", {
    store: STORE,
    key: "auth",
  });
}

function basic(username: string, password: string): string {
  if (username.includes(":")) {
    throw new ConfigurationError("Cannot use the user name: it holds a colon", { store: STORE, key: "auth" });
  }
  return `Basic ${btoa(bytesToLatin1(new TextEncoder().encode(`${username}:${password}`)))}`;
}
