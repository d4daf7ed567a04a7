/** HTTP outcomes as store errors: which status is which class, and what the message says. */
import type { HttpResponse } from "../../http/service.ts";
import type { HeaderList } from "../../http/headers.ts";
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
import { loadRare } from "./load_rare.ts";

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
  416: InvalidRangeError,
};

/**
 * The error for a response whose status is not a success. Reads its body (64 KiB at most) for the service's own
 * words and frees the connection; never rejects.
 */
export async function responseError(
  response: HttpResponse,
  context: FailureContext,
): Promise<ObjectStoreError> {
  const { status } = response;
  let options: ObjectStoreErrorOptions = { store: context.store, path: context.path, status };
  let said = "";
  let Kind = context.kinds?.[status];
  try {
    const { readFailure } = await loadRare();
    const failure = await readFailure(response, context);
    options = { ...options, ...failure.options };
    said = failure.said;
    Kind ??= failure.kind;
  } catch {
    // A page whose own server is gone can load nothing: the status must do.
    await response.cancel().catch(() => {});
  }
  Kind ??= KINDS[status] ?? GenericError;
  return new Kind(`${failed(context)}: status ${status}${said}`, options);
}

/**
 * What to throw when a request or body failed without a status: an `HttpError` becomes a
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

/** `Cannot get "a/b"`. */
export function failed(context: FailureContext): string {
  return `Cannot ${context.action}${context.path ? ` "${context.path}"` : ""}`;
}

function lowerFirst(text: string): string {
  // Acronyms such as "DNS" keep their case.
  return /^[A-Z][a-z]/.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;
}
