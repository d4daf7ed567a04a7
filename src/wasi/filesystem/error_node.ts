/** Errors of `node:fs` as codes of `wasi:filesystem`. */
import { WitError } from "../abi/lower.ts";
import { type FilesystemErrorCode, fsError } from "./descriptor.ts";

const CODES: Readonly<Record<string, FilesystemErrorCode>> = {
  EACCES: "access",
  EAGAIN: "would-block",
  EWOULDBLOCK: "would-block",
  EALREADY: "already",
  EBADF: "bad-descriptor",
  EBUSY: "busy",
  EDEADLK: "deadlock",
  EDQUOT: "quota",
  EEXIST: "exist",
  EFBIG: "file-too-large",
  EILSEQ: "illegal-byte-sequence",
  EINPROGRESS: "in-progress",
  EINTR: "interrupted",
  EINVAL: "invalid",
  EIO: "io",
  EISDIR: "is-directory",
  ELOOP: "loop",
  EMFILE: "insufficient-memory",
  ENFILE: "insufficient-memory",
  EMLINK: "too-many-links",
  EMSGSIZE: "message-size",
  ENAMETOOLONG: "name-too-long",
  ENODEV: "no-device",
  ENOENT: "no-entry",
  ENOLCK: "no-lock",
  ENOMEM: "insufficient-memory",
  ENOSPC: "insufficient-space",
  ENOTDIR: "not-directory",
  ENOTEMPTY: "not-empty",
  ENOTRECOVERABLE: "not-recoverable",
  ENOTSUP: "unsupported",
  EOPNOTSUPP: "unsupported",
  ENOSYS: "unsupported",
  ENOTTY: "no-tty",
  ENXIO: "no-such-device",
  EOVERFLOW: "overflow",
  EPERM: "not-permitted",
  EPIPE: "pipe",
  EROFS: "read-only",
  ESPIPE: "invalid-seek",
  ETXTBSY: "text-file-busy",
  EXDEV: "cross-device",
  // Deno: the process itself was not given the permission.
  ERR_ACCESS_DENIED: "not-permitted",
};

/** The code of an error of `node:fs`. */
export function codeOf(error: unknown): FilesystemErrorCode {
  const { code, name } = error as { code?: string; name?: string };
  if (code !== undefined && code in CODES) return CODES[code]!;
  if (name === "NotCapable" || name === "PermissionDenied") return "not-permitted";
  return "io";
}

/** Runs `action`; what `node:fs` throws becomes a WIT error. */
export function guarded<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof WitError ? error : fsError(codeOf(error));
  }
}
