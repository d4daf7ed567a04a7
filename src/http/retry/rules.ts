/** Which requests and errors are retried: the rules of the object_store crate. Those for statuses are in `status.ts`. */
import { HttpError } from "../error.ts";
import type { HttpRequest } from "../service.ts";

const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PROPFIND"]);

/**
 * Whether sending the request twice is the same as sending it once: `request.idempotent` where given, else by its
 * method (RFC 9110 section 9.2.2; PROPFIND by RFC 4918 section 9.1).
 */
export function isIdempotent(request: Pick<HttpRequest, "method" | "idempotent">): boolean {
  return request.idempotent ?? IDEMPOTENT.has(request.method);
}

/**
 * Whether the error is retried. `connect`: always, since nothing was sent. `timeout`, `interrupted` and
 * `unknown`: the server may have acted, so only where the request is idempotent. `denied`, `request`, `decode` and
 * what is no {@linkcode HttpError}: never.
 */
export function isRetryableError(
  request: Pick<HttpRequest, "method" | "idempotent">,
  error: unknown,
): boolean {
  if (!(error instanceof HttpError)) return false;
  switch (error.kind) {
    case "connect":
      return true;
    case "timeout":
    case "interrupted":
    case "unknown":
      return isIdempotent(request);
    default:
      return false;
  }
}
