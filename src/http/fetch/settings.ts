/** Which client options `fetch` can honour: a few everywhere, more where Deno's HTTP client exists, others nowhere. */
import type { ClientOptions } from "../options.ts";
import { NotSupportedError } from "../../store/error.ts";

/** Deno's HTTP client, as far as it is used here. */
export interface DenoClient {
  /** Closes its connections. */
  close(): void;
}

/** Whether an option asks for more than a plain `fetch` does. */
type Asks = (options: ClientOptions) => boolean;

/** Options that Deno's HTTP client honours. */
const CLIENT_OPTIONS: Readonly<Record<string, Asks>> = {
  rootCertificates: (options) => (options.rootCertificates?.length ?? 0) > 0,
  clientCertificate: (options) => options.clientCertificate !== undefined,
  http1Only: (options) => options.http1Only === true,
  http2Only: (options) => options.http2Only === true,
  poolIdleTimeout: (options) => options.poolIdleTimeout !== undefined,
  poolMaxIdlePerHost: (options) => options.poolMaxIdlePerHost !== undefined,
  proxyUrl: (options) => options.proxyUrl !== undefined,
};

/** Options that no `fetch` honours. Deno reaches unix sockets, but writes the request target as to a proxy. */
const NODE_ONLY: Readonly<Record<string, Asks>> = {
  allowInvalidCertificates: (options) => options.allowInvalidCertificates === true,
  disableSystemCertificates: (options) => options.disableSystemCertificates === true,
  proxyCaCertificate: (options) => options.proxyCaCertificate !== undefined,
  proxyExcludes: (options) => options.proxyExcludes !== undefined,
  randomizeAddresses: (options) => options.randomizeAddresses !== undefined,
  unixSocket: (options) => options.unixSocket !== undefined,
};

/**
 * Refuses options that cannot be honoured here. `platformFetch`: the platform's own `fetch` is used, which is the one
 * that takes Deno's client.
 */
export function checkOptions(options: ClientOptions, platformFetch: boolean): void {
  for (const [key, asks] of Object.entries(NODE_ONLY)) {
    if (asks(options)) throw unsupported(key, "fetch has no way to do it");
  }
  if (options.http1Only === true && options.http2Only === true) {
    throw unsupported("http2Only", '"http1Only" is set too');
  }
  if (platformFetch && hasDenoClient()) return;
  for (const [key, asks] of Object.entries(CLIENT_OPTIONS)) {
    if (asks(options)) {
      throw unsupported(
        key,
        platformFetch ? "this platform's fetch has no way to do it" : "a custom fetch was given",
      );
    }
  }
}

/** Whether these options need an HTTP client of their own. */
export function needsDenoClient(options: ClientOptions): boolean {
  return Object.values(CLIENT_OPTIONS).some((asks) => asks(options));
}

function hasDenoClient(): boolean {
  const deno = (globalThis as { Deno?: { createHttpClient?: unknown } }).Deno;
  return typeof deno?.createHttpClient === "function";
}

function unsupported(key: string, why: string): NotSupportedError {
  return new NotSupportedError(
    `Cannot honour the client option "${key}" with FetchConnector: ${why}; use NodeHttpConnector where node:http ` +
      "exists, or leave it out",
    { store: "HTTP" },
  );
}
