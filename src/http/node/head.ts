/** Request heads: which header lines are sent, and how the body is framed (RFC 9112 section 6). */
import { bodyLength, isStreamBody } from "../body.ts";
import { parseContentLength } from "../content_length.ts";
import { HttpError, type HttpErrorDetail } from "../error.ts";
import { isFieldValue, isToken } from "../header_syntax.ts";
import type { HeaderList } from "../headers.ts";
import { redactUrl } from "../redact.ts";
import type { HttpRequest } from "../service.ts";

/** How a request goes out. */
export interface RequestHead {
  /** Header lines, name and value alternating, without `host`, `content-length` and `transfer-encoding`. */
  readonly lines: string[];
  /** `host` as the request has it. */
  readonly host: string | undefined;
  /** Declared body length; `undefined` for a body that goes out chunked, or for none. */
  readonly contentLength: number | undefined;
  /** Whether there is a body whose length is not declared. */
  readonly chunked: boolean;
  /** Whether there is a body to be sent, if only to see that it ends. */
  readonly hasBody: boolean;
  /** Whether the server shall be asked first (`expect: 100-continue`). */
  readonly expectContinue: boolean;
}

/** Methods that need not say that they have no body. Those are Node's too: with any other it would add chunks. */
const BODILESS = new Set(["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"]);

/**
 * Checks a request and decides on its framing. Framing is never left to header lines: two opinions on where a
 * request ends are request smuggling.
 *
 * @throws {HttpError} of kind `request`.
 */
export function prepareHead(request: HttpRequest): RequestHead {
  const { method, headers, body } = request;
  if (!isToken(method)) throw refuse(request, "its method is not a token", METHOD_INVALID);
  // Its response is a tunnel, which no HttpResponse can be.
  if (method === "CONNECT") throw refuse(request, "method CONNECT is not a request", METHOD_INVALID);
  const lines: string[] = [];
  let host: string | undefined;
  let declared: number | undefined;
  let acceptEncoding = false;
  let expectContinue = false;
  for (const [name, value] of headers) {
    if (!isToken(name)) throw refuse(request, "a header name is not a token", PROTOCOL_ERROR);
    if (!isFieldValue(value)) {
      throw refuse(
        request,
        `the value of header "${name}" has a character that cannot be sent`,
        PROTOCOL_ERROR,
      );
    }
    switch (name.toLowerCase()) {
      case "host":
        if (host !== undefined) throw refuse(request, "it has two host headers", PROTOCOL_ERROR);
        host = value;
        continue;
      case "content-length": {
        const length = parseContentLength(value);
        if (length === undefined || declared !== undefined && declared !== length) {
          throw refuse(request, "its content-length is not one number", { tag: "HTTP-request-body-size" });
        }
        declared = length;
        continue;
      }
      case "transfer-encoding":
        throw refuse(request, "transfer-encoding is decided by the connector", PROTOCOL_ERROR);
      case "accept-encoding":
        acceptEncoding = true;
        break;
      case "expect":
        if (value.toLowerCase() !== "100-continue") break;
        expectContinue = true;
        continue;
    }
    lines.push(name, value);
  }
  if (!acceptEncoding) lines.push("Accept-Encoding", "identity");

  const known = body === undefined ? 0 : bodyLength(body);
  if (declared !== undefined && known !== undefined && declared !== known) {
    throw refuse(request, `its body has ${known} bytes, its content-length says ${declared}`, {
      tag: "HTTP-request-body-size",
      size: BigInt(known),
    });
  }
  const length = declared ?? known;
  if (length !== undefined && !(Number.isSafeInteger(length) && length >= 0)) {
    throw refuse(request, `${length} is not a body length`, { tag: "HTTP-request-body-size" });
  }
  let chunked = length === undefined;
  if (request.trailers !== undefined) {
    if (declared !== undefined || body !== undefined && isStreamBody(body) && length !== undefined) {
      throw refuse(request, "HTTP/1.1 has no place for trailers after a declared length", PROTOCOL_ERROR);
    }
    chunked = true;
  }
  // A stream is read to its end even if that shall come at once.
  const hasBody = chunked || length! > 0 || body !== undefined && isStreamBody(body);
  // RFC 9110 section 10.1.1: not without content.
  if (!hasBody) expectContinue = false;
  // RFC 9110 section 8.6: methods that may have a body say that there is none.
  const framed = hasBody || declared !== undefined || !BODILESS.has(method.toUpperCase());
  return {
    lines,
    host,
    contentLength: chunked || !framed ? undefined : length,
    chunked,
    hasBody,
    expectContinue,
  };
}

/**
 * Checks trailer fields (RFC 9110 section 6.5.1: none that frame, route or authenticate).
 *
 * @throws {HttpError} of kind `request`.
 */
export function checkTrailers(request: HttpRequest, trailers: HeaderList): void {
  for (const [name, value] of trailers) {
    if (!isToken(name) || !isFieldValue(value)) {
      throw refuse(request, "a trailer field has a character that cannot be sent", PROTOCOL_ERROR);
    }
    if (/^(content-length|transfer-encoding|host|trailer|connection|te)$/i.test(name)) {
      throw refuse(request, `"${name}" cannot be a trailer field`, PROTOCOL_ERROR);
    }
  }
}

const METHOD_INVALID: HttpErrorDetail = { tag: "HTTP-request-method-invalid" };
const PROTOCOL_ERROR: HttpErrorDetail = { tag: "HTTP-protocol-error" };

/** The error of a request that cannot be sent as given. */
export function refuse(
  request: HttpRequest,
  why: string,
  detail: HttpErrorDetail,
  cause?: unknown,
): HttpError {
  const method = isToken(request.method) ? request.method : "request";
  return new HttpError("request", `Cannot send ${method} ${redactUrl(request.url)}: ${why}`, {
    detail,
    cause,
  });
}
