/** What a provider has at hand while it fetches. */
import type { ConnectionOptions } from "../../common/connection.ts";
import { type CredentialHost, type Environment, requireHost } from "./host.ts";
import type { ProviderOptions } from "./options.ts";

/** See the file's head. */
export interface CredentialContext {
  readonly host: CredentialHost;
  readonly connection: ConnectionOptions;
  /** A variable of the environment; empty ones count as not set. */
  variable(name: string): string | undefined;
}

/**
 * The context for a fetch.
 *
 * @param what What is being done, for the error where there is no machine to ask.
 * @throws {NotSupportedError} in a browser, where nothing of this exists.
 */
export async function openContext(what: string, options: ProviderOptions): Promise<CredentialContext> {
  const host = await requireHost(what);
  let env: Environment | undefined = options.env;
  return {
    host,
    connection: { connector: options.connector, client: options.client },
    variable: (name) => (env ??= host.environment())[name] || undefined,
  };
}
