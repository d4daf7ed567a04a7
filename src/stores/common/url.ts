/**
 * Object paths in request URLs. What is produced here is left exactly as it is by WHATWG URL parsers, so the
 * bytes that are signed and the bytes on the wire are the same on every connector.
 */
import { ConfigurationError, InvalidPathError } from "../../store/error.ts";

// RFC 3986 `pchar` without `%`. WHATWG also leaves `^`, `|`, `[` and `]` as they are, but parsers disagree on `^`
// (the path percent-encode set gained it in 2023), and an encoded octet is never touched by any of them.
const NOT_PCHAR = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/]+/gu;
const NOT_UNRESERVED = /[^A-Za-z0-9\-._~/]+/gu;
const NOT_ALPHANUMERIC = /[^A-Za-z0-9]+/gu;

/**
 * A path as the path of a URL, by segment: everything but RFC 3986 `pchar` is percent-encoded, `%` included, so
 * the path `a%2Fb` becomes `a%252Fb`. For HTTP and Azure.
 *
 * @throws {InvalidPathError} when the path holds half of a surrogate pair.
 */
export function encodePath(path: string): string {
  return encode(path, NOT_PCHAR);
}

/**
 * A path with everything but `A-Z a-z 0-9 - . _ ~ /` percent-encoded: S3, where this is also the canonical URI of
 * SigV4.
 *
 * @throws {InvalidPathError} when the path holds half of a surrogate pair.
 */
export function encodeUnreserved(path: string): string {
  return encode(path, NOT_UNRESERVED);
}

/**
 * A name as one URL segment, with everything but letters and digits percent-encoded, slashes included: Google
 * Cloud Storage.
 *
 * @throws {InvalidPathError} when the name holds half of a surrogate pair.
 */
export function encodeStrict(name: string): string {
  return encode(name, NOT_ALPHANUMERIC);
}

/** A query parameter's name or value: everything but `A-Z a-z 0-9 - . _ ~` percent-encoded, a space as `%20`. */
export function encodeQuery(text: string): string {
  return encode(text, /[^A-Za-z0-9\-._~]+/gu);
}

function encode(text: string, unsafe: RegExp): string {
  return text.replace(unsafe, (run) => {
    try {
      // `encodeURIComponent` leaves these out of its own accord.
      return encodeURIComponent(run).replace(/[-_.!~*'()]/g, hex);
    } catch (error) {
      throw new InvalidPathError(
        `Cannot encode "${text.toWellFormed()}": it holds half of a surrogate pair`,
        {
          store: "URL",
          path: text,
          cause: error,
        },
      );
    }
  });
}

function hex(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/** The base URL of a store, taken apart. */
export interface BaseUrl {
  /** Scheme and authority without user information: `https://example.com:8443`. */
  readonly origin: string;
  /** Path without a slash at the end, percent-encoded as given: `""` or `/dav/files`. */
  readonly path: string;
  /** User information of the URL, decoded; fetch refuses it in URLs, so it must become a header. */
  readonly credentials?: { readonly username: string; readonly password: string };
}

/**
 * Takes the base URL of a store apart.
 *
 * @throws {ConfigurationError} when it is not an absolute `http:` or `https:` URL, or has a query or fragment, which
 *   would silently be lost.
 */
export function parseBaseUrl(url: string | URL, store: string): BaseUrl {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch (error) {
    throw new ConfigurationError(
      `Cannot use "${redacted(String(url))}" as a base URL: write it with its scheme, as in "https://host"`,
      {
        store,
        key: "url",
        cause: error instanceof TypeError ? undefined : error,
      },
    );
  }
  const problem = !/^https?:$/.test(parsed.protocol)
    ? 'it must begin with "https://" or "http://"'
    : parsed.search !== "" || parsed.hash !== ""
    ? "it must have no query and no fragment"
    : undefined;
  if (problem !== undefined) {
    // "host:9000" is a URL of the scheme "host:".
    const shown = parsed.host === ""
      ? redacted(String(url))
      : `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
    throw new ConfigurationError(`Cannot use "${shown}" as a base URL: ${problem}`, { store, key: "url" });
  }
  const path = parsed.pathname.replace(/\/+$/, "");
  const base: BaseUrl = { origin: parsed.origin, path };
  if (parsed.username === "" && parsed.password === "") return base;
  return {
    ...base,
    credentials: { username: decode(parsed.username), password: decode(parsed.password) },
  };
}

/** Without what stands before an `@` and after a `?`: all that a broken URL may hold of secrets. */
function redacted(url: string): string {
  return url.replace(/^([^/]*\/\/)?[^/]*@/, "$1").replace(/[?#].*$/s, "");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray `%` is an ordinary character of a password then.
    return text;
  }
}
