/** How stores that speak HTTP are connected: the options they share, and what is checked of them at once. */
import { checkClientOptions, type ClientOptions } from "../../http/options.ts";
import type { HttpConnector } from "../../http/connector.ts";
import type { HttpService } from "../../http/service.ts";
import type { ResolvedRetryOptions } from "../../http/retry/options.ts";

/** Options that every store over HTTP takes. */
export interface ConnectionOptions {
  /** What carries the requests. Default: the platform's best. */
  readonly connector?: HttpConnector;
  /** Timeouts, retries, TLS, proxy, headers, policy. */
  readonly client?: ClientOptions;
}

/** A client, and the parts of its options that operations of several requests need. */
export interface Connection {
  /** Sends requests through all layers. */
  readonly service: HttpService;
  /** The client's retry options, to share its budget when a body is resumed; `undefined` where nothing is retried. */
  readonly retry: ResolvedRetryOptions | undefined;
  /** The client's options. */
  readonly client: ClientOptions;
}

/**
 * A store's connection before its first request: checked and connected, so that constructors refuse what will not do.
 * What sends is loaded later, and makes a {@linkcode Connection} of it (`connectionOf`).
 */
export class PendingConnection {
  /** What the connector has made. */
  readonly connected: HttpService;
  /** Options that have been checked. */
  readonly client: ClientOptions;
  /** There from the first request on. */
  opened: Connection | undefined;

  /**
   * Connects.
   *
   * @throws {ConfigurationError} for a client option that makes no sense.
   * @throws {NotSupportedError} for one that the connector cannot honour.
   */
  constructor(connector: HttpConnector, client: ClientOptions = {}) {
    checkClientOptions(client);
    this.connected = connector.connect(client);
    this.client = client;
  }

  /** Closes pooled connections. */
  close(): void {
    this.connected.close?.();
  }
}
