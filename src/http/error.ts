/**
 * What went wrong on the wire, at two levels of detail: `kind` decides what a caller may do (retry or not), `detail`
 * is as specific as could be determined, in the terms of `wasi:http/types.error-code`, so that it maps to every
 * WASI version.
 */

/**
 * - `connect`: no connection was made; nothing was sent. DNS, refused, TLS, connect timeout.
 * - `request`: the request could not be sent as given: bad URL, method, header, or body of another length.
 * - `timeout`: a timer ran out after the connection was made; the server may have acted.
 * - `interrupted`: the connection broke after (part of) the request was sent; the server may have acted.
 * - `decode`: the peer sent something that is not HTTP, or a body that does not decode.
 * - `denied`: the policy or the platform's permissions refused; nothing was sent.
 * - `unknown`: none of these could be told; the server may have acted.
 */
export type HttpErrorKind =
  | "connect"
  | "request"
  | "timeout"
  | "interrupted"
  | "decode"
  | "denied"
  | "unknown";

/**
 * The cases of `wasi:http/types.error-code` (same in 0.2 and 0.3), spelt as in WIT. Payloads keep WIT's record
 * fields in camelCase.
 */
export type HttpErrorDetail =
  | { readonly tag: "DNS-error"; readonly rcode?: string; readonly infoCode?: number }
  | { readonly tag: "TLS-alert-received"; readonly alertId?: number; readonly alertMessage?: string }
  | { readonly tag: "HTTP-request-body-size"; readonly size?: bigint }
  | { readonly tag: "HTTP-response-body-size"; readonly size?: bigint }
  | {
    readonly tag:
      | "HTTP-request-header-section-size"
      | "HTTP-request-trailer-section-size"
      | "HTTP-response-header-section-size"
      | "HTTP-response-trailer-section-size";
    readonly size?: number;
  }
  | {
    readonly tag:
      | "HTTP-request-header-size"
      | "HTTP-request-trailer-size"
      | "HTTP-response-header-size"
      | "HTTP-response-trailer-size";
    readonly fieldName?: string;
    readonly fieldSize?: number;
  }
  | {
    readonly tag: "HTTP-response-transfer-coding" | "HTTP-response-content-coding";
    readonly coding?: string;
  }
  | {
    readonly tag:
      | "DNS-timeout"
      | "destination-not-found"
      | "destination-unavailable"
      | "destination-IP-prohibited"
      | "destination-IP-unroutable"
      | "connection-refused"
      | "connection-terminated"
      | "connection-timeout"
      | "connection-read-timeout"
      | "connection-write-timeout"
      | "connection-limit-reached"
      | "TLS-protocol-error"
      | "TLS-certificate-error"
      | "HTTP-request-denied"
      | "HTTP-request-length-required"
      | "HTTP-request-method-invalid"
      | "HTTP-request-URI-invalid"
      | "HTTP-request-URI-too-long"
      | "HTTP-response-incomplete"
      | "HTTP-response-timeout"
      | "HTTP-upgrade-failed"
      | "HTTP-protocol-error"
      | "loop-detected"
      | "configuration-error"
      | "internal-error";
  };

/** Options of {@linkcode HttpError}. */
export interface HttpErrorOptions {
  /** The underlying error, kept as it was. */
  readonly cause?: unknown;
  /** The finest description that could be told. */
  readonly detail?: HttpErrorDetail;
  /** The client option that led to the failure, where one did: another value would avoid it. */
  readonly key?: string;
}

/**
 * A request that did not get a whole response. A response with an error status is not an `HttpError`.
 * The message never holds credentials: URLs in it are stripped of user information and of signed queries.
 */
export class HttpError extends Error {
  /** `HttpError`. */
  override readonly name = "HttpError";
  /** What a caller may do about it. */
  readonly kind: HttpErrorKind;
  /** The finest description that could be told. */
  readonly detail?: HttpErrorDetail;
  /** The client option that led to the failure, where one did: another value would avoid it. */
  readonly key?: string;

  /** Makes an error of `kind`; `message` names the failed action and what it failed on. */
  constructor(kind: HttpErrorKind, message: string, options: HttpErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.detail = options.detail;
    this.key = options.key;
  }
}
