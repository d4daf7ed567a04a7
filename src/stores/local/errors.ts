/** Failures of the file system as errors of the store. */
import {
  AlreadyExistsError,
  GenericError,
  InvalidPathError,
  NotFoundError,
  NotSupportedError,
  ObjectStoreError,
  PermissionDeniedError,
} from "../../store/error.ts";
import { codeOf } from "./fs.ts";
import { STORE } from "./names.ts";

/** What was being done: it decides what a missing or a misplaced directory means. */
export type Access = "read" | "write";

/**
 * The store's error for a failure of the file system; one that is an {@linkcode ObjectStoreError} already comes back
 * as it is. Messages name the object, not where it lies on disk; the system's own words are in `cause`.
 *
 * @param action What failed, as in `Cannot <action> "<path>"`.
 */
export function storeError(
  error: unknown,
  action: string,
  path: string,
  access: Access = "read",
): ObjectStoreError {
  if (error instanceof ObjectStoreError) return error;
  const code = codeOf(error);
  const options = { store: STORE, path, cause: error, code };
  const failed = `Cannot ${action} ${JSON.stringify(path)}`;
  switch (code) {
    case "ENOENT":
      return new NotFoundError(`${failed}: no such file`, options);
    case "ENOTDIR":
      return access === "read"
        ? new NotFoundError(`${failed}: no such file`, options)
        : new GenericError(`${failed}: a part of its path is a file, not a directory`, options);
    case "EEXIST":
      return new AlreadyExistsError(`${failed}: it exists already`, options);
    case "EACCES":
    case "EPERM":
      return new PermissionDeniedError(`${failed}: ${denied(error)}`, options);
    case "EROFS":
      return new PermissionDeniedError(`${failed}: the file system is read-only`, options);
    case "EISDIR":
    case "ENOTEMPTY":
      return access === "read"
        ? new NotFoundError(`${failed}: it is a directory`, { ...options, isDirectory: true })
        : new GenericError(`${failed}: a directory of that name is there`, options);
    case "ENOSPC":
    case "EDQUOT":
      return new GenericError(
        `${failed}: ${code === "ENOSPC" ? "the disk is full" : "the disk quota is used up"}`,
        options,
      );
    case "ENAMETOOLONG":
      return new InvalidPathError(
        `${failed}: a segment or the whole is longer than the file system takes`,
        options,
      );
    case "ELOOP":
      return new GenericError(`${failed}: its symbolic links go in a circle`, options);
    case "EMFILE":
    case "ENFILE":
      return new GenericError(`${failed}: too many files are open`, options);
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new GenericError(`${failed}: ${code ?? reason}`, options);
}

/**
 * The error for a name that stands for neither a file nor a directory: it has no size, and reading it may never end.
 */
export function notAFile(action: string, path: string): NotSupportedError {
  return new NotSupportedError(
    `Cannot ${action} ${
      JSON.stringify(path)
    }: it is a FIFO, a socket or a device, and only regular files are objects`,
    { store: STORE, path },
  );
}

/** The error for a directory where an object should be. */
export function isADirectory(action: string, path: string): NotFoundError {
  return new NotFoundError(`Cannot ${action} ${JSON.stringify(path)}: it is a directory`, {
    store: STORE,
    path,
    isDirectory: true,
  });
}

/** The error for a path that a symbolic link leads out of the root. */
export function outside(action: string, path: string): PermissionDeniedError {
  return new PermissionDeniedError(
    `Cannot ${action} ${JSON.stringify(path)}: a symbolic link leads out of the store's root`,
    { store: STORE, path },
  );
}

function denied(error: unknown): string {
  // Deno says which permission is missing and how to grant it; the system says nothing that "denied" does not.
  const { name, message } = error as Error;
  return name === "NotCapable" ? lowerFirst(message) : "permission denied";
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
