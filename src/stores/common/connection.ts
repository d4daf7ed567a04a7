/** How stores that speak HTTP are connected: the options they share, and the client that comes of them. */
import { createClient } from "../../http/client.ts";
import type { HttpConnector, HttpLayer, HttpService } from "../../http/connector.ts";
import type { ClientOptions } from "../../http/options.ts";
import { type ResolvedRetryOptions, resolveRetry } from "../../http/retry_options.ts";

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
 * Connects.
 *
 * @param authorize A layer that signs each attempt.
 * @throws {ConfigurationError} for a client option that makes no sense.
 * @throws {NotSupportedError} for one that the connector cannot honour.
 */
export function openConnection(
  connector: HttpConnector,
  client: ClientOptions = {},
  authorize?: HttpLayer,
): Connection {
  const retry = client.retry === false ? undefined : resolveRetry(client.retry);
  return { service: createClient(connector, { ...client, retry: retry ?? false }, authorize), retry, client };
}
