/** What an error response says beside its status. */
import type { HttpResponse } from "../../http/service.ts";
import { getHeader, type HeaderList } from "../../http/headers.ts";
import { redactUrl } from "../../http/redact.ts";
import { isRetryableStatus } from "../../http/retry/status.ts";
import { retryHistory } from "../../http/retry/error.ts";
import type { ObjectStoreErrorOptions } from "../../store/error.ts";
import { parseContentRange } from "../../store/content_range.ts";
import type { ErrorClass, FailureContext, ServiceError } from "./error.ts";

/** More of an error body than this is not looked at. */
const MAX_ERROR_BODY = 64 * 1024;
const MAX_QUOTED = 200;

/** What was found out about a failure. */
export interface FoundFailure {
  /** For the error. */
  readonly options: Omit<ObjectStoreErrorOptions, "store"> & { readonly size?: number };
  /** For the end of its message. */
  readonly said: string;
  /** What the service's code means, where it says more than the status. */
  readonly kind?: ErrorClass;
}

/** Reads an error response and frees its connection. Never rejects. */
export async function readFailure(response: HttpResponse, context: FailureContext): Promise<FoundFailure> {
  const { status, headers } = response;
  const body = await readErrorBody(response);
  const { code, message, requestId, details, kind } = await context.readError?.(body, headers) ??
    plainError(body, headers);
  const words = [code, message].filter((part) => part).join(": ");
  const hint = status >= 300 && status < 400 && status !== 304 ? redirectHint(headers) : "";
  const size = status === 416
    ? parseContentRange(getHeader(headers, "content-range") ?? "")?.size
    : undefined;
  const tried = retriesBefore(response);
  // A range that cannot be met is that, whatever the service calls it.
  return {
    options: { code, requestId, details: tried === "" ? details : { ...details, retries: tried }, size },
    said: hint + (words === "" ? "" : ` (${words})`) + (tried === "" ? "" : `; after ${tried}`),
    kind: status === 416 ? undefined : kind,
  };
}

/** What was tried before a refusal that is worth trying again. Others end an operation whatever came before. */
function retriesBefore(response: HttpResponse): string {
  return isRetryableStatus(response.status) ? retryHistory(response)?.summary ?? "" : "";
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
