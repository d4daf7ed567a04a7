/** Errors of the host. A guest that exits with a code is not one of them. */

/** Why a guest could not be loaded. */
export type GuestLoadReason =
  /** Not WebAssembly, or cut off. */
  | "not-wasm"
  /** A core module, not a component. */
  | "core-module"
  /** A component that the tools cannot read. */
  | "invalid-component"
  /** It could not be fetched or read. */
  | "unreadable";

/** The bytes are not a component that this host can run; the message says what they are and what would help. */
export class GuestLoadError extends Error {
  /** The class's name. */
  override readonly name = "GuestLoadError";
  /** The kind of failure. */
  readonly reason: GuestLoadReason;

  /** `message` says what the bytes are. */
  constructor(reason: GuestLoadReason, message: string, options?: { readonly cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
  }
}

/** One import that nobody provides. */
export interface MissingImport {
  /** Interface, with the version that the guest asks for. */
  readonly interface: string;
  /** The functions or types missing in it; empty where all of it is. */
  readonly names: readonly string[];
}

/** The guest imports something that neither the host nor the caller provides. Nothing of it has run. */
export class MissingImportError extends Error {
  /** The class's name. */
  override readonly name = "MissingImportError";
  /** What is missing. */
  readonly missing: readonly MissingImport[];

  /** Names them all. */
  constructor(missing: readonly MissingImport[]) {
    const names = missing.map((one) =>
      one.names.length === 0 ? `"${one.interface}"` : `"${one.interface}" (${one.names.join(", ")})`
    );
    super(`The guest imports what nobody provides: ${names.join("; ")}`);
    this.missing = missing;
  }
}

/** The guest lacks the export that running or serving it needs: it is of another kind. Nothing of it has run. */
export class MissingExportError extends TypeError {
  /** The class's name. */
  override readonly name = "MissingExportError";
  /** What is missing, such as `wasi:cli/run`. */
  readonly missing: string;
  /** What there is instead. */
  readonly exports: readonly string[];

  /** Names both. `action` is what failed, as the start of a sentence: `Cannot run "hello.wasm"`. */
  constructor(action: string, missing: string, exports: readonly string[]) {
    const names = exports.map((name) => `"${name}"`).join(", ") || "nothing";
    super(`${action}: it exports no "${missing}" (it exports ${names})`);
    this.missing = missing;
    this.exports = exports;
  }
}

/** How much of the guest's standard error goes into a message. */
const LAST_WORDS = 500;

/** The guest trapped: a panic, an unreachable instruction, or a call that breaks a rule of WASI. */
export class GuestTrapError extends Error {
  /** The class's name. */
  override readonly name: string = "GuestTrapError";
  /** What happened, without the guest's own words. */
  readonly reason: string;
  /** The last of what the guest wrote to its standard error: a panic's message, usually. */
  readonly guestStderr: string;
  /** The WebAssembly frames of the trap, innermost first, where the engine gives them. */
  readonly guestStack: readonly string[];

  /** `reason` is the trap's own; the guest's last words are added to the message. */
  constructor(
    reason: string,
    options: {
      readonly cause?: unknown;
      readonly guestStderr?: string;
      readonly guestStack?: readonly string[];
    } = {},
  ) {
    const words = (options.guestStderr ?? "").trim().slice(-LAST_WORDS);
    super(
      words === "" ? reason : `${reason}. Its last words: ${words}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.reason = reason;
    this.guestStderr = options.guestStderr ?? "";
    this.guestStack = options.guestStack ?? [];
  }
}

/** Which limit a guest broke. */
export type GuestLimit = "timeout" | "memory" | "handles" | "output" | "fields" | "random" | "aborted";

/** The guest was ended for breaking a limit, running out of time, or because the caller's signal said so. */
export class GuestLimitError extends GuestTrapError {
  /** The class's name. */
  override readonly name = "GuestLimitError";
  /** The limit. `aborted` is the caller's own signal, whose reason is the cause. */
  readonly limit: GuestLimit;

  /** `message` names the limit and its value. */
  constructor(
    limit: GuestLimit,
    message: string,
    options: {
      readonly cause?: unknown;
      readonly guestStderr?: string;
      readonly guestStack?: readonly string[];
    } = {},
  ) {
    super(message, options);
    this.limit = limit;
  }
}

/** Unwinds the guest's frames when it calls `exit`. Never leaves the host. */
export class GuestExit {
  /** The exit code. */
  readonly code: number;

  /** With the code. */
  constructor(code: number) {
    this.code = code;
  }
}
