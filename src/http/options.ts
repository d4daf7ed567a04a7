/** Options of an HTTP client: object_store's client keys in camelCase, and the layers' own. */
import { isFieldValue, isToken } from "./header_syntax.ts";
import type { HeaderList } from "./headers.ts";
import { checkLimits, type LimitOptions } from "./layers/limit_options.ts";
import type { TraceHooks } from "./layers/trace.ts";
import type { NetworkPolicy } from "./policy/policy.ts";
import type { RetryOptions } from "./retry/options.ts";
import type { HttpTimeouts } from "./timeouts.ts";
import { ConfigurationError } from "../store/error.ts";

/**
 * How to connect. Keys are those of object_store's `ClientConfigKey` in camelCase; a connector ignores none
 * silently: one that it cannot honour on this platform is refused with `NotSupportedError` at `connect`.
 */
export interface ClientOptions extends HttpTimeouts {
  /** Allow `http:` URLs. Loopback is always allowed. Default false. */
  readonly allowHttp?: boolean;
  /** Accept any TLS certificate. For tests only. Default false. */
  readonly allowInvalidCertificates?: boolean;
  /** Trust only `rootCertificates`. Default false. */
  readonly disableSystemCertificates?: boolean;
  /** Further root certificates, PEM. */
  readonly rootCertificates?: readonly string[];
  /** TLS client certificate chain and private key, PEM. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string };
  /** Content type of objects put without one. */
  readonly defaultContentType?: string;
  /** Content type by file suffix (text after the last dot), before `defaultContentType`. */
  readonly contentTypes?: Readonly<Record<string, string>>;
  /** Headers added to every request that does not set them. */
  readonly defaultHeaders?: HeaderList;
  /** `user-agent`. Default `storeport/<version>`; browsers send their own. */
  readonly userAgent?: string;
  /** Never speak HTTP/2. Default true, as in object_store. */
  readonly http1Only?: boolean;
  /** Speak only HTTP/2. Default false. */
  readonly http2Only?: boolean;
  /** How long an idle connection is kept, in milliseconds. Default 90,000. */
  readonly poolIdleTimeout?: number;
  /** How many idle connections are kept for a host. Default 64. */
  readonly poolMaxIdlePerHost?: number;
  /** HTTP proxy, `http://[user:password@]host:port`. Default none: the environment is not read. */
  readonly proxyUrl?: string;
  /** Root certificate of an `https:` proxy, PEM. */
  readonly proxyCaCertificate?: string;
  /** Hosts not to use the proxy for: names, `.suffix`, or addresses, comma-separated. */
  readonly proxyExcludes?: string;
  /** Take resolved addresses in random order. Default true. */
  readonly randomizeAddresses?: boolean;
  /** Connect to this unix socket whatever the URL's authority says. */
  readonly unixSocket?: string;
  /**
   * Who may be talked to. Default: everyone (a script has its platform's permissions; guests are denied by the host).
   */
  readonly policy?: NetworkPolicy;
  /** What is tried again, how often and how long. `false`: nothing. */
  readonly retry?: RetryOptions | false;
  /** How much may be under way at once. */
  readonly limits?: LimitOptions;
  /** Told of each request's start, response head, end and failure. */
  readonly trace?: TraceHooks;
}

/**
 * Checks what a client does with its options itself; the connector checks the rest.
 *
 * @throws {ConfigurationError} for an option that makes no sense.
 */
export function checkClientOptions({ limits, defaultHeaders = [], userAgent }: ClientOptions): void {
  if (limits !== undefined) checkLimits(limits);
  checkDefaultHeaders(defaultHeaders);
  if (userAgent !== undefined) checkDefaultHeaders([["user-agent", userAgent]], "userAgent");
}

/**
 * Checks header lines that are added to requests.
 *
 * @param key The option that they come from.
 * @throws {ConfigurationError} for a line that is not a valid header.
 */
export function checkDefaultHeaders(
  headers: HeaderList,
  key: "defaultHeaders" | "userAgent" = "defaultHeaders",
): void {
  for (const [name, value] of headers) {
    if (isToken(name) && isFieldValue(value)) continue;
    // The value is not shown: it may be a key.
    throw new ConfigurationError(`Cannot use the default header "${name}": it is not a valid header line`, {
      store: "HTTP",
      key,
    });
  }
}
