/** What reads need of headers: header lines as attributes. */
import type { HeaderList } from "../../http/headers.ts";
import type { Attributes } from "../../store/types.ts";
import { ATTRIBUTE_HEADERS } from "../../store/attribute_headers.ts";

const ATTRIBUTE_OF: ReadonlyMap<string, keyof Attributes> = new Map(
  ATTRIBUTE_HEADERS.map(([attribute, header]) => [header, attribute]),
);

/**
 * The attributes that a response reports: the five standard headers, and metadata by its prefix, but for the key
 * `hidden`.
 */
export function readAttributes(headers: HeaderList, metadataPrefix: string, hidden?: string): Attributes {
  const attributes: Record<string, unknown> = {};
  let metadata: Record<string, string> | undefined;
  for (const [rawName, value] of headers) {
    const name = rawName.toLowerCase();
    const attribute = ATTRIBUTE_OF.get(name);
    if (attribute !== undefined) attributes[attribute] ??= value;
    else if (name.startsWith(metadataPrefix)) {
      const key = name.slice(metadataPrefix.length);
      if (key === hidden) continue;
      // A key such as `__proto__` must become an entry, not a prototype.
      metadata ??= Object.create(null) as Record<string, string>;
      metadata[key] = value;
    }
  }
  if (metadata !== undefined) attributes.metadata = { ...metadata };
  return attributes;
}
