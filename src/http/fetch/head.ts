/**
 * From an {@linkcode HttpRequest} to what `fetch` takes. Whatever `fetch` would change, drop or refuse without
 * saying why is refused here by name: a request goes out as it was written or not at all.
 */
import { bodyLength, isStreamBody } from "../body.ts";
import { parseContentLength } from "../content_length.ts";
import { HttpError, type HttpErrorDetail } from "../error.ts";
import { isFieldValue, isToken } from "../header_syntax.ts";
import { redactUrl } from "../redact.ts";
import type { HttpRequest } from "../service.ts";
import { parseRequestUrl } from "../url.ts";
import { probeWideHeaders } from "./platform.ts";
import { blockedPort, isBlockedPort } from "./ports.ts";

/** What a request says about its body's framing, and its header fields as `fetch` takes them. */
export interface PreparedHeaders {
  /** Header fields: a record, or pairs where a name comes twice. */
  readonly fields: Record<string, string> | [string, string][];
  /** The `content-length` that the caller wrote. */
  readonly declaredLength: number | undefined;
}

/** The advice at the end of a refusal that another connector would not make. */
export const USE_NODE = "NodeHttpConnector can, where node:http exists";

/** A refusal to send a request, by name. */
export function refuse(why: string, tag: HttpErrorDetail["tag"], cause?: unknown): HttpError {
  return new HttpError("request", why, { cause, detail: { tag } as HttpErrorDetail });
}

// Methods that Fetch writes in upper case, and those that it refuses (Fetch standard section 2.2.1).
const NORMALISED = /^(delete|get|head|options|post|put)$/i;
const UPPER = /^[A-Z]+$/;
const FORBIDDEN_METHOD = /^(connect|trace|track)$/i;
// Those of RFC 9110, RFC 5789 and RFC 4918 are known to every platform.
const KNOWN_METHOD =
  /^(DELETE|GET|HEAD|OPTIONS|POST|PUT|PATCH|PROPFIND|PROPPATCH|MKCOL|COPY|MOVE|LOCK|UNLOCK)$/;

/** Checks that `fetch` will send this method in this case. */
export function checkMethod(method: string): void {
  if (method === "GET" || method === "PUT") return;
  if (!isToken(method)) {
    throw refuse(
      `Cannot send the method ${JSON.stringify(method)}: it is not a token`,
      "HTTP-request-method-invalid",
    );
  }
  if (FORBIDDEN_METHOD.test(method)) {
    throw refuse(
      `Cannot send the method "${method}" over fetch, which forbids it; ${USE_NODE}`,
      "HTTP-request-method-invalid",
    );
  }
  if (NORMALISED.test(method) && !UPPER.test(method)) {
    throw refuse(
      `Cannot send the method "${method}" over fetch, which would write it in upper case; write "${method.toUpperCase()}"`,
      "HTTP-request-method-invalid",
    );
  }
  if (!KNOWN_METHOD.test(method) && !takesMethod(method)) {
    throw refuse(
      `Cannot send the method "${method}" over this platform's fetch, which does not know it; ${USE_NODE}`,
      "HTTP-request-method-invalid",
    );
  }
}

/** Bun sends GET for a method that it does not know, workerd throws. */
function takesMethod(method: string): boolean {
  try {
    return new Request("http://localhost/", { method }).method === method;
  } catch {
    return false;
  }
}

/** A URL that `fetch` sends as it is written. */
export interface FetchUrl {
  /** What to hand to `fetch`: without the fragment. */
  readonly href: string;
  /** `host[:port]`, the port only where it is not the scheme's own. */
  readonly host: string;
}

/** Checks that `fetch` will send the URL as written. */
export function prepareUrl(url: string, guarded: boolean): FetchUrl {
  const { target, port } = parseRequestUrl(url);
  if (guarded && isBlockedPort(port)) throw blockedPort(url, port);
  const [href = ""] = url.split("#", 1);
  const { pathname, search, host } = new URL(href);
  if (pathname + search === target) return { href, host };
  throw refuse(
    `Cannot send "${redactUrl(url)}" over fetch, which would change its path to ` +
      `"${redactUrl(pathname + search)}"; ${USE_NODE}`,
    "HTTP-request-URI-invalid",
  );
}

// deno-lint-ignore no-control-regex
const NOT_ASCII = /[^\x00-\x7f]/;

