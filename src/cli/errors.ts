/** How the command ends: its exit codes, and errors as a person reads them. */
import { HttpError } from "../http/error.ts";
import { redactUrl } from "../http/redact.ts";
import {
  AlreadyExistsError,
  NotFoundError,
  NotSupportedError,
  ObjectStoreError,
  PermissionDeniedError,
  PreconditionError,
  UnauthenticatedError,
} from "../store/error.ts";
import type { MissingExportError } from "../wasi/mod.ts";

/** Exit codes. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  /** As shells report a program that an interrupt ended. */
  interrupted: 130,
} as const;

/** The command was called wrongly. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Some of several objects failed; each has been reported already. */
export class PartialFailure extends Error {
  override readonly name = "PartialFailure";
}

/** A guest ended with an exit code of its own, which becomes the command's. */
export class ExitCode extends Error {
  override readonly name = "ExitCode";
  readonly code: number;

  /** With the code. */
  constructor(code: number) {
    super(`The guest ended with exit code ${code}`);
    this.code = code;
  }
}

/** The user ended the command. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** What hints depend on. */
export interface CommandTraits {
  /** Whether the subcommand takes `-r`. */
  readonly recursive?: boolean;
  /** Whether it was told not to replace anything. */
  readonly noOverwrite?: boolean;
}

/** An error in one line, and below it what it came from and what may help. */
export function explain(error: unknown, command: CommandTraits = {}): string {
  const lines = [messageOf(error)];
  let cause = error instanceof Error ? error.cause : undefined;
  for (let depth = 0; depth < 3 && cause instanceof Error; depth++, cause = cause.cause) {
    const { message } = cause;
    const told = (line: string) => includesText(line, clean(message));
    // What a store says of a file system's failure is all there is to say, without where it lies on disk.
    if (isSystemError(cause) || lines.some(told)) continue;
    lines.push(`  caused by: ${messageOf(cause)}`);
  }
  const hint = hintFor(error, command);
  if (hint !== undefined) lines.push(`  hint: ${hint}`);
  return lines.join("\n");
}

/** What `--json` shows of an error. */
export function errorRecord(error: unknown): Record<string, unknown> {
  const record: Record<string, unknown> = {
    name: error instanceof Error ? error.name : "Error",
    message: messageOf(error),
  };
  if (error instanceof ObjectStoreError) {
    const { path, status, code, requestId } = error;
    Object.assign(record, { path, status, code, requestId });
  }
  return record;
}

const URLS = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi;
// deno-lint-ignore no-control-regex
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g;

/** Text fit for a terminal: user information and signatures of URLs are left out, control characters escaped. */
export function clean(text: string): string {
  return text.replace(URLS, (url) => redactUrl(url)).replace(
    CONTROLS,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return clean(String(error));
  if (!(error instanceof ObjectStoreError) || error.store !== "LocalFileSystem" || !error.path) {
    return clean(error.message);
  }
  // The command's files lie in a store of the whole file system, whose paths begin below its root.
  return clean(error.message.replaceAll(JSON.stringify(error.path), JSON.stringify(`/${error.path}`)));
}

function includesText(line: string, text: string): boolean {
  return line.toLowerCase().includes(text.toLowerCase());
}

function isSystemError(error: Error): boolean {
  return "syscall" in error || "errno" in error || error.name === "NotCapable";
}

function hintFor(error: unknown, { recursive, noOverwrite }: CommandTraits): string | undefined {
  // The platform's own message says how to grant what is missing.
  if (caused(error, ({ name }) => name === "NotCapable")) return undefined;
  if (error instanceof NotFoundError && error.isDirectory) {
    return recursive ? "use -r for all objects below it" : '"storeport ls" lists what is in it';
  }
  if (error instanceof AlreadyExistsError && noOverwrite) return "leave out --no-overwrite to replace it";
  if (error instanceof PreconditionError) {
    return 'it has changed in the meantime; "storeport stat" shows its present ETag';
  }
  if (error instanceof UnauthenticatedError) {
    return error.store === "S3"
      ? "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or use -o skipSignature=true for a public bucket"
      : "give credentials in the URL, as in https://user:password@host/path";
  }
  if (error instanceof PermissionDeniedError && error.status !== undefined) {
    return "these credentials do not allow it";
  }
  if (error instanceof NotSupportedError && error.key === "attributes") {
    return "leave out --content-type, --metadata and the like";
  }
  if (caused(error, (cause) => cause instanceof HttpError && cause.key === "allowHttp")) {
    return "use https://, or add -o allowHttp=true";
  }
  if (caused(error, (cause) => cause instanceof HttpError && cause.detail?.tag === "TLS-protocol-error")) {
    return "the server may not speak TLS: try http://";
  }
  return kindHint(error);
}

const GUEST_KINDS: Readonly<Record<string, string>> = {
  "wasi:http/incoming-handler": 'it is an HTTP handler: use "storeport serve"',
  "wasi:cli/run": 'it is a command: use "storeport run"',
};

/** Which subcommand a guest of another kind is for. The error's class is told by name: its module is the host's. */
function kindHint(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== "MissingExportError") return undefined;
  const { exports } = error as MissingExportError;
  return GUEST_KINDS[exports.find((name) => name in GUEST_KINDS) ?? ""];
}

/** Whether the error, or one that it came from, is such a one. */
function caused(error: unknown, is: (error: Error) => boolean): boolean {
  for (let depth = 0; depth < 8 && error instanceof Error; depth++, error = error.cause) {
    if (is(error)) return true;
  }
  return false;
}
