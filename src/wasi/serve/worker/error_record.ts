/** Errors of a run, which cross between threads as records: cloning keeps neither their class nor what they know. */
import { type GuestLimit, GuestLimitError, GuestTrapError } from "../../error.ts";

/** See the file's head. */
export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
  readonly limit?: GuestLimit;
  readonly reason?: string;
  readonly guestStderr?: string;
  readonly guestStack?: readonly string[];
}

/** The error as a record. */
export function errorRecord(error: unknown): ErrorRecord {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message } = error;
  if (!(error instanceof GuestTrapError)) return { name, message };
  const { reason, guestStderr, guestStack } = error;
  return {
    name,
    message,
    reason,
    guestStderr,
    guestStack,
    ...(error instanceof GuestLimitError && { limit: error.limit }),
  };
}

/** The error that a record is of. */
export function errorFrom({ name, message, reason, limit, guestStderr, guestStack }: ErrorRecord): Error {
  if (limit !== undefined) return new GuestLimitError(limit, reason ?? message, { guestStderr, guestStack });
  if (reason !== undefined) return new GuestTrapError(reason, { guestStderr, guestStack });
  const error = new Error(message);
  error.name = name;
  return error;
}
