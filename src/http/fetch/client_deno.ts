/** Deno's HTTP client, for the options that a plain `fetch` has no room for. */
import type { ClientOptions } from "../options.ts";
import { DEFAULT_POOL_IDLE_TIMEOUT, DEFAULT_POOL_MAX_IDLE } from "../pool.ts";

/** An HTTP client of these options. */
export function createClient(options: ClientOptions): Deno.HttpClient {
  const { clientCertificate, proxyUrl } = options;
  return Deno.createHttpClient({
    caCerts: options.rootCertificates === undefined ? undefined : [...options.rootCertificates],
    poolIdleTimeout: options.poolIdleTimeout ?? DEFAULT_POOL_IDLE_TIMEOUT,
    poolMaxIdlePerHost: options.poolMaxIdlePerHost ?? DEFAULT_POOL_MAX_IDLE,
    http1: options.http2Only !== true,
    // object_store's default, measured there to be the faster one.
    http2: options.http2Only === true || options.http1Only === false,
    ...(clientCertificate === undefined ? {} : clientCertificate),
    ...(proxyUrl === undefined ? {} : { proxy: proxySettings(proxyUrl) }),
  });
}

function proxySettings(proxyUrl: string): Deno.Proxy {
  const url = new URL(proxyUrl);
  const { username, password } = url;
  url.username = "";
  url.password = "";
  const basicAuth = username === "" && password === ""
    ? undefined
    : { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  return { url: url.href, basicAuth };
}
