/** Preconditions in the order of RFC 9110 section 13.2.2, for stores that evaluate them themselves. */
import { GenericError, NotModifiedError, PreconditionError } from "./error.ts";
import { type EntityTag, parseETag, parseETagList, strongMatch, weakMatch } from "./etag.ts";
import type { GetOptions, ObjectMeta } from "./types.ts";

/** The conditions of a read. */
export type Preconditions = Pick<
  GetOptions,
  "ifMatch" | "ifNoneMatch" | "ifModifiedSince" | "ifUnmodifiedSince"
>;

/** What a condition is checked against. */
export type PreconditionTarget = Pick<ObjectMeta, "location" | "lastModified" | "eTag">;

/**
 * Checks the conditions of a read against an object. `ifMatch` compares strongly and overrides `ifUnmodifiedSince`;
 * `ifNoneMatch` compares weakly and overrides `ifModifiedSince`. An object without an ETag matches only `*`.
 *
 * @param store Short name of the store that errors shall carry.
 * @throws {PreconditionError} where `ifMatch` or `ifUnmodifiedSince` does not hold.
 * @throws {NotModifiedError} where `ifNoneMatch` or `ifModifiedSince` does not hold.
 */
export function checkPreconditions(options: Preconditions, meta: PreconditionTarget, store: string): void {
  const context = { store, path: meta.location };
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = options;
  if (ifMatch !== undefined) {
    if (!matchesETag(ifMatch, meta.eTag, strongMatch)) {
      throw new PreconditionError(
        `Cannot read "${meta.location}": its ETag ${shown(meta.eTag)} is not among ${ifMatch}`,
        context,
      );
    }
  } else if (ifUnmodifiedSince !== undefined) {
    const limit = instant(ifUnmodifiedSince, "ifUnmodifiedSince", context);
    if (meta.lastModified.getTime() > limit) {
      throw new PreconditionError(
        `Cannot read "${meta.location}": modified at ${meta.lastModified.toISOString()}, after ${ifUnmodifiedSince.toISOString()}`,
        context,
      );
    }
  }
  if (ifNoneMatch !== undefined) {
    if (matchesETag(ifNoneMatch, meta.eTag, weakMatch)) {
      throw new NotModifiedError(
        `Did not read "${meta.location}": its ETag ${shown(meta.eTag)} is among ${ifNoneMatch}`,
        context,
      );
    }
  } else if (ifModifiedSince !== undefined) {
    const limit = instant(ifModifiedSince, "ifModifiedSince", context);
    if (meta.lastModified.getTime() <= limit) {
      throw new NotModifiedError(
        `Did not read "${meta.location}": not modified after ${ifModifiedSince.toISOString()}`,
        context,
      );
    }
  }
}

/** Whether a condition's value, `*` or a list of ETags, covers an object's ETag. */
export function matchesETag(
  condition: string,
  eTag: string | undefined,
  compare: (a: EntityTag, b: EntityTag) => boolean = strongMatch,
): boolean {
  if (condition.trim() === "*") return true;
  if (eTag === undefined) return false;
  const own = parseETag(eTag);
  return parseETagList(condition).some((tag) => compare(tag, own));
}

function instant(date: Date, name: string, context: { store: string; path: string }): number {
  const time = date.getTime();
  if (Number.isNaN(time)) {
    throw new GenericError(`Cannot read "${context.path}": "${name}" is not a valid date`, context);
  }
  return time;
}

function shown(eTag: string | undefined): string {
  return eTag ?? "(none)";
}
