/** S3's error documents. Source: AWS "Error responses"; S3's compatibles send the same document, or none. */
import { getHeader, type HeaderList } from "../../../http/headers.ts";
import {
  GenericError,
  InvalidPathError,
  NotFoundError,
  NotSupportedError,
  ObjectStoreError,
  PermissionDeniedError,
  PreconditionError,
  UnauthenticatedError,
} from "../../../store/error.ts";
import type { ErrorClass, ServiceError } from "../../common/error.ts";
import type { XmlElement } from "../../common/xml.ts";
import { codeOf, STORE } from "../core.ts";
import { readFlatError } from "./error_document.ts";

const KINDS: Readonly<Record<string, ErrorClass>> = {
  NoSuchKey: NotFoundError,
  NoSuchBucket: NotFoundError,
  NoSuchUpload: NotFoundError,
  NoSuchVersion: NotFoundError,
  NoSuchTagSet: NotFoundError,
  AccessDenied: PermissionDeniedError,
  AllAccessDisabled: PermissionDeniedError,
  AccountProblem: PermissionDeniedError,
  InvalidAccessKeyId: UnauthenticatedError,
  SignatureDoesNotMatch: UnauthenticatedError,
  // Versity's gateway, with a 404.
  XAdminUserNotFound: UnauthenticatedError,
  InvalidSecurity: UnauthenticatedError,
  ExpiredToken: UnauthenticatedError,
  InvalidToken: UnauthenticatedError,
  TokenRefreshRequired: UnauthenticatedError,
  RequestTimeTooSkewed: UnauthenticatedError,
  RequestExpired: UnauthenticatedError,
  ConditionalRequestConflict: PreconditionError,
  PreconditionFailed: PreconditionError,
  OperationAborted: GenericError,
  BucketNotEmpty: GenericError,
  InvalidBucketState: GenericError,
  NotImplemented: NotSupportedError,
  KeyTooLongError: InvalidPathError,
  // Ceph's, and MinIO's.
  InvalidObjectName: InvalidPathError,
  XMinioInvalidObjectName: InvalidPathError,
};

/** The class that an error code stands for, where it says more than the status. */
export function kindOfCode(code: string | undefined): ErrorClass | undefined {
  return code !== undefined && Object.hasOwn(KINDS, code) ? KINDS[code] : undefined;
}

// What S3 asks to be tried again when it says so inside a 200, or of one key among many.
const TRANSIENT = new Set([
  "InternalError",
  "SlowDown",
  "ServiceUnavailable",
  "RequestTimeout",
  "ThrottlingException",
  "ConditionalRequestConflict",
]);

/** Whether trying again may help, whatever the status. */
export function isTransientCode(code: string | undefined): boolean {
  return code !== undefined && TRANSIENT.has(code);
}

/**
 * Whether two requests under a condition met at the same object: who sends again finds out which was first. Source: AWS
 * "Prevent object overwrites with conditional writes".
 */
export function isConflict(error: unknown): boolean {
  return error instanceof ObjectStoreError && error.code === "ConditionalRequestConflict";
}

const MAX_MESSAGE = 300;

/** Reads an error response: its document where there is one, its headers in any case. */
export async function readErrorDocument(body: string, headers: HeaderList): Promise<ServiceError> {
  return serviceError(await parseError(body), headers);
}

/** The words of an `Error` element, and of the headers beside it. */
export function serviceError(element: XmlElement | undefined, headers: HeaderList): ServiceError {
  const text = (name: string): string | undefined => {
    const value = element?.[name];
    return typeof value === "string" && value.trim() !== "" ? oneLine(value) : undefined;
  };
  const code = text("Code");
  const region = text("Region") ?? header(headers, "x-amz-bucket-region");
  const hostId = text("HostId") ?? header(headers, "x-amz-id-2");
  const details: Record<string, string> = {};
  if (hostId !== undefined) details.hostId = hostId;
  if (region !== undefined) details.region = region;
  // A redirect that is not followed is of use only with the place it names.
  const hint = region !== undefined && /Redirect|AuthorizationHeaderMalformed|Location/.test(code ?? "")
    ? `; the bucket is in region "${region}"`
    : "";
  const message = text("Message");
  return {
    code,
    message: message === undefined && hint === ""
      ? undefined
      : `${message ?? "the bucket is elsewhere"}${hint}`,
    requestId: text("RequestId") ?? header(headers, "x-amz-request-id"),
    kind: kindOfCode(code),
    details: Object.keys(details).length > 0 ? details : undefined,
  };
}

/** The error that S3 sent in the body of a success. */
export function bodyError(
  action: string,
  path: string | undefined,
  element: XmlElement,
  headers: HeaderList,
  kinds: Readonly<Record<number, ErrorClass>> = {},
): ObjectStoreError {
  const { code, message, requestId, kind, details } = serviceError(element, headers);
  const shown = [code, message].filter((part) => part).join(": ");
  const Kind = (code === "PreconditionFailed" ? kinds[412] : undefined) ?? kind ?? GenericError;
  return new Kind(
    `Cannot ${action}${path === undefined ? "" : ` "${path}"`}: status 200 with an error (${shown})`,
    {
      store: STORE,
      path,
      status: 200,
      code,
      requestId,
      details,
    },
  );
}

async function parseError(body: string): Promise<XmlElement | undefined> {
  // An HTML page of a proxy, or nothing (HEAD): the status must do.
  if (!/<(?:\w+:)?Error[\s>]/.test(body)) return undefined;
  const document = body.trim();
  const flat = readFlatError(document);
  if (flat !== undefined) return flat;
  const { parseXml } = await import("../../common/xml.ts");
  try {
    return parseXml(document, { root: "Error" });
  } catch {
    // Cut short or broken: the code, which comes first, is worth having all the same.
    const code = codeOf(body);
    return code === undefined ? undefined : { Code: code };
  }
}

function header(headers: HeaderList, name: string): string | undefined {
  const value = getHeader(headers, name);
  return value === undefined || value === "" ? undefined : oneLine(value);
}

function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex -- what services send must not break a log
  const line = text.replace(/[\x00-\x20\x7f]+/g, " ").trim();
  return line.length > MAX_MESSAGE ? `${line.slice(0, MAX_MESSAGE)}…` : line;
}
