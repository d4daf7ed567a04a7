/** The server of {@linkcode HttpStore}, as far as its constructor makes it; `client.ts` talks to it. */
import type { HttpLayer } from "../../http/service.ts";
import { defaultConnector } from "../../http/default_connector.ts";
import { PendingConnection } from "../common/connection.ts";
import { type BaseUrl, parseBaseUrl } from "../common/url.ts";
import { authorization } from "./authorization.ts";
import type { HttpStoreOptions } from "./options.ts";

/** Short name of the store in errors. */
export const STORE = "HTTP";

/** One server, from one base URL on. */
export class HttpServer {
  /** Where it is. */
  readonly base: BaseUrl;
  /** How it is reached. */
  readonly connection: PendingConnection;
  /** Adds the credentials. */
  readonly authorize: HttpLayer | undefined;
  /** Options of the store. */
  readonly options: HttpStoreOptions;

  /** Checks all of it, and connects. */
  constructor(url: string | URL, options: HttpStoreOptions) {
    this.options = options;
    this.base = parseBaseUrl(url, STORE);
    const auth = options.auth ?? this.base.credentials;
    this.authorize = auth && authorization(auth, this.base.origin);
    this.connection = new PendingConnection(options.connector ?? defaultConnector(), options.client);
  }
}
