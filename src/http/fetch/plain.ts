/**
 * Requests that `fetch` is known to send unchanged: nearly all reads, and puts of bytes. All others are examined by
 * `prepare.ts`, which is loaded for them.
 */
import { bodyLength, type HttpBody, type HttpStreamBody, isStreamBody } from "../body.ts";
import type { HttpRequest } from "../service.ts";

/** What `fetch` is called with. */
export interface FetchCall {
  /** The URL. */
  readonly url: string;
  /** The rest. */
  readonly init: RequestInit & { duplex?: "half" };
}

/** Header fields that every platform sends as given, one line of each. */
const PLAIN_FIELD = new RegExp(
  "^(accept|authorization|cache-control|content-(disposition|encoding|language|type)|if-[a-z-]+|range|user-agent|" +
    "x-(amz|goog|ms|storeport)-[a-z0-9-]+)$",
);
// Beyond ASCII platforms differ.
const PLAIN_VALUE = /^[\t\x20-\x7e]*$/;
// A target of these characters only, without dot segments, comes out of every URL parser as it went in.
const PLAIN_TARGET = /^\/[\w\-.~!$&()*+,;=:@%/]*(\?[\w\-.~!$&()*+,;=:@%/?]+)?$/;
const DOT_SEGMENT = /\/(\.|%2e){1,2}(?=[/?]|$)/i;

/** How slowly bytes may go out before the timer for the response head takes the request for stuck. */
const SLOWEST_UPLOAD = 64 * 1024 / 1000;

/** Milliseconds that a body of so many bytes may take. */
export function uploadTime(length: number): number {
  return length / SLOWEST_UPLOAD;
}

/** The body of a request that is plain, for `fetch`, without bytes for a read; else `undefined`. */
export function plainBody({ method, body, trailers }: HttpRequest): Uint8Array<ArrayBuffer> | undefined {
  if (trailers !== undefined || body !== undefined && isStreamBody(body)) return undefined;
  if (method === "PUT") return body === undefined ? undefined : joined(body, bodyLength(body)!);
  return (method === "GET" || method === "HEAD") && body === undefined ? NOTHING : undefined;
}

const NOTHING = new Uint8Array(0);

/** Bytes or chunks as one array that `fetch` takes: it wants unshared memory. */
export function joined(
  body: Exclude<HttpBody, HttpStreamBody>,
  length: number,
): Uint8Array<ArrayBuffer> {
  const chunks = body instanceof Uint8Array ? [body] : body;
  const [only] = chunks;
  if (chunks.length === 1 && only!.buffer instanceof ArrayBuffer) return only as Uint8Array<ArrayBuffer>;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

/** Header fields for `fetch`, of a request that is plain; else `undefined`. */
export function plainFields({ headers }: HttpRequest, guarded: boolean): Record<string, string> | undefined {
  const fields: Record<string, string> = {};
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (!PLAIN_FIELD.test(lower) || !PLAIN_VALUE.test(value) || lower in fields) return undefined;
    fields[lower] = value;
  }
  // Else runtimes ask for codings and undo them, and the length and the ETag are those of other bytes.
  if (!guarded) fields["accept-encoding"] = "identity";
  return fields;
}

/** Tells plain URLs, remembering the last origin: clients talk to one server most of the time. */
export class PlainUrls {
  #origin = "";

  /** Whether `fetch` sends the URL as it is written. */
  has(url: string, guarded: boolean): boolean {
    const known = this.#origin;
    if (known !== "" && url.startsWith(known)) {
      const target = url.slice(known.length);
      if (PLAIN_TARGET.test(target) && !DOT_SEGMENT.test(target)) return true;
    }
    let parsed: URL;
    try {
      parsed = new URL(url);
    } catch {
      return false;
    }
    const { origin, port, hostname } = parsed;
    const asWritten = parsed.href === url && url.startsWith(`${origin}/`) && !/#|\?$/.test(url);
    // The rest is for `head.ts` to refuse: other schemes, empty labels, ports that pages may not use.
    const plain = asWritten && /^http/.test(origin) && !/(^|\.)(\.|$)/.test(hostname) && port !== "0" &&
      !(guarded && port !== "");
    if (plain) this.#origin = origin;
    return plain;
  }
}
