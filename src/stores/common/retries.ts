/** Retries of operations that send several requests. */
import { HttpError } from "../../http/error.ts";
import { RetryState } from "../../http/retry/state.ts";
import type { Connection } from "./connection.ts";

/** Retries counted together, out of the connection's budget; `undefined` where nothing is retried. */
export function retriesOf({ retry }: Connection): RetryState | undefined {
  return retry === undefined ? undefined : new RetryState(retry);
}

/** `error` as an {@linkcode HttpError}: itself, or what a store error was made of. */
export function httpErrorOf(error: unknown): HttpError | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    if (at instanceof HttpError) return at;
  }
  return undefined;
}
