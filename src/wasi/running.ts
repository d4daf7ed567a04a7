/** From code to a running instance. */
import { type Capabilities, grant, type OwnGrants } from "./capabilities.ts";
import { splitVersion } from "./component.ts";
import { coreInstantiator } from "./core_imports.ts";
import { type Epoch, isOver } from "./epoch.ts";
import { GuestExit, GuestLimitError, GuestTrapError } from "./error.ts";
import { importObject } from "./imports.ts";
import { Instance } from "./instance.ts";
import type { GuestCode } from "./module.ts";
import { DEFAULT_MEMORY } from "./limits.ts";
import type { InstantiateOptions, RunResult } from "./options.ts";

/** An instance that runs. */
export interface Running {
  /** What host functions are called with. */
  readonly instance: Instance;
  /** The generated exports. */
  readonly exports: Record<string, unknown>;
  /** Runs guest code; what it fails with is told in our terms, and ends the instance where it is a trap. */
  call<T>(action: () => Promise<T>): Promise<T>;
  /** Resolves when everything that was written to the outputs has been taken. */
  drain(): Promise<void>;
  /** What was written, where an output is `"pipe"`. */
  output(): { readonly stdout: Uint8Array; readonly stderr: Uint8Array };
  /** Ends the instance and lets go of what it held. */
  close(): void;
  /**
   * The same exports as another instance, which the host knows nothing of yet. This one must have been closed, and what
   * the guest remembers undone.
   */
  next(own: OwnGrants): Running;
}

/** Makes instances of one guest, each with what it has for itself. */
export type Start = (own?: OwnGrants) => Promise<Running>;

/**
 * Makes an instance.
 *
 * @throws {MissingImportError} for an import that nobody provides.
 */
export async function start(name: string, code: GuestCode, options: InstantiateOptions): Promise<Running> {
  options.signal?.throwIfAborted();
  return await (await starter(name, code, options))();
}

/**
 * Opens what instances of a guest share; they all run in `epoch`, if there is one. What is returned throws like
 * {@linkcode start}.
 */
export async function starter(
  name: string,
  code: GuestCode,
  options: InstantiateOptions,
  epoch?: Epoch,
): Promise<Start> {
  const { memory = Infinity } = options.limits ?? {};
  const { coreModule, instantiate, required } = code;
  const instantiateCore = coreInstantiator(epoch, memory);
  const granted = await grant(options, name);
  const begin = (own: OwnGrants | undefined) => new Life(options, granted(own), epoch);
  return async (own) => {
    const first = begin(own);
    const holder = { current: first.instance };
    try {
      const imports = importObject(holder, required, options.imports);
      const exports = await first.call(() => instantiate(coreModule, imports, instantiateCore));
      const running = (life: Life): Running => ({
        instance: life.instance,
        exports,
        call: (action) => life.call(action),
        close: () => life.close(),
        drain: () => life.drain(),
        output: () => life.capabilities.piped(),
        next(own) {
          const life = begin(own);
          holder.current = life.instance;
          return running(life);
        },
      });
      return running(first);
    } catch (error) {
      first.close();
      throw error;
    }
  };
}

/** What the host knows of an instance. */
class Life {
  readonly capabilities: Capabilities;
  readonly instance: Instance;
  readonly #epoch: Epoch;

  constructor(options: InstantiateOptions, capabilities: Capabilities, epoch: Epoch) {
    this.capabilities = capabilities;
    this.#epoch = epoch;
    this.instance = new Instance(options, capabilities);
  }

  close(): void {
    this.instance.end();
    this.capabilities.release();
  }

  drain(): Promise<void> {
    return this.capabilities.drain();
  }

  async call<T>(action: () => Promise<T>): Promise<T> {
    const { instance } = this;
    try {
      if (instance.endReason !== undefined && !(instance.endReason instanceof GuestExit)) {
        throw instance.endReason;
      }
      return await instance.unlessEnded(action());
    } catch (error) {
      // `undefined` and other payloads are errors that the guest's own signature has.
      if (!(error instanceof Error) && !(error instanceof GuestExit)) throw error;
      if (error instanceof GuestExit) throw error; // over, but what it wrote must still be taken
      const cause = error instanceof GuestTrapError ? error : instance.trapCause ?? instance.endReason ??
        (isOver(this.#epoch) ? instance.interrupted() : error);
      instance.end(cause);
      if (cause instanceof GuestExit) throw cause;
      const { tail } = this.capabilities.stderr;
      throw trapError(outOfMemory(cause, tail, instance) ?? cause, error, tail);
    }
  }
}

/** Runs a command of an instance to its end. */
export async function runCommand(running: Running): Promise<RunResult> {
  const { run } = findExport(running.exports, "wasi:cli/run") as { run(): Promise<void> };
  const exitCode = await exitCodeOf(() => running.call(run));
  await running.call(() => running.drain());
  return { exitCode, ...running.output() };
}

/** 0, 1 for `err`, or what was passed to `exit`. */
async function exitCodeOf(run: () => Promise<unknown>): Promise<number> {
  try {
    await run();
    return 0;
  } catch (error) {
    if (error === undefined) return 1; // `result` without payload: err(())
    if (error instanceof GuestExit) return error.code;
    throw error;
  }
}

/** The export of an interface, whatever its version. */
function findExport(exports: Record<string, unknown>, name: string): unknown {
  const key = Object.keys(exports).find((key) => splitVersion(key).name === name);
  return exports[key ?? name];
}

/** Last words of runtimes whose memory would not grow. */
const NO_MEMORY = /memory allocation of \d+ bytes failed|out of memory|cannot allocate memory/i;

/** What a trap really was, where the guest ran out of the memory that it was given. */
function outOfMemory(cause: unknown, stderr: string, { limits }: Instance): GuestLimitError | undefined {
  if (limits.memory >= DEFAULT_MEMORY || cause instanceof GuestTrapError || !NO_MEMORY.test(stderr)) {
    return undefined;
  }
  return new GuestLimitError(
    "memory",
    `The guest's memory would have grown past the limit of ${limits.memory} bytes`,
    { cause },
  );
}

/** Lines of a stack that are in WebAssembly. */
const WASM_FRAME = /wasm:\/\/|wasm-function/;
function trapError(cause: unknown, thrown: unknown, guestStderr: string): GuestTrapError {
  const stack = thrown instanceof Error ? thrown.stack ?? "" : "";
  const guestStack = stack.split("\n").filter((line) => WASM_FRAME.test(line)).map((line) => line.trim());
  if (cause instanceof GuestLimitError) {
    return new GuestLimitError(cause.limit, cause.reason, { cause: cause.cause, guestStack });
  }
  const reason = cause instanceof GuestTrapError ? cause.reason : `The guest trapped: ${messageOf(cause)}`;
  return new GuestTrapError(reason, { cause, guestStderr, guestStack });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
