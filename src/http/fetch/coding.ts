/** Responses that the platform has decoded or hidden. Loaded with the first of them. */
import { HttpError, redactUrl } from "../core.ts";

/**
 * Whether bytes begin as the outermost of `codings` does (RFC 9110 section 8.4.1), that is, were not decoded.
 * No bytes count as encoded: there was nothing to decode. Brotli has no signature, and what nobody could tell is
 * held to be decoded: that only costs the knowledge of the length, the other mistake would deliver wrong bytes.
 */
export function looksEncoded(codings: string, bytes: Uint8Array | undefined): boolean {
  if (bytes === undefined || bytes.byteLength === 0) return true;
  const outermost = codings.split(",").at(-1)!.trim().toLowerCase();
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  switch (outermost) {
    case "gzip":
    case "x-gzip":
      return a === 0x1f && b === 0x8b;
    case "deflate":
      // zlib (RFC 1950): method 8, and the first two bytes are a multiple of 31.
      return (a & 0x0f) === 8 && (a * 256 + b) % 31 === 0;
    case "zstd":
      return a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd;
    case "compress":
    case "x-compress":
      // No fetch undoes it; anything else under this name goes through untouched as well.
      return true;
    case "br":
      return false;
    default:
      // A coding that the platform does not know, `aws-chunked` say, goes through untouched.
      return true;
  }
}

/** The refusal of a part that the platform decoded: it is no part of what the server has. */
export function decodedRange(coding: string, url: string): HttpError {
  return new HttpError(
    "decode",
    `Cannot read a range of ${redactUrl(url)}: it is stored with content-encoding "${coding}", ` +
      "which this platform's fetch undoes; NodeHttpConnector reads it as it is, where node:http exists",
    { detail: { tag: "HTTP-response-content-coding", coding } },
  );
}

/** The error for an answer below 200: the platform shows none of those. */
export function hiddenAnswer(
  { status, type }: Pick<Response, "status" | "type">,
  request: string,
): HttpError {
  const why = status === 101
    ? "the server switched protocols unasked"
    : type === "opaqueredirect"
    ? "this platform hides redirects"
    : `the platform hides it (type "${type}")`;
  return new HttpError("decode", `Cannot show the answer to ${request}: ${why}`, {
    detail: { tag: status === 101 ? "HTTP-upgrade-failed" : "HTTP-protocol-error" },
  });
}
