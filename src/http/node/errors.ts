/** Maps Node's error codes to the `kind` and `detail` of {@linkcode HttpError}. */
import { HttpError, type HttpErrorDetail, type HttpErrorKind } from "../error.ts";

/** How far the request had come: the same code means something else before and after bytes were sent. */
export type Phase = "connect" | "head" | "body";

/** The first error with a code, through `cause` and the attempts of an `AggregateError`. */
interface Coded {
  readonly code: string;
  readonly syscall?: string;
  readonly message: string;
}

type Meaning = readonly [kind: HttpErrorKind, detail: HttpErrorDetail];

const CERTIFICATE_CODES = new Set([
  "CERT_CHAIN_TOO_LONG",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_FORMAT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "PATH_LENGTH_EXCEEDED",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** TLS alerts (RFC 8446 section 6) by the name OpenSSL and rustls write, lower case and without separators. */
const ALERTS: Readonly<Record<string, number>> = {
  closenotify: 0,
  unexpectedmessage: 10,
  badrecordmac: 20,
  recordoverflow: 22,
  handshakefailure: 40,
  badcertificate: 42,
  unsupportedcertificate: 43,
  certificaterevoked: 44,
  certificateexpired: 45,
  certificateunknown: 46,
  illegalparameter: 47,
  unknownca: 48,
  accessdenied: 49,
  decodeerror: 50,
  decrypterror: 51,
  protocolversion: 70,
  insufficientsecurity: 71,
  internalerror: 80,
  inappropriatefallback: 86,
  usercanceled: 90,
  missingextension: 109,
  unsupportedextension: 110,
  unrecognizedname: 112,
  badcertificatestatusresponse: 113,
  unknownpskidentity: 115,
  certificaterequired: 116,
  noapplicationprotocol: 120,
};

const FIXED: Readonly<Record<string, Meaning>> = {
  ENOTFOUND: ["connect", { tag: "DNS-error", rcode: "address not available" }],
  ENODATA: ["connect", { tag: "DNS-error", rcode: "address not available" }],
  EAI_NONAME: ["connect", { tag: "DNS-error", rcode: "address not available" }],
  EAI_NODATA: ["connect", { tag: "DNS-error", rcode: "address not available" }],
  EAI_FAIL: ["connect", { tag: "DNS-error", rcode: "server failure" }],
  ESERVFAIL: ["connect", { tag: "DNS-error", rcode: "server failure" }],
  EREFUSED: ["connect", { tag: "DNS-error", rcode: "refused" }],
  EBADNAME: ["connect", { tag: "DNS-error", rcode: "invalid dns name" }],
  EAI_AGAIN: ["connect", { tag: "DNS-timeout" }],
  ETIMEOUT: ["connect", { tag: "DNS-timeout" }],
  ECONNREFUSED: ["connect", { tag: "connection-refused" }],
  EHOSTUNREACH: ["connect", { tag: "destination-IP-unroutable" }],
  ENETUNREACH: ["connect", { tag: "destination-IP-unroutable" }],
  EADDRNOTAVAIL: ["connect", { tag: "destination-IP-unroutable" }],
  ENETDOWN: ["connect", { tag: "destination-unavailable" }],
  EHOSTDOWN: ["connect", { tag: "destination-unavailable" }],
  ENOENT: ["connect", { tag: "destination-not-found" }],
  EMFILE: ["connect", { tag: "connection-limit-reached" }],
  ENFILE: ["connect", { tag: "connection-limit-reached" }],
  HPE_INVALID_TRANSFER_ENCODING: ["decode", { tag: "HTTP-response-transfer-coding" }],
  HPE_INVALID_CHUNK_SIZE: ["decode", { tag: "HTTP-response-transfer-coding", coding: "chunked" }],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ["decode", { tag: "HTTP-response-transfer-coding", coding: "chunked" }],
  ERR_HTTP_CONTENT_LENGTH_MISMATCH: ["request", { tag: "HTTP-request-body-size" }],
  ERR_INVALID_CHAR: ["request", { tag: "HTTP-protocol-error" }],
  ERR_INVALID_HTTP_TOKEN: ["request", { tag: "HTTP-protocol-error" }],
  ERR_UNESCAPED_CHARACTERS: ["request", { tag: "HTTP-request-URI-invalid" }],
  ERR_INVALID_URL: ["request", { tag: "HTTP-request-URI-invalid" }],
  ERR_HTTP2_HEADER_SINGLE_VALUE: ["request", { tag: "HTTP-protocol-error" }],
  ERR_HTTP2_INVALID_CONNECTION_HEADERS: ["request", { tag: "HTTP-protocol-error" }],
  ERR_HTTP2_INVALID_HEADER_VALUE: ["request", { tag: "HTTP-protocol-error" }],
  ERR_HTTP2_INVALID_PSEUDOHEADER: ["request", { tag: "HTTP-protocol-error" }],
};

/**
 * An error of the platform as {@linkcode HttpError}; one that is it already is handed on.
 *
 * @param what the request, as `describe` names it.
 */
export function toHttpError(cause: unknown, phase: Phase, what: string): HttpError {
  if (cause instanceof HttpError) return cause;
  const coded = findCoded(cause);
  const [kind, detail] = meaning(coded, cause, phase);
  return new HttpError(kind, `${ACTION[phase]} ${what}: ${reason(coded, cause)}`, { cause, detail });
}

const ACTION: Readonly<Record<Phase, string>> = {
  connect: "Failed to connect for",
  head: "No response to",
  body: "Response body broke off for",
};

/** Whether the failure is that of a kept connection which the server had closed meanwhile. */
export function isConnectionLoss(error: unknown): boolean {
  const code = findCoded(error)?.code;
  return code === "ECONNRESET" || code === "EPIPE" || code === "ECONNABORTED";
}

function meaning(coded: Coded | undefined, cause: unknown, phase: Phase): Meaning {
  // Deno's own permission errors have a name and no code.
  if (hasName(cause, "NotCapable")) return ["denied", { tag: "HTTP-request-denied" }];
  if (coded === undefined) {
    const alert = alertOf(cause instanceof Error ? cause.message : "");
    if (alert !== undefined) return [phase === "body" ? "interrupted" : "connect", alert];
    return [phase === "connect" ? "connect" : "unknown", { tag: "internal-error" }];
  }
  const { code, syscall } = coded;
  const fixed = FIXED[code];
  if (fixed !== undefined) return fixed;
  switch (code) {
    case "EPERM":
    case "EACCES":
      return syscall === "connect"
        ? ["denied", { tag: "destination-IP-prohibited" }]
        : ["denied", { tag: "HTTP-request-denied" }];
    case "ETIMEDOUT":
    case "ERR_SOCKET_CONNECTION_TIMEOUT":
      return phase === "connect"
        ? ["connect", { tag: "connection-timeout" }]
        : ["timeout", { tag: "connection-read-timeout" }];
    case "ECONNRESET":
    case "EPIPE":
    case "ECONNABORTED":
    case "ERR_STREAM_PREMATURE_CLOSE":
    case "ERR_HTTP2_GOAWAY_SESSION":
    case "ERR_HTTP2_SESSION_ERROR":
    case "ERR_HTTP2_STREAM_CANCEL":
    case "ERR_HTTP2_INVALID_SESSION":
      return lost(phase);
    case "ERR_HTTP2_STREAM_ERROR":
      return coded.message.includes("PROTOCOL_ERROR")
        ? ["decode", { tag: "HTTP-protocol-error" }]
        : lost(phase);
    case "HPE_INVALID_EOF_STATE":
      return ["interrupted", {
        tag: phase === "body" ? "HTTP-response-incomplete" : "connection-terminated",
      }];
    case "HPE_HEADER_OVERFLOW":
      return ["decode", {
        tag: phase === "body" ? "HTTP-response-trailer-section-size" : "HTTP-response-header-section-size",
      }];
  }
  if (code.startsWith("HPE_")) return ["decode", { tag: "HTTP-protocol-error" }];
  if (CERTIFICATE_CODES.has(code)) return ["connect", { tag: "TLS-certificate-error" }];
  if (/^(ERR_SSL_|ERR_TLS_|ERR_OSSL_|EPROTO$)/.test(code)) {
    const alert = alertOf(`${code} ${coded.message}`);
    // Alerts about the handshake may come after it (TLS 1.3): the server has read no request then either.
    const kind = phase === "body" ? "interrupted" : "connect";
    return [kind, alert ?? { tag: "TLS-protocol-error" }];
  }
  return [phase === "connect" ? "connect" : "unknown", { tag: "internal-error" }];
}

function lost(phase: Phase): Meaning {
  if (phase === "connect") return ["connect", { tag: "connection-terminated" }];
  return ["interrupted", { tag: phase === "head" ? "connection-terminated" : "HTTP-response-incomplete" }];
}

function alertOf(text: string): HttpErrorDetail | undefined {
  const named = /received fatal alert: ?(\w+)/i.exec(text)?.[1] ??
    /ERR_SSL_(?:TLSV1|TLSV13|SSLV3|SSL)(?:_[A-Z]+?)??_ALERT_(\w+)/.exec(text)?.[1];
  if (named === undefined) return undefined;
  const alertId = ALERTS[named.replace(/[_ ]/g, "").toLowerCase()];
  return { tag: "TLS-alert-received", alertId, alertMessage: named.toLowerCase() };
}

function findCoded(error: unknown, depth = 0): Coded | undefined {
  if (typeof error !== "object" || error === null || depth > 5) return undefined;
  const { code, message, syscall, cause, errors } = error as {
    code?: unknown;
    message?: unknown;
    syscall?: unknown;
    cause?: unknown;
    errors?: unknown;
  };
  if (typeof code === "string" && code !== "ERR_UNHANDLED_ERROR") {
    return {
      code,
      message: typeof message === "string" ? message : "",
      syscall: typeof syscall === "string" ? syscall : undefined,
    };
  }
  if (Array.isArray(errors)) {
    for (const inner of errors) {
      const found = findCoded(inner, depth + 1);
      if (found !== undefined) return found;
    }
  }
  return findCoded(cause, depth + 1);
}

function hasName(error: unknown, name: string): boolean {
  for (let depth = 0; error instanceof Error && depth < 5; depth++, error = error.cause) {
    if (error.name === name) return true;
  }
  return false;
}

/** The code rather than the platform's text: that may hold addresses, paths or certificate subjects. */
function reason(coded: Coded | undefined, cause: unknown): string {
  if (coded !== undefined) return coded.code;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
