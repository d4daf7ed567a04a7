/**
 * Classifies failures of `fetch`. Fetch reports everything as a `TypeError`; the real reason is in a chain of causes
 * with codes (undici), in the message (Deno), or nowhere (browsers).
 */
import { HttpError, redactUrl } from "../core.ts";
import type { HttpErrorDetail, HttpErrorKind } from "../error.ts";
import type { FetchPhase } from "./exchange.ts";
import { blockedPort, isBlockedPort } from "./ports.ts";

/** What can be told about one failure. */
export interface Diagnosis {
  /** See {@linkcode HttpError.kind}. */
  readonly kind: HttpErrorKind;
  /** See {@linkcode HttpError.detail}. */
  readonly detail: HttpErrorDetail;
}

function plain(kind: HttpErrorKind, tag: HttpErrorDetail["tag"]): Diagnosis {
  return { kind, detail: { tag } as HttpErrorDetail };
}

const DNS = plain("connect", "DNS-error");
const CERTIFICATE = plain("connect", "TLS-certificate-error");
const TERMINATED = plain("interrupted", "connection-terminated");
const UNROUTABLE = plain("connect", "destination-IP-unroutable");
const PROTOCOL = plain("decode", "HTTP-protocol-error");
const CONTENT_CODING = plain("decode", "HTTP-response-content-coding");
const TRANSFER_CODING = plain("decode", "HTTP-response-transfer-coding");
const HEAD_SIZE = plain("decode", "HTTP-response-header-section-size");
const BODY_SIZE = plain("request", "HTTP-request-body-size");
const DENIED = plain("denied", "HTTP-request-denied");

/** Codes of Node's `net`, `tls`, `dns`, its HTTP parser, and undici. */
const BY_CODE: Readonly<Record<string, Diagnosis>> = {
  ECONNREFUSED: plain("connect", "connection-refused"),
  ECONNRESET: TERMINATED,
  EPIPE: TERMINATED,
  ECONNABORTED: TERMINATED,
  UND_ERR_SOCKET: TERMINATED,
  UND_ERR_CONNECT_TIMEOUT: plain("connect", "connection-timeout"),
  UND_ERR_HEADERS_TIMEOUT: plain("timeout", "HTTP-response-timeout"),
  UND_ERR_BODY_TIMEOUT: plain("timeout", "connection-read-timeout"),
  UND_ERR_HEADERS_OVERFLOW: HEAD_SIZE,
  HPE_HEADER_OVERFLOW: HEAD_SIZE,
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: BODY_SIZE,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: plain("interrupted", "HTTP-response-incomplete"),
  UND_ERR_INVALID_ARG: plain("request", "HTTP-protocol-error"),
  UND_ERR_NOT_SUPPORTED: plain("request", "HTTP-protocol-error"),
  ENOTFOUND: DNS,
  ENODATA: DNS,
  EAI_NONAME: DNS,
  EAI_NODATA: DNS,
  ESERVFAIL: DNS,
  EAI_AGAIN: plain("connect", "DNS-timeout"),
  ETIMEOUT: plain("connect", "DNS-timeout"),
  EHOSTUNREACH: UNROUTABLE,
  ENETUNREACH: UNROUTABLE,
  EADDRNOTAVAIL: UNROUTABLE,
  EHOSTDOWN: plain("connect", "destination-unavailable"),
  ENETDOWN: plain("connect", "destination-unavailable"),
  ENOENT: plain("connect", "destination-not-found"),
  EMFILE: plain("connect", "connection-limit-reached"),
  ENFILE: plain("connect", "connection-limit-reached"),
  ERR_ACCESS_DENIED: DENIED,
  EPERM: DENIED,
  EACCES: DENIED,
  EPROTO: plain("connect", "TLS-protocol-error"),
  DEPTH_ZERO_SELF_SIGNED_CERT: CERTIFICATE,
  SELF_SIGNED_CERT_IN_CHAIN: CERTIFICATE,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: CERTIFICATE,
  UNABLE_TO_GET_ISSUER_CERT: CERTIFICATE,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: CERTIFICATE,
  CERT_HAS_EXPIRED: CERTIFICATE,
  CERT_NOT_YET_VALID: CERTIFICATE,
  CERT_UNTRUSTED: CERTIFICATE,
  CERT_REVOKED: CERTIFICATE,
  ERR_TLS_CERT_ALTNAME_INVALID: CERTIFICATE,
  ERR_INVALID_URL: plain("request", "HTTP-request-URI-invalid"),
  HPE_INVALID_CHUNK_SIZE: TRANSFER_CODING,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: TRANSFER_CODING,
  HPE_INVALID_TRANSFER_ENCODING: TRANSFER_CODING,
  Z_DATA_ERROR: CONTENT_CODING,
  Z_BUF_ERROR: CONTENT_CODING,
  // Bun's own.
  Malformed_HTTP_Response: PROTOCOL,
  InvalidHTTPResponse: PROTOCOL,
  ResponseHeadersTooLarge: HEAD_SIZE,
  UnrequestedUpgrade: plain("decode", "HTTP-upgrade-failed"),
  ZlibError: CONTENT_CODING,
  BrotliDecompressionError: CONTENT_CODING,
  ZstdDecompressionError: CONTENT_CODING,
};

