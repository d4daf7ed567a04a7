/** Attributes as header lines. */
import type { HeaderEntry } from "../../http/headers.ts";
import { isFieldValue, isToken } from "../../http/header_syntax.ts";
import { GenericError } from "../../store/error.ts";
import type { Attributes } from "../../store/types.ts";
import { ATTRIBUTE_HEADERS } from "../../store/attribute_headers.ts";

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
  for (const [attribute, header] of ATTRIBUTE_HEADERS) {
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
