/** Entity tags (RFC 9110 section 8.8.3). */

/** An entity tag taken apart. */
export interface EntityTag {
  /** Whether it starts with `W/`: equal tags then do not promise equal bytes. */
  readonly weak: boolean;
  /** What stands between the quotes. */
  readonly opaque: string;
}

// A tag, weak or not, whose quotes may hold commas; or, as some services write it, one without quotes.
const TAG = /\s*(?:(W\/)?"([^"]*)"|([^",\s][^",]*?))\s*(?:,|$)/gy;

/** Parses one entity tag; a text without quotes is taken as a strong one, since Azure lists and others write it so. */
export function parseETag(text: string): EntityTag {
  return parseETagList(text)[0] ?? { weak: false, opaque: text };
}

/** Parses a comma list of entity tags. Items that are none are left out. */
export function parseETagList(text: string): EntityTag[] {
  const tags: EntityTag[] = [];
  TAG.lastIndex = 0;
  while (TAG.lastIndex < text.length) {
    const start = TAG.lastIndex;
    const match = TAG.exec(text);
    if (match) {
      tags.push({ weak: match[1] !== undefined, opaque: match[2] ?? match[3] ?? "" });
      continue;
    }
    // Not a tag: go on behind the next comma. exec() has put lastIndex back to 0.
    const comma = text.indexOf(",", start);
    if (comma < 0) break;
    TAG.lastIndex = comma + 1;
  }
  return tags;
}

/** Strong comparison, for `If-Match`: equal, and neither is weak. */
export function strongMatch(a: EntityTag, b: EntityTag): boolean {
  return !a.weak && !b.weak && a.opaque === b.opaque;
}

/** Weak comparison, for `If-None-Match`: equal but for weakness. */
export function weakMatch(a: EntityTag, b: EntityTag): boolean {
  return a.opaque === b.opaque;
}

/** Whether the tag can pin an object's bytes with `If-Match`. */
export function isStrongETag(eTag: string | undefined): eTag is string {
  return eTag !== undefined && !/^\s*W\//.test(eTag);
}