/** Texts of Deno's fetch (hyper, rustls, the resolver) and of undici's errors without a code. First match counts. */
const BY_TEXT: readonly (readonly [RegExp, Diagnosis])[] = [
  [/dns error|failed to lookup address/i, DNS],
  [/invalid peer certificate|certificate verif|UnknownIssuer/i, CERTIFICATE],
  [/received fatal alert/i, plain("connect", "TLS-alert-received")],
  [/connection refused/i, plain("connect", "connection-refused")],
  [/no route to host|network is unreachable|cannot assign requested address/i, UNROUTABLE],
  [/\(Connect\).*timed out/i, plain("connect", "connection-timeout")],
  [
    /received corrupt message|tls handshake|InvalidContentType|peer is incompatible/i,
    plain("connect", "TLS-protocol-error"),
  ],
  [/message head is too large/i, HEAD_SIZE],
  [/bad upgrade|upgrade expected/i, plain("decode", "HTTP-upgrade-failed")],
  [
    /invalid HTTP version|invalid HTTP status|invalid HTTP header|does not match the HTTP|HTTPParserError/i,
    PROTOCOL,
  ],
  [/invalid chunk size|chunk/i, TRANSFER_CODING],
  [/bad port|requests to port \d+ are blocked/i, DENIED],
  [
    /method is (forbidden|unsupported)|HTTP method is unsupported/i,
    plain("request", "HTTP-request-method-invalid"),
  ],
  [
    // The last is workerd's, which says it of every connection that was not made, broke or made no sense.
    /connection closed before|connection reset|broken pipe|other side closed|socket hang up|connection error|network connection lost/i,
    TERMINATED,
  ],
  [/\(Connect\)/, plain("connect", "destination-unavailable")],
];

/** Texts that say of a body what they cannot say of a head. */
const BODY_BY_TEXT: readonly (readonly [RegExp, Diagnosis])[] = [
  // Deno and StarlingMonkey say this of every broken body, whatever broke it; what was read began as a whole response.
  [
    /error reading a body from connection|IO error reading from incoming/i,
    plain("interrupted", "HTTP-response-incomplete"),
  ],
  [
    /unexpected end of file|invalid gzip|corrupt (deflate|gzip) stream|invalid (deflate|brotli|zstd)|brotli|(gzip|brotli|deflate|zlib).*(decompression failed|ended prematurely)/i,
    CONTENT_CODING,
  ],
];

/**
 * The {@linkcode HttpError} of a rejection of `fetch` (`head`) or of its body. An `HttpError` found in the chain
 * (ours, put there by a request body) is returned as it is.
 */
