/** Options and attributes as header lines, and back. */
import { type HeaderEntry, type HeaderList, isFieldValue, isToken } from "../../http/headers.ts";
import { GenericError } from "../../store/error.ts";
import type { Attributes, GetOptions } from "../../store/types.ts";

/** What the headers of attributes are called in a service. */
export interface AttributeNames {
  /** Short name of the store, for errors. */
  readonly store: string;
  /** Prefix of user metadata, in lower case: `x-amz-meta-`. */
  readonly metadata: string;
  /** Header of the storage class; without it the attribute is not sent. */
  readonly storageClass?: string;
  /** Before the five standard headers when writing, in lower case: `x-ms-blob-`. Default none. */
  readonly standard?: string;
}

const STANDARD = [
  ["cacheControl", "cache-control"],
  ["contentDisposition", "content-disposition"],
  ["contentEncoding", "content-encoding"],
  ["contentLanguage", "content-language"],
  ["contentType", "content-type"],
] as const;
const ATTRIBUTE_OF: ReadonlyMap<string, keyof Attributes> = new Map(
  STANDARD.map(([attribute, header]) => [header, attribute]),
);

/**
 * Attributes as header lines.
 *
 * @throws {GenericError} when a name or value cannot stand in a header: a control character, or one beyond
 *   Latin-1.
 */
export function attributeHeaders(
  attributes: Attributes | undefined,
  names: AttributeNames,
): HeaderEntry[] {
  const headers: HeaderEntry[] = [];
  if (attributes === undefined) return headers;
  for (const [attribute, header] of STANDARD) {
    const value = attributes[attribute];
    if (value !== undefined) headers.push(checked((names.standard ?? "") + header, value, names.store));
  }
  if (attributes.storageClass !== undefined && names.storageClass !== undefined) {
    headers.push(checked(names.storageClass, attributes.storageClass, names.store));
  }
  for (const [key, value] of Object.entries(attributes.metadata ?? {})) {
    headers.push(checked(names.metadata + key, value, names.store));
  }
  return headers;
}

function checked(name: string, value: string, store: string): HeaderEntry {
  if (!isToken(name)) {
    throw new GenericError(`Cannot send attribute "${printable(name)}": its name cannot be a header name`, {
      store,
    });
  }
  if (!isFieldValue(value)) {
    throw new GenericError(
      `Cannot send attribute "${name}": its value holds a control character or one beyond Latin-1`,
      { store },
    );
  }
  return [name, value];
}

function printable(text: string): string {
  // deno-lint-ignore no-control-regex -- the point is to keep them out of the message
  return text.replace(/[\x00-\x1f\x7f]/g, "\ufffd");
}

/** The attributes that a response reports: the five standard headers, and metadata by its prefix. */
export function readAttributes(headers: HeaderList, metadataPrefix: string): Attributes {
  const attributes: Record<string, unknown> = {};
  let metadata: Record<string, string> | undefined;
  for (const [rawName, value] of headers) {
    const name = rawName.toLowerCase();
    const attribute = ATTRIBUTE_OF.get(name);
    if (attribute !== undefined) attributes[attribute] ??= value;
    else if (name.startsWith(metadataPrefix)) {
      // A key such as `__proto__` must become an entry, not a prototype.
      metadata ??= Object.create(null) as Record<string, string>;
      metadata[name.slice(metadataPrefix.length)] = value;
    }
  }
  if (metadata !== undefined) attributes.metadata = { ...metadata };
  return attributes;
}

/** The conditional headers of `get` and `head`; dates at whole seconds, as HTTP has them. */
export function conditionalHeaders(options: GetOptions): HeaderEntry[] {
  const headers: HeaderEntry[] = [];
  if (options.ifMatch !== undefined) headers.push(["if-match", options.ifMatch]);
  if (options.ifNoneMatch !== undefined) headers.push(["if-none-match", options.ifNoneMatch]);
  if (options.ifModifiedSince !== undefined) {
    headers.push(["if-modified-since", options.ifModifiedSince.toUTCString()]);
  }
  if (options.ifUnmodifiedSince !== undefined) {
    headers.push(["if-unmodified-since", options.ifUnmodifiedSince.toUTCString()]);
  }
  return headers;
}
