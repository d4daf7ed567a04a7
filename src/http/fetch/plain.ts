/**
 * Requests that `fetch` is known to send as they are written: nearly all reads. Whatever is not plain is looked at
 * closely by `request.ts`, which is loaded for it.
 */
import type { HttpRequest } from "../connector.ts";
import { isFieldValue } from "../headers.ts";

/** Header fields that every platform sends as given, one line of each. */
const PLAIN_FIELD =
  /^(accept|authorization|cache-control|if-[a-z-]+|range|user-agent|x-(amz|goog|ms)-[a-z0-9-]+)$/;
// A target of these characters only, without dot segments, comes out of every URL parser as it went in.
const PLAIN_TARGET = /^\/[\w\-.~!$&()*+,;=:@%/]*(\?[\w\-.~!$&()*+,;=:@%/?]+)?$/;
const DOT_SEGMENT = /\/(\.|%2e){1,2}(?=[/?]|$)/i;

/** Header fields for `fetch`, of a request that is plain; else `undefined`. */
export function plainFields({ headers }: HttpRequest, guarded: boolean): Record<string, string> | undefined {
  const fields: Record<string, string> = {};
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (!PLAIN_FIELD.test(lower) || !isFieldValue(value) || lower in fields) return undefined;
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
    // The rest is for `request.ts` to refuse: other schemes, empty labels, ports that pages may not use.
    const plain = asWritten && /^http/.test(origin) && !/(^|\.)(\.|$)/.test(hostname) && port !== "0" &&
      !(guarded && port !== "");
    if (plain) this.#origin = origin;
    return plain;
  }
}
