/** How {@linkcode HttpStore} reaches its server, and its reads: plain HTTP. */
import { defaultConnector } from "../../http/default.ts";
import type { HttpRequest, HttpResponse } from "../../http/connector.ts";
import { NotFoundError, NotSupportedError } from "../../store/error.ts";
import type { Path } from "../../store/parse_path.ts";
import type { GetOptions, GetResult } from "../../store/types.ts";
import { type Connection, openConnection } from "../common/connection.ts";
import { type GetDialect, getObject } from "../common/get.ts";
import { type BaseUrl, encodePath, parseBaseUrl } from "../common/url.ts";
import { authorization } from "./authorization.ts";
import type { HttpStoreOptions } from "./options.ts";

export { REDIRECTS } from "../common/get.ts";

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

/** One server, from one base URL on. */
export class HttpClient {
  /** Where it is. */
  readonly base: BaseUrl;
  /** How it is reached. */
  readonly connection: Connection;
  readonly #follow = async (
    request: HttpRequest,
    response: HttpResponse,
    path: Path,
  ): Promise<HttpResponse> => {
    const { follow } = await import("./redirect.ts");
    return await follow(this.connection.service, request, response, { store: STORE, path });
  };

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
    return getObject(this.connection, DIALECT, { path, url: this.url(path), follow: this.#follow }, options);
  }
}
