/** Which client options `fetch` can honour: a few on every platform, more with Deno's HTTP client, some not at all. */
import type { ClientOptions } from "../options.ts";
import { NotSupportedError } from "../../store/error.ts";

/** Deno's HTTP client, as far as it is used here. */
export interface DenoClient {
  /** Closes its connections. */
  close(): void;
}

/** Options that Deno's HTTP client honours. */
const CLIENT_OPTIONS = [
  "rootCertificates",
  "clientCertificate",
  "http1Only",
  "http2Only",
  "poolIdleTimeout",
  "poolMaxIdlePerHost",
  "proxyUrl",
] as const;

/** Options that no `fetch` honours. Deno reaches unix sockets, but writes the request target as to a proxy. */
const NODE_ONLY = [
  "allowInvalidCertificates",
  "disableSystemCertificates",
  "proxyCaCertificate",
  "proxyExcludes",
  "randomizeAddresses",
  "unixSocket",
] as const;

/** The first of these options that asks for more than a plain `fetch` does. */
function asked<K extends keyof ClientOptions>(options: ClientOptions, keys: readonly K[]): K | undefined {
  return keys.find((key) => {
    const value = options[key];
    // Addresses in a fixed order are asked for by `false`; every other `false` asks for nothing.
    if (key === "randomizeAddresses") return value !== undefined;
    return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
  });
}

/**
 * Refuses options that cannot be honoured here. `platformFetch`: the platform's own `fetch` is used, which is the one
 * that takes Deno's client.
 */
export function checkOptions(options: ClientOptions, platformFetch: boolean): void {
  refuse(asked(options, NODE_ONLY), "fetch has no way to do it");
  if (options.http1Only && options.http2Only) refuse("http2Only", '"http1Only" is set too');
  if (platformFetch && hasDenoClient()) return;
  refuse(
    asked(options, CLIENT_OPTIONS),
    platformFetch ? "this platform's fetch has no way to do it" : "a custom fetch was given",
  );
}

/** Whether these options need an HTTP client of their own. */
export function asksForClient(options: ClientOptions): boolean {
  return asked(options, CLIENT_OPTIONS) !== undefined;
}

function hasDenoClient(): boolean {
  const deno = (globalThis as { Deno?: { createHttpClient?: unknown } }).Deno;
  return typeof deno?.createHttpClient === "function";
}

function refuse(key: string | undefined, why: string): void {
  if (key === undefined) return;
  throw new NotSupportedError(
    `Cannot honour the client option "${key}" with FetchConnector: ${why}; use NodeHttpConnector where node:http ` +
      "exists, or leave it out",
    { store: "HTTP" },
  );
}
