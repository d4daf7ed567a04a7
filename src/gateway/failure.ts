/**
 * Turns failures into responses: the right status, and a message that helps the client without revealing what lies
 * behind the gateway.
 */
import {
  AlreadyExistsError,
  GenericError,
  InvalidPathError,
  InvalidRangeError,
  NotFoundError,
  NotModifiedError,
  NotSupportedError,
  ObjectStoreError,
  PermissionDeniedError,
  PreconditionError,
  UnauthenticatedError,
} from "../store/error.ts";

/** A refusal that the gateway decided itself. Its message goes to the client. */
export class HttpFailure extends Error {
  override readonly name = "HttpFailure";
  /** Status of the response. */
  readonly status: number;
  /** Further response headers. */
  readonly headers: Readonly<Record<string, string>>;

  /** Makes a refusal with a status and a message for the client. */
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** What a client is told of a failure. */
export interface FailureView {
  /** HTTP status. */
  readonly status: number;
  /** One sentence for the client. */
  readonly message: string;
  /** Further response headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the cause is hidden from the client, and worth a line in a log. */
  readonly internal?: boolean;
}

/** What a client is told of anything thrown. */
export function viewOf(error: unknown): FailureView {
  // A body that was cut off reaches us again inside of the error of the store that was reading it.
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    if (at instanceof HttpFailure) return at;
  }
  if (!(error instanceof ObjectStoreError)) {
    return { status: 500, message: "The request could not be served", internal: true };
  }
  if (error instanceof NotFoundError) return { status: 404, message: "There is no such object" };
  if (error instanceof NotModifiedError) return { status: 304, message: "" };
  if (error instanceof PreconditionError) return { status: 412, message: "A precondition does not hold" };
  if (error instanceof AlreadyExistsError) return { status: 412, message: "An object exists there already" };
  if (error instanceof PermissionDeniedError) {
    return { status: 403, message: "The store does not allow this" };
  }
  if (error instanceof InvalidPathError) {
    return { status: 400, message: "The path is not valid in this store" };
  }
  if (error instanceof NotSupportedError) return { status: 501, message: "The store cannot do this" };
  if (error instanceof InvalidRangeError) {
    const size = error.size ?? "*";
    return {
      status: 416,
      message: "The range lies beyond the end of the object",
      headers: size === "*" ? {} : { "content-range": `bytes */${size}` },
    };
  }
  // The client's credentials were accepted; it is the gateway's own that were not, and no client can mend that.
  if (error instanceof UnauthenticatedError) {
    return { status: 502, message: "The store did not accept the gateway's credentials", internal: true };
  }
  if (isFull(error)) return { status: 507, message: "The store is full", internal: true };
  const upstream = error instanceof GenericError && error.status !== undefined;
  return upstream
    ? { status: 502, message: "The store could not be asked", internal: true }
    : { status: 500, message: "The store failed", internal: true };
}

/** The response for anything thrown; JSON where the client prefers it. */
export function failureResponse(error: unknown, request: Request): Response {
  const { status, message, headers } = viewOf(error);
  if (status === 304 || request.method === "HEAD") return new Response(null, { status, headers });
  const json = /\bapplication\/json\b/.test(request.headers.get("accept") ?? "");
  const body = json ? JSON.stringify({ status, message }) : `${message}\n`;
  return new Response(body, {
    status,
    headers: {
      ...headers,
      "content-type": json ? "application/json" : "text/plain; charset=utf-8",
      "cache-control": "no-store",
    },
  });
}

function isFull(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    if (/^(?:ENOSPC|EDQUOT)$/.test(String((at as { code?: unknown }).code))) return true;
  }
  return false;
}
