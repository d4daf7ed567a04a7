/** Attributes and metadata of objects as headers of the gateway, both ways. */
import { ATTRIBUTE_HEADERS } from "../store/attribute_headers.ts";
import type { Attributes, ObjectMeta } from "../store/types.ts";

/** Before the names of user metadata. */
export const METADATA_PREFIX = "x-storeport-meta-";

/** The attributes that the headers of a PUT ask for; `undefined` for none, as not every store takes any. */
export function attributesOf(headers: Headers): Attributes | undefined {
  const attributes: Record<string, unknown> = {};
  for (const [attribute, header] of ATTRIBUTE_HEADERS) {
    const value = headers.get(header);
    if (value !== null) attributes[attribute] = value;
  }
  const metadata = [...headers].filter(([name]) => name.startsWith(METADATA_PREFIX))
    .map(([name, value]) => [name.slice(METADATA_PREFIX.length), value]);
  if (metadata.length > 0) attributes.metadata = Object.fromEntries(metadata);
  return Object.keys(attributes).length > 0 ? attributes : undefined;
}

/** The headers that describe an object: validators, attributes, metadata. */
export function objectHeaders(meta: ObjectMeta, attributes: Attributes): Headers {
  const headers = new Headers({ "accept-ranges": "bytes" });
  if (meta.eTag !== undefined) headers.set("etag", meta.eTag);
  // The epoch stands for a store that does not say.
  if (meta.lastModified.getTime() > 0) headers.set("last-modified", meta.lastModified.toUTCString());
  for (const [attribute, header] of ATTRIBUTE_HEADERS) setSafely(headers, header, attributes[attribute]);
  for (const [name, value] of Object.entries(attributes.metadata ?? {})) {
    setSafely(headers, METADATA_PREFIX + name, value);
  }
  return headers;
}

/** Not all that a store can hold fits a header; the object itself must stay readable. */
function setSafely(headers: Headers, name: string, value: string | undefined): void {
  if (value === undefined) return;
  try {
    headers.set(name, value);
  } catch {
    // A name or value that HTTP cannot carry is left out.
  }
}
