/** What a provider can use while it fetches credentials. */
import type { ConnectionOptions } from "../../common/connection.ts";
import { NotSupportedError, PermissionDeniedError } from "../../../store/error.ts";
import { type CredentialHost, type Environment, loadHost, requireHost } from "./host.ts";
import type { ProviderOptions } from "./options.ts";

/** See the file's head. */
export interface CredentialContext {
  readonly host: CredentialHost;
  readonly connection: ConnectionOptions;
  /** A variable of the environment; empty ones count as not set. */
  variable(name: string): string | undefined;
  /** A path that may begin with `~/`. */
  place(path: string): string;
}

function makeContext(
  host: CredentialHost,
  { connector, client }: ConnectionOptions,
  variable: CredentialContext["variable"],
): CredentialContext {
  const home = () => variable("HOME") ?? variable("USERPROFILE") ?? host.home();
  return {
    host,
    connection: { connector, client },
    variable,
    place: (path) => /^~[\\/]/.test(path) ? home() + path.slice(1) : path,
  };
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
  return makeContext(host, options, (name) => (env ??= host.environment())[name] || undefined);
}

/**
 * As {@linkcode openContext}, for providers that are told all they need: where there is no machine, or its environment
 * may not be read, it is as if that were empty.
 */
export async function openLenientContext(what: string, options: ProviderOptions): Promise<CredentialContext> {
  const host = await loadHost() ?? noHost(what);
  let env: Environment | undefined = options.env;
  return makeContext(host, options, (name) => {
    try {
      return (env ??= host.environment())[name] || undefined;
    } catch (error) {
      if (!(error instanceof PermissionDeniedError)) throw error;
      env = {};
      return undefined;
    }
  });
}

function noHost(what: string): CredentialHost {
  const refuse = (): never => {
    throw new NotSupportedError(`Cannot ${what}: this platform has no files or programs`, { store: "S3" });
  };
  return {
    environment: () => ({}),
    home: refuse,
    readFile: refuse,
    writeFile: refuse,
    run: refuse,
  };
}
