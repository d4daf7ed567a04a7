/**
 * Conditions of reads, as far as services differ about them: S3 takes one ETag, not a list; some services take dates
 * into account that RFC 9110 section 13.2.2 says to ignore. What is not sent is held against the response, whose ETag
 * is that of the bytes in it.
 */
import { checkPreconditions } from "../../store/preconditions.ts";
import type { GetOptions, GetResult } from "../../store/types.ts";
import { STORE } from "./core.ts";

/** Gets an object on conditions; `get` sends what it is given. */
export async function getOnCondition(
  options: GetOptions,
  get: (sent: GetOptions) => Promise<GetResult>,
): Promise<GetResult> {
  const { sent, check } = splitConditions(options);
  const result = await get(sent);
  if (check !== undefined) await checkConditions(result, check);
  return result;
}

/** ETags to hold against the response. */
interface ResponseConditions {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
}

/** Which conditions are sent, and which are checked here. */
function splitConditions(
  options: GetOptions,
): { readonly sent: GetOptions; readonly check: ResponseConditions | undefined } {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = options;
  if (ifMatch === undefined && ifNoneMatch === undefined) return { sent: options, check: undefined };
  const matchHere = ifMatch !== undefined && !isSingle(ifMatch);
  const noneHere = ifNoneMatch !== undefined && !isSingle(ifNoneMatch);
  const sent: GetOptions = {
    ...options,
    ifMatch: matchHere ? undefined : ifMatch,
    ifNoneMatch: noneHere ? undefined : ifNoneMatch,
    ifUnmodifiedSince: ifMatch === undefined ? ifUnmodifiedSince : undefined,
    ifModifiedSince: ifNoneMatch === undefined ? ifModifiedSince : undefined,
  };
  if (!matchHere && !noneHere) return { sent, check: undefined };
  return {
    sent,
    check: { ifMatch: matchHere ? ifMatch : undefined, ifNoneMatch: noneHere ? ifNoneMatch : undefined },
  };
}

/** One ETag in its quotes. */
function isSingle(condition: string): boolean {
  return /^\s*(?:W\/)?"[^"]*"\s*$/.test(condition);
}

/** Gives the result up and throws where a condition does not hold. */
async function checkConditions(result: GetResult, conditions: ResponseConditions): Promise<void> {
  try {
    checkPreconditions(conditions, result.meta, STORE);
  } catch (error) {
    await result.body.cancel(error).catch(() => {});
    throw error;
  }
}
