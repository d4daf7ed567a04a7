/** HTTP outcomes as store errors: which status is which class, and what the message says. */
import type { HttpResponse } from "../../http/connector.ts";
import { HttpError } from "../../http/error.ts";
import { getHeader, type HeaderList } from "../../http/headers.ts";
import { redactUrl } from "../../http/redact.ts";
import {
  AlreadyExistsError,
  GenericError,
  InvalidRangeError,
  NotFoundError,
  NotModifiedError,
  ObjectStoreError,
  type ObjectStoreErrorOptions,
  PermissionDeniedError,
  PreconditionError,
  UnauthenticatedError,
} from "../../store/error.ts";
import { parseContentRange } from "../../store/range.ts";

/** A class of store errors. */
export type ErrorClass = new (message: string, options: ObjectStoreErrorOptions) => ObjectStoreError;

/** What a service says about a failure of its own accord. */
export interface ServiceError {
  /** The service's error code, such as `NoSuchKey`. */
  readonly code?: string;
  /** Its explanation, one line. */
  readonly message?: string;
  /** Its id of the request. */
  readonly requestId?: string;
  /** What the code means, where it says more than the status. */
  readonly kind?: ErrorClass;
  /** Whatever else helps: the ids of hosts, the right region. No secrets. */
  readonly details?: Readonly<Record<string, string>>;
}

/** What was being done when something failed. */
export interface FailureContext {
  /** Short name of the store. */
  readonly store: string;
  /** The action, as it stands after "Cannot": `get`, `complete the upload of`. */
  readonly action: string;
  /** The path concerned. */
  readonly path?: string;
  /** Statuses that mean something else for this operation: `{ 412: AlreadyExistsError }`. */
  readonly kinds?: Readonly<Record<number, ErrorClass>>;
  /** Finds the service's own words in an error response. */
  readonly readError?: (
    body: string,
    headers: HeaderList,
  ) => ServiceError | undefined | Promise<ServiceError | undefined>;
}

const KINDS: Readonly<Record<number, ErrorClass>> = {
  304: NotModifiedError,
  401: UnauthenticatedError,
  403: PermissionDeniedError,
  404: NotFoundError,
  409: AlreadyExistsError,
  412: PreconditionError,
};

/** More of an error body than this is not looked at. */
const MAX_ERROR_BODY = 64 * 1024;
const MAX_QUOTED = 200;

/**
 * The error for a response whose status is not a success. Reads its body (64 KiB at most) for the service's own
 * words and frees the connection; never rejects.
 */
export async function responseError(
  response: HttpResponse,
  context: FailureContext,
): Promise<ObjectStoreError> {
  const { status, headers } = response;
  const body = await readErrorBody(response);
  const service = await context.readError?.(body, headers) ?? plainError(body, headers);
  const options: ObjectStoreErrorOptions = {
    store: context.store,
    path: context.path,
    status,
    code: service.code,
    requestId: service.requestId,
    details: service.details,
  };
  const said = [service.code, service.message].filter((part) => part).join(": ");
  const hint = status >= 300 && status < 400 && status !== 304 ? redirectHint(headers) : "";
  const message = `${failed(context)}: status ${status}${hint}${said === "" ? "" : ` (${said})`}`;
  if (status === 416 && context.kinds?.[416] === undefined) {
    const size = parseContentRange(getHeader(headers, "content-range") ?? "")?.size;
    return new InvalidRangeError(message, { ...options, size });
  }
  const Kind = context.kinds?.[status] ?? service.kind ?? KINDS[status] ?? GenericError;
  return new Kind(message, options);
}

/**
 * What to throw when a request or body failed without a status: an {@linkcode HttpError} becomes a
 * {@linkcode GenericError} that keeps it as `cause`; store errors and the reason of the caller's own signal are
 * returned as they are.
 */
export function transportError(error: unknown, context: FailureContext, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof ObjectStoreError) return error;
  const said = error instanceof Error ? error.message : String(error);
  return new GenericError(`${failed(context)}: ${lowerFirst(said)}`, {
    store: context.store,
    path: context.path,
    cause: error,
  });
}

/** `error` as an {@linkcode HttpError}: itself, or what a store error was made of. */
export function httpErrorOf(error: unknown): HttpError | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    if (at instanceof HttpError) return at;
  }
  return undefined;
}

/** `Cannot get "a/b"`. */
export function failed(context: FailureContext): string {
  return `Cannot ${context.action}${context.path === undefined ? "" : ` "${context.path}"`}`;
}

async function readErrorBody(response: HttpResponse): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  try {
    reader = response.body.getReader();
    for (let left = MAX_ERROR_BODY; left > 0;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      text += decoder.decode(value.subarray(0, left), { stream: true });
      left -= value.byteLength;
    }
  } catch {
    // The status is what counts; a body cut short only shortens the explanation.
  }
  try {
    reader?.releaseLock();
    await response.cancel();
  } catch {
    // As above.
  }
  return text;
}

/** Short plain text is quoted; HTML error pages say nothing that the status does not. */
function plainError(body: string, headers: HeaderList): ServiceError {
  const type = getHeader(headers, "content-type") ?? "";
  if (!/^text\/plain\b/i.test(type)) return {};
  // deno-lint-ignore no-control-regex -- a message is one line
  const line = body.replace(/[\x00-\x20\x7f]+/g, " ").trim();
  return line === "" ? {} : { message: line.length > MAX_QUOTED ? `${line.slice(0, MAX_QUOTED)}…` : line };
}

function redirectHint(headers: HeaderList): string {
  const location = getHeader(headers, "location");
  return location === undefined
    ? ", a redirect without a location: the region or endpoint is probably wrong"
    : `, a redirect to ${redactUrl(location)}, which is not followed`;
}

function lowerFirst(text: string): string {
  // Acronyms such as "DNS" keep their case.
  return /^[A-Z][a-z]/.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;
}
