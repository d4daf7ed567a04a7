/** The conditional headers of requests (RFC 9110 section 13), as options of the store where it can check them. */
import { parseETag, strongMatch } from "../store/etag.ts";
import { NotFoundError } from "../store/error.ts";
import { checkPreconditions, matchesETag } from "../store/preconditions.ts";
import type { Path } from "../store/path.ts";
import type { GetOptions, ObjectMeta, PutMode } from "../store/types.ts";
import type { GatewayContext } from "./context.ts";
import { HttpFailure } from "./failure.ts";

/** The conditions that a request's headers set. */
export type Conditions = Pick<
  GetOptions,
  "ifMatch" | "ifNoneMatch" | "ifModifiedSince" | "ifUnmodifiedSince"
>;

/**
 * Reads the conditional headers. A date counts to the end of its second: HTTP cannot say what follows, and a store
 * that keeps fractions would otherwise call every object newer than its own `last-modified`.
 */
export function conditionsOf(headers: Headers): Conditions {
  return {
    ifMatch: headers.get("if-match") ?? undefined,
    ifNoneMatch: headers.get("if-none-match") ?? undefined,
    ifModifiedSince: dateOf(headers.get("if-modified-since")),
    ifUnmodifiedSince: dateOf(headers.get("if-unmodified-since")),
  };
}

/** Whether `if-range` (RFC 9110 section 13.1.5) lets the range stand: the validator names just this version. */
export function ifRangeHolds(value: string, meta: ObjectMeta): boolean {
  if (/^\s*(?:W\/)?"/.test(value)) {
    return meta.eTag !== undefined && strongMatch(parseETag(value), parseETag(meta.eTag));
  }
  const date = Date.parse(value);
  return Math.floor(meta.lastModified.getTime() / 1000) * 1000 === date;
}

/**
 * The put mode that the conditions of a PUT come to, and whether an object was there. What the store cannot check in
 * one step is checked first and then pinned to the version that was looked at, so that nothing slips in between.
 *
 * @throws {HttpFailure} 412 when a condition does not hold.
 */
export async function putModeOf(
  context: GatewayContext,
  path: Path,
  headers: Headers,
  signal: AbortSignal,
): Promise<{ readonly mode: PutMode; readonly existed: boolean }> {
  const conditions = conditionsOf(headers);
  const { ifMatch, ifNoneMatch, ifUnmodifiedSince } = conditions;
  if (ifNoneMatch?.trim() === "*" && ifMatch === undefined && ifUnmodifiedSince === undefined) {
    return { mode: "create", existed: false };
  }
  const meta = await headIfThere(context, path, signal);
  checkWrite(conditions, meta);
  if (ifMatch === undefined && ifNoneMatch === undefined && ifUnmodifiedSince === undefined) {
    return { mode: "overwrite", existed: meta !== undefined };
  }
  if (meta === undefined) return { mode: "create", existed: false };
  return { mode: { update: { eTag: meta.eTag, version: meta.version } }, existed: true };
}

/**
 * Checks the conditions of a request that writes against what is there.
 *
 * @throws {HttpFailure} 412 when one does not hold.
 */
export function checkWrite(conditions: Conditions, meta: ObjectMeta | undefined): void {
  const failure = new HttpFailure(412, "A precondition does not hold");
  if (meta === undefined) {
    if (conditions.ifMatch !== undefined) throw failure;
    return;
  }
  const { ifMatch, ifUnmodifiedSince, ifNoneMatch } = conditions;
  try {
    checkPreconditions({ ifMatch, ifUnmodifiedSince }, meta, "Gateway");
  } catch {
    throw failure;
  }
  // For methods that write, a match of `if-none-match` is 412, not 304.
  if (ifNoneMatch !== undefined && matchesETag(ifNoneMatch, meta.eTag)) throw failure;
}

/** Metadata of an object, `undefined` where there is none. */
export async function headIfThere(
  context: GatewayContext,
  path: Path,
  signal: AbortSignal,
): Promise<ObjectMeta | undefined> {
  try {
    return await context.store.head(path, { signal });
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

function dateOf(value: string | null): Date | undefined {
  if (value === null) return undefined;
  const time = Date.parse(value);
  // RFC 9110 section 13.1.3: a date that is none is ignored.
  return Number.isNaN(time) ? undefined : new Date(time + 999);
}
