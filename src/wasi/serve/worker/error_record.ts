/** Errors, which cross between threads as records: cloning keeps neither their class nor what they know. */
import {
  type GuestLimit,
  GuestLimitError,
  GuestTrapError,
  type MissingImport,
  MissingImportError,
} from "../../error.ts";
import {
  ConfigurationError,
  isObjectStoreError,
  NotSupportedError,
  type ObjectStoreError,
  type ObjectStoreErrorOptions,
} from "../../../store/error.ts";
import { ServeFailure, type ServeFailureKind } from "../failure.ts";

/** See the file's head. */
export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
  readonly cause?: ErrorRecord;
  /** The platform's, such as `ENOENT`. */
  readonly code?: string;
  /** What errors of grants have in common with those of stores. */
  readonly grant?: Omit<ObjectStoreErrorOptions, "cause">;
  readonly missing?: readonly MissingImport[];
  readonly limit?: GuestLimit;
  readonly reason?: string;
  readonly guestStderr?: string;
  readonly guestStack?: readonly string[];
}

/** A failure of a request as a record. */
export interface FailureRecord {
  readonly kind: ServeFailureKind;
  readonly message: string;
  readonly cause?: ErrorRecord;
}

/** How many causes of causes are kept: there may be circles. */
const DEPTH = 8;

/** The error as a record. */
export function errorRecord(error: unknown, depth: number = DEPTH): ErrorRecord {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message, cause, code } = error as Error & { readonly code?: unknown };
  return {
    name,
    message,
    ...cause !== undefined && depth > 0 && { cause: errorRecord(cause, depth - 1) },
    ...typeof code === "string" && { code },
    ...isObjectStoreError(error) && { grant: grantOf(error) },
    ...error instanceof MissingImportError && { missing: error.missing },
    ...error instanceof GuestLimitError && { limit: error.limit },
    ...error instanceof GuestTrapError && {
      reason: error.reason,
      guestStderr: error.guestStderr,
      guestStack: error.guestStack,
    },
  };
}

function grantOf(
  { store, path, status, requestId, details, key, code }: ObjectStoreError,
): ErrorRecord["grant"] {
  return { store, path, status, requestId, details, key, code };
}

/** The error that a record is of. */
export function errorFrom(record: ErrorRecord): Error {
  const { message, missing, limit, reason, guestStderr, guestStack } = record;
  const cause = record.cause && errorFrom(record.cause);
  if (missing !== undefined) return new MissingImportError(missing);
  if (limit !== undefined) {
    return new GuestLimitError(limit, reason ?? message, { cause, guestStderr, guestStack });
  }
  if (reason !== undefined) return new GuestTrapError(reason, { cause, guestStderr, guestStack });
  return plainError(record, cause && { cause });
}

/** Errors of what a guest is granted. */
const GRANT_CLASSES = { ConfigurationError, NotSupportedError } as const;
/** Errors of the language whose class callers may ask for. */
const CLASSES: Readonly<Record<string, new (message: string, options?: ErrorOptions) => Error>> = {
  TypeError,
  RangeError,
};

function plainError({ name, message, code, grant }: ErrorRecord, options: ErrorOptions | undefined): Error {
  const GrantClass = GRANT_CLASSES[name as keyof typeof GRANT_CLASSES];
  if (grant !== undefined && GrantClass !== undefined) {
    return new GrantClass(message, { ...grant, ...options });
  }
  const error = new (CLASSES[name] ?? Error)(message, options);
  if (error.name !== name) error.name = name;
  return code === undefined ? error : Object.assign(error, { code });
}

/** The failure as a record. */
export function failureRecord({ kind, message, cause }: ServeFailure): FailureRecord {
  return { kind, message, ...cause !== undefined && { cause: errorRecord(cause) } };
}

/** The failure that a record is of. */
export function failureFrom({ kind, message, cause }: FailureRecord): ServeFailure {
  return new ServeFailure(kind, message, { cause: cause && errorFrom(cause) });
}
