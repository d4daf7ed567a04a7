/** `wasi:http/types.error-code`, and how the connector's errors map to it. */
import { type AbiType, option, record, string, u16, u32, u64, u8, variant } from "../abi/types.ts";
import { HttpError, type HttpErrorDetail } from "../../http/error.ts";

/** A value of `error-code`. */
export type ErrorCode = { readonly tag: HttpErrorDetail["tag"]; readonly val?: unknown };

const fieldSize = record<{ fieldName?: string; fieldSize?: number }>({
  fieldName: option(string) as AbiType<string | undefined>,
  fieldSize: option(u32) as AbiType<number | undefined>,
});

/** `wasi:http/types.error-code`; the order of the cases is WIT's. */
export const errorCode: AbiType<ErrorCode> = variant<ErrorCode>(
  {
    "DNS-timeout": undefined,
    "DNS-error": record({ rcode: option(string), infoCode: option(u16) }),
    "destination-not-found": undefined,
    "destination-unavailable": undefined,
    "destination-IP-prohibited": undefined,
    "destination-IP-unroutable": undefined,
    "connection-refused": undefined,
    "connection-terminated": undefined,
    "connection-timeout": undefined,
    "connection-read-timeout": undefined,
    "connection-write-timeout": undefined,
    "connection-limit-reached": undefined,
    "TLS-protocol-error": undefined,
    "TLS-certificate-error": undefined,
    "TLS-alert-received": record({ alertId: option(u8), alertMessage: option(string) }),
    "HTTP-request-denied": undefined,
    "HTTP-request-length-required": undefined,
    "HTTP-request-body-size": option(u64),
    "HTTP-request-method-invalid": undefined,
    "HTTP-request-URI-invalid": undefined,
    "HTTP-request-URI-too-long": undefined,
    "HTTP-request-header-section-size": option(u32),
    "HTTP-request-header-size": option(fieldSize),
    "HTTP-request-trailer-section-size": option(u32),
    "HTTP-request-trailer-size": fieldSize,
    "HTTP-response-incomplete": undefined,
    "HTTP-response-header-section-size": option(u32),
    "HTTP-response-header-size": fieldSize,
    "HTTP-response-body-size": option(u64),
    "HTTP-response-trailer-section-size": option(u32),
    "HTTP-response-trailer-size": fieldSize,
    "HTTP-response-transfer-coding": option(string),
    "HTTP-response-content-coding": option(string),
    "HTTP-response-timeout": undefined,
    "HTTP-upgrade-failed": undefined,
    "HTTP-protocol-error": undefined,
    "loop-detected": undefined,
    "configuration-error": undefined,
    "internal-error": option(string),
  } satisfies Record<HttpErrorDetail["tag"], unknown>,
);

/** The code of an error that a connector rejected with. */
export function errorCodeOf(error: unknown): ErrorCode {
  if (!(error instanceof HttpError)) return { tag: "internal-error", val: undefined };
  return error.detail === undefined ? codeOfKind(error) : codeOfDetail(error.detail);
}

function codeOfDetail(detail: HttpErrorDetail): ErrorCode {
  switch (detail.tag) {
    case "DNS-error":
      return { tag: detail.tag, val: { rcode: detail.rcode, infoCode: unsigned(detail.infoCode, 0xffff) } };
    case "TLS-alert-received":
      return {
        tag: detail.tag,
        val: { alertId: unsigned(detail.alertId, 0xff), alertMessage: detail.alertMessage },
      };
    case "HTTP-request-body-size":
    case "HTTP-response-body-size":
      return { tag: detail.tag, val: detail.size };
    case "HTTP-request-header-section-size":
    case "HTTP-request-trailer-section-size":
    case "HTTP-response-header-section-size":
    case "HTTP-response-trailer-section-size":
      return { tag: detail.tag, val: unsigned(detail.size, 0xffffffff) };
    case "HTTP-request-header-size":
    case "HTTP-request-trailer-size":
    case "HTTP-response-header-size":
    case "HTTP-response-trailer-size":
      return {
        tag: detail.tag,
        val: { fieldName: detail.fieldName, fieldSize: unsigned(detail.fieldSize, 0xffffffff) },
      };
    case "HTTP-response-transfer-coding":
    case "HTTP-response-content-coding":
      return { tag: detail.tag, val: detail.coding };
    case "internal-error":
      return { tag: detail.tag, val: undefined };
    default:
      return { tag: detail.tag };
  }
}

/** A number that fits the field, or none: never a wrapped one. */
function unsigned(value: number | undefined, max: number): number | undefined {
  return value !== undefined && Number.isInteger(value) && value >= 0 && value <= max ? value : undefined;
}

function codeOfKind(error: HttpError): ErrorCode {
  switch (error.kind) {
    case "connect":
      return { tag: "destination-unavailable" };
    case "request":
      return { tag: "HTTP-protocol-error" };
    case "timeout":
      return { tag: "HTTP-response-timeout" };
    case "interrupted":
      return { tag: "connection-terminated" };
    case "decode":
      return { tag: "HTTP-protocol-error" };
    case "denied":
      return { tag: "HTTP-request-denied" };
    case "unknown":
      // The message stays in the host: it may hold paths and resolved addresses.
      return { tag: "internal-error", val: undefined };
  }
}
