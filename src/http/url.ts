/** Request URLs, split strictly. */
import { HttpError } from "./error.ts";
import { redactUrl } from "./redact.ts";

/** What an `http:` or `https:` URL says, read once so that what is decided on is what is sent to. */
export interface RequestUrl {
  /** `http` or `https`. */
  readonly scheme: "http" | "https";
  /**
   * Host in canonical form: lower case, punycode, IPv4 in dotted decimal whatever its spelling, IPv6 without
   * brackets as RFC 5952 has it, one trailing dot removed.
   */
  readonly host: string;
  /** Port, the scheme's default filled in. */
  readonly port: number;
  /** Path and query exactly as written, at least `/`; the fragment is dropped. */
  readonly target: string;
}

// Scheme, authority, rest. The authority must end where every URL parser agrees it ends: WHATWG parsers take a
// backslash for a slash and skip tabs and newlines, RFC 3986 parsers do not, and SSRF lives in that gap.
const ABSOLUTE = /^(https?):\/\/([^/?#\\\s]+)([/?#][^]*)?$/i;
// deno-lint-ignore no-control-regex -- control characters are what is looked for
const UNSAFE = /[\x00-\x20\x7f]/;

/**
 * Reads an absolute `http:` or `https:` URL. Stricter than `new URL`: user information, blanks, control
 * characters, backslashes before the path, port 0, zone ids and empty labels are refused.
 *
 * @throws {HttpError} of kind `request`, detail `HTTP-request-URI-invalid`.
 */
export function parseRequestUrl(url: string): RequestUrl {
  const parts = ABSOLUTE.exec(url);
  if (parts === null || UNSAFE.test(url)) {
    throw invalid(url, "it is not an absolute http: or https: URL");
  }
  const [, scheme = "", authority = "", rest = ""] = parts;
  if (authority.includes("@")) {
    throw invalid(url, "user information is not allowed in it; send an authorization header instead");
  }
  let parsed: URL;
  try {
    parsed = new URL(`${scheme}://${authority}/`);
  } catch (cause) {
    throw invalid(url, "its host or port is not valid", cause);
  }
  let host = parsed.hostname;
  if (host.startsWith("[")) host = host.slice(1, -1);
  else if (host.endsWith(".")) host = host.slice(0, -1);
  if (host === "" || host.startsWith(".") || host.endsWith(".") || host.includes("..")) {
    throw invalid(url, "its host has an empty label");
  }
  if (parsed.port === "0") throw invalid(url, "port 0 cannot be connected to");
  const secure = parsed.protocol === "https:";
  const fragment = rest.indexOf("#");
  const target = fragment < 0 ? rest : rest.slice(0, fragment);
  return {
    scheme: secure ? "https" : "http",
    host,
    port: parsed.port === "" ? (secure ? 443 : 80) : Number(parsed.port),
    target: target.startsWith("/") ? target : `/${target}`,
  };
}

function invalid(url: string, why: string, cause?: unknown): HttpError {
  return new HttpError("request", `Cannot use the URL "${redactUrl(url)}": ${why}`, {
    cause,
    detail: { tag: "HTTP-request-URI-invalid" },
  });
}

/**
 * Whether a canonical host (see {@linkcode RequestUrl.host}) is this machine by definition: `localhost` and the
 * names under it (RFC 6761 section 6.3), 127.0.0.0/8 and `::1`, IPv4-mapped too.
 */
export function isLoopbackHost(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || /^127\.\d+\.\d+\.\d+$/.test(host) ||
    host === "::1" || /^::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}$/.test(host);
}
