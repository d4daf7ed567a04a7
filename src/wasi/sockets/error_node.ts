/** Errors of `node:net` and its like as codes of `wasi:sockets`. */
import type { SocketErrorCode } from "./socket.ts";

const CODES: Readonly<Record<string, SocketErrorCode>> = {
  EACCES: "access-denied",
  EPERM: "access-denied",
  EADDRINUSE: "address-in-use",
  EADDRNOTAVAIL: "address-not-bindable",
  EINVAL: "invalid-argument",
  ENOTSUP: "not-supported",
  EAFNOSUPPORT: "not-supported",
  ENOMEM: "out-of-memory",
  ENOBUFS: "out-of-memory",
  EMFILE: "new-socket-limit",
  ENFILE: "new-socket-limit",
  ETIMEDOUT: "timeout",
  EHOSTUNREACH: "remote-unreachable",
  EHOSTDOWN: "remote-unreachable",
  ENETUNREACH: "remote-unreachable",
  ENETDOWN: "remote-unreachable",
  ECONNREFUSED: "connection-refused",
  ECONNRESET: "connection-reset",
  EPIPE: "connection-reset",
  ECONNABORTED: "connection-aborted",
  EMSGSIZE: "datagram-too-large",
  ENOTFOUND: "name-unresolvable",
  ENODATA: "name-unresolvable",
  EAI_AGAIN: "temporary-resolver-failure",
};

/** The code of an error. */
export function codeOf(error: unknown): SocketErrorCode {
  const { code, name } = error as { readonly code?: string; readonly name?: string };
  if (name === "NotCapable" || name === "PermissionDenied") return "access-denied";
  return CODES[code ?? ""] ?? "unknown";
}
