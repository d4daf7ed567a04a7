/** Where a request goes and what stands in its request line: the URL, taken apart without changing it. */
import { isIP } from "node:net";
import { HttpError } from "../error.ts";
import { redactUrl } from "../redact.ts";
import { parseRequestUrl } from "../url.ts";

/** The part of a URL that decides which connection is used. */
export interface Origin {
  /** Whether TLS is spoken. */
  readonly secure: boolean;
  /** Name or address in canonical spelling, IPv6 without brackets. */
  readonly hostname: string;
  /** Port, the scheme's own where the URL names none. */
  readonly port: number;
  /** Value of `host`: the port left out where it is the scheme's own. */
  readonly host: string;
  /** `scheme://host[:port]`, the key of pools. */
  readonly key: string;
  /** 4 or 6 where the host is an address, else 0. */
  readonly family: number;
}

/** A URL taken apart. */
export interface Target {
  /** Where to connect. */
  readonly origin: Origin;
  /** Path and query exactly as written. */
  readonly path: string;
}

const SENDABLE = /^[\x21-\x7e]*$/;
const AUTHORITY_END = "/?#\\";
/** Origins seen lately: reading a URL costs more than the rest of a request's preparation. */
const CACHE_LIMIT = 512;
const cache = new Map<string, Origin>();

/**
 * Takes a URL apart. The authority is read as `parseRequestUrl` reads it for the policy, so that what was decided
 * on is what is connected to; everything after it stays as written, dot segments and escapes included.
 *
 * @throws {HttpError} of kind `request`, detail `HTTP-request-URI-invalid`.
 */
export function parseTarget(url: string): Target {
  let end = url.indexOf("://") + 3;
  while (end < url.length && !AUTHORITY_END.includes(url[end]!)) end++;
  const prefix = url.slice(0, end);
  let origin = cache.get(prefix);
  if (origin === undefined) {
    origin = parseOrigin(prefix);
    if (cache.size >= CACHE_LIMIT) cache.clear();
    cache.set(prefix, origin);
  }
  const fragment = url.indexOf("#", end);
  const path = url.slice(end, fragment < 0 ? url.length : fragment);
  // A backslash there is a slash to URL parsers and part of the authority to others.
  if (!SENDABLE.test(path) || path.startsWith("\\")) {
    throw new HttpError(
      "request",
      `Cannot send "${
        redactUrl(url)
      }" as written: blanks, controls and non-ASCII characters must be percent-encoded`,
      { detail: { tag: "HTTP-request-URI-invalid" } },
    );
  }
  return { origin, path: path.startsWith("/") ? path : "/" + path };
}

function parseOrigin(prefix: string): Origin {
  const { scheme, host, port } = parseRequestUrl(prefix);
  const secure = scheme === "https";
  const family = isIP(host);
  const bracketed = family === 6 ? `[${host}]` : host;
  const authority = port === (secure ? 443 : 80) ? bracketed : `${bracketed}:${port}`;
  return { secure, hostname: host, port, host: authority, key: `${scheme}://${authority}`, family };
}