export function fetchError(error: unknown, phase: FetchPhase, method: string, url: string): HttpError {
  const chain = causes(error);
  for (const link of chain) if (link instanceof HttpError) return link;
  let found = diagnose(chain, phase) ?? plain("unknown", "internal-error");
  if (found.kind === "unknown" && phase === "head") {
    const port = Number(/^[^:]+:\/\/[^/?#]*:(\d+)(?![^/?#])/.exec(url)?.[1] ?? NaN);
    if (isBlockedPort(port)) return blockedPort(url, port, withoutSecrets(error));
  }
  // Once there was a head, a closed connection is a body cut short, whatever closed it.
  if (phase === "body" && found === TERMINATED) found = plain("interrupted", "HTTP-response-incomplete");
  const action = phase === "head" ? "send" : "read the response body of";
  return new HttpError(found.kind, `Cannot ${action} ${method} ${redactUrl(url)}: ${reason(chain, found)}`, {
    cause: withoutSecrets(error),
    detail: found.detail,
  });
}

/** The error, its causes, and the members of aggregates (happy eyeballs), nearest first. */
function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  const queue = [error];
  while (queue.length > 0 && chain.length < 16) {
    const next = queue.shift();
    if (next === undefined || next === null || chain.includes(next)) continue;
    chain.push(next);
    if (typeof next !== "object") continue;
    const { cause, errors } = next as { cause?: unknown; errors?: unknown };
    if (cause !== undefined) queue.push(cause);
    if (Array.isArray(errors)) queue.push(...errors);
  }
  return chain;
}

function diagnose(chain: readonly unknown[], phase: FetchPhase): Diagnosis | undefined {
  for (const link of chain) {
    const { code, name, syscall } = (typeof link === "object" ? link : {}) as Record<string, unknown>;
    if (name === "NotCapable" || name === "PermissionDenied") return DENIED;
    if (name === "TimeoutError") return plain("timeout", "HTTP-response-timeout");
    if (typeof code !== "string") continue;
    if (code === "ETIMEDOUT") {
      return syscall === "connect"
        ? plain("connect", "connection-timeout")
        : plain("timeout", "connection-read-timeout");
    }
    if (code === "UND_ERR_SOCKET" && text(link).includes("bad upgrade")) {
      return plain("decode", "HTTP-upgrade-failed");
    }
    const known = BY_CODE[code];
    if (known !== undefined) return known;
    const alert = /^ERR_SSL_(?:TLSV1|SSLV3|TLSV13)_ALERT_(.+)$/.exec(code)?.[1];
    if (alert !== undefined) {
      const alertMessage = alert.toLowerCase().replaceAll("_", " ");
      return { kind: "connect", detail: { tag: "TLS-alert-received", alertMessage } };
    }
    if (/^ERR_(SSL|TLS)_/.test(code)) return plain("connect", "TLS-protocol-error");
    if (code.startsWith("HPE_")) return PROTOCOL;
  }
  const texts = chain.map(text).join("\n");
  const lists = phase === "body" ? [BODY_BY_TEXT, BY_TEXT] : [BY_TEXT];
  for (const list of lists) {
    for (const [pattern, diagnosis] of list) if (pattern.test(texts)) return diagnosis;
  }
  return undefined;
}

function text(link: unknown): string {
  if (typeof link !== "object" || link === null) return String(link);
  const { name, message } = link as { name?: unknown; message?: unknown };
  return `${name}: ${message}`;
}

/** What the innermost cause says, which is the most exact; without the URLs that platforms write into it. */
function reason(chain: readonly unknown[], found: Diagnosis): string {
  const innermost = chain.at(-1);
  const message = typeof innermost === "object" && innermost !== null
    ? (innermost as { message?: unknown }).message
    : innermost;
  const said = typeof message === "string" ? message : "";
  // "error sending request for url (…): client error (Connect): tcp connect error: …": only the end tells anything.
  const detail = said.replace(/^error sending request .*?client error /s, "");
  return detail === "" ? found.detail.tag : scrub(detail);
}

const URLS = /\bhttps?:\/\/[^\s"'<>)]+/gi;

function scrub(message: string): string {
  return message.replace(URLS, (url) => redactUrl(url));
}

/** The error itself, or a copy where its text or a cause's holds a URL with secrets in it (Deno writes it there). */
function withoutSecrets(error: unknown, depth = 0): unknown {
  // Deeper than any platform nests, so a circle of causes.
  if (!(error instanceof Error) || depth > 8) return error;
  const cause = withoutSecrets(error.cause, depth + 1);
  const message = scrub(error.message);
  if (message === error.message && cause === error.cause) return error;
  const copy = new Error(message, cause === undefined ? undefined : { cause });
  copy.name = error.name;
  copy.stack = `${error.name}: ${message}`;
  return copy;
}
