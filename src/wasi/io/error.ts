/** `wasi:io/error`, and the two errors of streams. */
import { Resource } from "../abi/handles.ts";
import { WitError } from "../abi/lower.ts";

/** `error`: why an operation on a stream failed; interfaces read their own code out of it. */
export class IoError extends Resource {
  /** The text of `to-debug-string`. */
  readonly message: string;
  /** The `wasi:http` error code behind it (a variant value). */
  readonly httpCode: { readonly tag: string; readonly val?: unknown } | undefined;
  /** The `wasi:filesystem` error code behind it. */
  readonly filesystemCode: string | undefined;

  /** With the codes there are. */
  constructor(
    message: string,
    codes: {
      readonly http?: { readonly tag: string; readonly val?: unknown };
      readonly filesystem?: string;
    } = {},
  ) {
    super();
    this.message = message;
    this.httpCode = codes.http;
    this.filesystemCode = codes.filesystem;
  }
}

/** `stream-error::closed`, to throw. */
export function closed(): WitError {
  return CLOSED;
}

const CLOSED = new WitError({ tag: "closed" });

/** `stream-error::last-operation-failed`, to throw. */
export function lastOperationFailed(error: IoError): WitError {
  return new WitError({ tag: "last-operation-failed", val: error });
}

/** Whether `error` is {@linkcode closed}. */
export function isClosed(error: unknown): boolean {
  return error === CLOSED;
}
