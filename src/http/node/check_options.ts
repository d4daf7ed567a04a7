/** Checks of options that need no Node module, so that `connect` can refuse at once. */
import type { ClientOptions } from "../options.ts";
import { ConfigurationError, NotSupportedError } from "../../store/error.ts";

const STORE = "HTTP";

/**
 * Refuses options that contradict each other or that this connector cannot honour.
 *
 * @throws {ConfigurationError | NotSupportedError} naming the option.
 */
export function checkOptions(options: ClientOptions): void {
  if (options.http2Only && options.http1Only) {
    throw new ConfigurationError(`Cannot use "http1Only" together with "http2Only"`, {
      store: STORE,
      key: "http2Only",
    });
  }
  if (options.http2Only && !http2Works()) {
    throw new NotSupportedError(
      `Cannot honour "http2Only": this runtime's node:http2 shows broken connections as the end of a response; ` +
        "leave the option out to speak HTTP/1.1",
      { store: STORE },
    );
  }
  if (options.proxyUrl !== undefined) {
    parseProxyUrl(options.proxyUrl);
    if (options.unixSocket !== undefined) {
      throw new ConfigurationError(`Cannot use "proxyUrl" together with "unixSocket"`, {
        store: STORE,
        key: "proxyUrl",
      });
    }
  }
}

/**
 * Whether `node:http2` can be relied on. Bun's (1.4) gives refused, reset and broken streams an ordinary end; nothing
 * but its name tells.
 */
export function http2Works(): boolean {
  return !("Bun" in globalThis);
}

/**
 * Reads `proxyUrl`.
 *
 * @throws {ConfigurationError} when it is not a URL.
 * @throws {NotSupportedError} when the proxy is not an HTTP one.
 */
export function parseProxyUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // The text and the parser's error are left out: they may hold a password.
    throw new ConfigurationError(`Cannot parse "proxyUrl" as a URL`, { store: STORE, key: "proxyUrl" });
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new NotSupportedError(
      `Proxies of scheme "${url.protocol.slice(0, -1)}" are not supported, only "http" and "https"`,
      { store: STORE },
    );
  }
  return url;
}
