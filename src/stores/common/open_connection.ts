/** Connections that requests go through. Loaded with the first of them. */
import type { HttpConnector } from "../../http/connector.ts";
import type { HttpLayer, HttpService } from "../../http/service.ts";
import { layered } from "../../http/client.ts";
import type { ClientOptions } from "../../http/options.ts";
import { resolveRetry } from "../../http/retry/options.ts";
import { type Connection, PendingConnection } from "./connection.ts";

/** The connection of a store. `authorize` is asked for the layer that signs each attempt, once. */
export function connectionOf(
  pending: PendingConnection,
  authorize?: () => HttpLayer | undefined,
): Connection {
  return pending.opened ??= connectionOver(pending.connected, pending.client, authorize?.());
}

/** A connection over what a connector has made of checked options. */
export function connectionOver(
  connected: HttpService,
  client: ClientOptions,
  authorize?: HttpLayer,
): Connection {
  const retry = client.retry === false ? undefined : resolveRetry(client.retry);
  return { service: layered(connected, { ...client, retry: retry ?? false }, authorize), retry, client };
}

/**
 * Connects, for a few requests.
 *
 * @param authorize A layer that signs each attempt.
 * @throws {ConfigurationError} for a client option that makes no sense.
 * @throws {NotSupportedError} for one that the connector cannot honour.
 */
export function openConnection(
  connector: HttpConnector,
  client?: ClientOptions,
  authorize?: HttpLayer,
): Connection {
  return connectionOf(new PendingConnection(connector, client), () => authorize);
}
