/** Options of a Node service, read once. */
import type { ClientOptions } from "../options.ts";

/** Finds the addresses of a name; an empty list is a name that does not exist. */
export type NodeLookup = (hostname: string, signal: AbortSignal) => Promise<readonly string[]>;

/** Options of `NodeHttpConnector` itself, for what no client option can say. */
export interface NodeHttpConnectorOptions {
  /**
   * Resolves names instead of the platform. The addresses still pass the policy, and only those are connected to.
   */
  readonly lookup?: NodeLookup;
}

/** What a service is made with. */
export interface NodeSettings extends NodeHttpConnectorOptions {
  /** The client's options. */
  readonly options: ClientOptions;
}