/** Fields of the connection, which is the platform's: some runtimes send them, some throw, some drop them. */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  // Undici loses it: its header fields are properties of an object.
  "__proto__",
  "connection",
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "upgrade",
]);

/** What the Fetch standard calls forbidden request-headers: guarded platforms drop them without a word. */
const GUARDED_FIELD = new RegExp(
  "^(accept-charset|accept-encoding|access-control-request-(headers|method|private-network)|cookie2?|date|dnt|" +
    "origin|referer|set-cookie|te|trailer|via|proxy-.*|sec-.*|x-http-method(-override)?|x-method-override)$",
);

/** Header fields for `fetch`, each checked to be one that it sends. */
export function prepareHeaders(request: HttpRequest, host: string, guarded: boolean): PreparedHeaders {
  let record: Record<string, string> = {};
  let pairs: [string, string][] | undefined;
  let declaredLength: number | undefined;
  let acceptEncoding = guarded;
  for (const [name, value] of request.headers) {
    if (!isToken(name)) {
      throw refuse(
        `Cannot send a header named ${JSON.stringify(name)}: it is not a token`,
        "HTTP-protocol-error",
      );
    }
    // The value is not shown: it may be a credential.
    if (!isFieldValue(value)) {
      throw refuse(
        `Cannot send the header "${name}": its value holds a character that is a control or not Latin-1`,
        "HTTP-protocol-error",
      );
    }
    if (NOT_ASCII.test(value) && probeWideHeaders()) {
      throw refuse(
        `Cannot send the header "${name}" over this platform's fetch, which sends values as UTF-8; ${USE_NODE}`,
        "HTTP-protocol-error",
      );
    }
    const lower = name.toLowerCase();
    if (lower === "content-length") {
      declaredLength = declaredLengthOf(value, declaredLength);
      continue;
    }
    if (lower === "host") {
      if (value.toLowerCase() !== host) {
        throw refuse(
          `Cannot send the host "${value}" over fetch, which writes "${host}" from the URL; ${USE_NODE}`,
          "HTTP-request-URI-invalid",
        );
      }
      continue;
    }
    if (lower === "transfer-encoding") {
      checkTransferEncoding(value, request);
      continue;
    }
    if (lower === "accept-encoding") {
      acceptEncoding = true;
      if (guarded && value.trim().toLowerCase() === "identity") continue;
    }
    if (CONNECTION_FIELDS.has(lower) || (guarded && GUARDED_FIELD.test(lower))) {
      throw refuse(
        `Cannot send the header "${name}" over fetch, which keeps it for itself; ${USE_NODE}`,
        "HTTP-protocol-error",
      );
    }
    if (pairs === undefined) {
      if (!(lower in record)) {
        record[lower] = value;
        continue;
      }
      pairs = Object.entries(record);
      record = {};
    }
    addPair(pairs, lower, value);
  }
  if (!acceptEncoding) {
    // Else runtimes ask for codings and undo them, and the length and the ETag are those of other bytes.
    if (pairs !== undefined) pairs.push(["accept-encoding", "identity"]);
    else record["accept-encoding"] = "identity";
  }
  return { fields: pairs ?? record, declaredLength };
}

function addPair(pairs: [string, string][], name: string, value: string): void {
  // RFC 9113 section 8.2.3 and RFC 6265 section 5.4: one cookie line, its parts joined by "; ". Runtimes that join
  // lines put a comma there, which servers read as part of the value.
  const cookie = name === "cookie" ? pairs.find(([key]) => key === name) : undefined;
  if (cookie !== undefined) cookie[1] += `; ${value}`;
  else pairs.push([name, value]);
}

function declaredLengthOf(value: string, before: number | undefined): number {
  const length = parseContentLength(value);
  if (length === undefined || before !== undefined && before !== length) {
    throw refuse(`Cannot send the content-length "${value}": it is not one length`, "HTTP-request-body-size");
  }
  return length;
}

function checkTransferEncoding(value: string, request: HttpRequest): void {
  const body = request.body;
  const chunked = value.trim().toLowerCase() === "chunked" && body !== undefined && isStreamBody(body) &&
    bodyLength(body) === undefined;
  if (!chunked) {
    throw refuse(
      `Cannot send the transfer-encoding "${value}" over fetch, which frames the body itself; ${USE_NODE}`,
      "HTTP-protocol-error",
    );
  }
}
