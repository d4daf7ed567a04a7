/**
 * Errors of stores: one class per kind, all of them {@linkcode ObjectStoreError}. Match on the class, never on the
 * text. Kinds are those of object_store's `Error` enum.
 */

/** What an error is made of. */
export interface ObjectStoreErrorOptions {
  /** Which store: its short name (`S3`, `HTTP`, `InMemory`, `LocalFileSystem`, …). */
  readonly store: string;
  /** The path concerned. */
  readonly path?: string;
  /** The underlying error. */
  readonly cause?: unknown;
  /** HTTP status, where there was one. */
  readonly status?: number;
  /** The service's own error code, such as `NoSuchKey`. */
  readonly code?: string;
  /** The service's id of the request, for its support. */
  readonly requestId?: string;
  /** What else the service said that helps: S3's `hostId`, the right `region`. */
  readonly details?: Readonly<Record<string, string>>;
  /** The configuration key that led to the failure, where one did: another value would avoid it. */
  readonly key?: string;
}

/** The common parent of all store errors. */
export abstract class ObjectStoreError extends Error {
  /** Which store: its short name. */
  readonly store: string;
  /** The path concerned. */
  readonly path?: string;
  /** HTTP status, where there was one. */
  readonly status?: number;
  /** The service's own error code. */
  readonly code?: string;
  /** The service's id of the request. */
  readonly requestId?: string;
  /** What else the service said that helps: S3's `hostId`, the right `region`. */
  readonly details?: Readonly<Record<string, string>>;
  /** The configuration key that led to the failure, where one did: another value would avoid it. */
  readonly key?: string;

  /** `message` names the failed action and what it failed on. */
  constructor(message: string, options: ObjectStoreErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.store = options.store;
    this.path = options.path;
    this.status = options.status;
    this.code = options.code;
    this.requestId = options.requestId;
    this.details = options.details;
    this.key = options.key;
  }
}

/** Everything that has no kind of its own. */
export class GenericError extends ObjectStoreError {
  /** `GenericError`. */
  override readonly name = "GenericError";
}
/** The object, or its bucket, is not there. */
export class NotFoundError extends ObjectStoreError {
  /** `NotFoundError`. */
  override readonly name = "NotFoundError";
  /** Whether a directory has that name, as far as the store can tell; a directory is no object. */
  readonly isDirectory: boolean;

  /** Like its parent, with whether it is a directory. */
  constructor(message: string, options: ObjectStoreErrorOptions & { readonly isDirectory?: boolean }) {
    super(message, options);
    this.isDirectory = options.isDirectory ?? false;
  }
}
/** A create-mode write found an object. */
export class AlreadyExistsError extends ObjectStoreError {
  /** `AlreadyExistsError`. */
  override readonly name = "AlreadyExistsError";
}
/** `ifMatch`, `ifUnmodifiedSince` or the version of an update did not hold. */
export class PreconditionError extends ObjectStoreError {
  /** `PreconditionError`. */
  override readonly name = "PreconditionError";
}
/** `ifNoneMatch` or `ifModifiedSince`: the object is unchanged. */
export class NotModifiedError extends ObjectStoreError {
  /** `NotModifiedError`. */
  override readonly name = "NotModifiedError";
}
/** The credentials do not allow it (403). */
export class PermissionDeniedError extends ObjectStoreError {
  /** `PermissionDeniedError`. */
  override readonly name = "PermissionDeniedError";
}
/** No or wrong credentials (401). */
export class UnauthenticatedError extends ObjectStoreError {
  /** `UnauthenticatedError`. */
  override readonly name = "UnauthenticatedError";
}
/** The path could not be represented. */
export class InvalidPathError extends ObjectStoreError {
  /** `InvalidPathError`. */
  override readonly name = "InvalidPathError";
}
/** A range that starts beyond the object's end, or is empty or reversed (416). */
export class InvalidRangeError extends ObjectStoreError {
  /** `InvalidRangeError`. */
  override readonly name = "InvalidRangeError";
  /** Size of the object in bytes, where known. */
  readonly size?: number;

  /** Like its parent, with the object's size. */
  constructor(message: string, options: ObjectStoreErrorOptions & { readonly size?: number }) {
    super(message, options);
    this.size = options.size;
  }
}
/** The service or the platform can never do this; the message says what could. */
export class NotSupportedError extends ObjectStoreError {
  /** `NotSupportedError`. */
  override readonly name = "NotSupportedError";
}
/** A configuration key or value that is not understood. */
export class ConfigurationError extends ObjectStoreError {
  /** `ConfigurationError`. */
  override readonly name = "ConfigurationError";
}

/** Whether a thrown value is an error of a store. */
export function isObjectStoreError(error: unknown): error is ObjectStoreError {
  return error instanceof ObjectStoreError;
}

/**
 * Any thrown value as an error of a store: one that is already goes through, anything else becomes the cause of a
 * {@linkcode GenericError}.
 *
 * @param action What failed, as the start of a sentence: `Cannot read "a/b"`.
 */
export function toStoreError(
  error: unknown,
  action: string,
  options: ObjectStoreErrorOptions,
): ObjectStoreError {
  if (error instanceof ObjectStoreError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new GenericError(`${action}: ${detail}`, { ...options, cause: error });
}

/** Refuses what a store or its service can never do; `alternative` says what could, and how. */
export function notSupported(what: string, alternative: string, options: ObjectStoreErrorOptions): never {
  throw new NotSupportedError(`Cannot ${what}: ${alternative}`, options);
}
