/** Why a request was not answered by the guest, and what the client gets instead. */
import { GuestLimitError, GuestTrapError } from "../error.ts";

/** The kinds of failure. */
export type ServeFailureKind =
  /** The guest trapped, or broke a limit that ends it. */
  | "trap"
  /** It ran into the request's time limit. */
  | "timeout"
  /** It returned, or dropped its `response-outparam`, without an answer. */
  | "no-answer"
  /** It returned, or dropped the body of its answer, before the body's end. */
  | "unfinished"
  /** It answered with an error code. */
  | "error-code"
  /** It called `exit`. */
  | "exit"
  /** No instance could be made. */
  | "start"
  /** The answer is one that the server side cannot send. */
  | "bad-response"
  /** The worker that ran it ended, or the server was stopped. */
  | "stopped";

/** A request that failed, for the log: the client learns the status and the request's id, nothing else. */
export class ServeFailure extends Error {
  /** The class's name. */
  override readonly name = "ServeFailure";
  /** What went wrong. */
  readonly kind: ServeFailureKind;
  /** Status sent to the client, where nothing had been sent before. */
  readonly status: number;

  /** `message` is for the operator. */
  constructor(kind: ServeFailureKind, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.status = kind === "timeout" ? 504 : kind === "stopped" ? 503 : 500;
  }
}

/** wasmtime's words for the same end, which people search for. */
export const NEVER_SET = "The guest never invoked `response-outparam::set` method";

/** What came of a call that ended with `error`. */
export function failureOf(error: unknown): ServeFailure {
  if (error instanceof ServeFailure) return error;
  if (error instanceof GuestLimitError && error.limit === "timeout") {
    return new ServeFailure("timeout", `guest timed out: ${error.reason}`, { cause: error });
  }
  if (error instanceof GuestLimitError && error.limit === "aborted") {
    return new ServeFailure("stopped", error.reason, { cause: error });
  }
  if (error instanceof GuestTrapError) return new ServeFailure("trap", error.message, { cause: error });
  return new ServeFailure("start", error instanceof Error ? error.message : String(error), { cause: error });
}
