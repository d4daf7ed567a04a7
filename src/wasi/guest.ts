/** A loaded guest: what it imports and exports, and running it. */
import { type ComponentOutline, splitVersion } from "./component.ts";
import { MissingExportError } from "./error.ts";
import { hostProvides } from "./imports.ts";
import type { GuestCode } from "./module.ts";
import type { GuestOptions, InstantiateOptions, RunResult } from "./options.ts";
import { runCommand, start } from "./running.ts";
import type { RunIsolation, ServeOptions } from "./serve/options.ts";
import { runInWorker } from "./serve/worker/run.ts";
import { serveGuest } from "./serve/serve.ts";
import type { GuestServer } from "./serve/server.ts";

/** One import of a guest. */
export interface GuestImport {
  /** Interface without version, such as `wasi:http/types`. */
  readonly interface: string;
  /** Version that the guest was built with. */
  readonly version?: string;
  /** Whether the host provides it; otherwise the caller of `instantiate` must. */
  readonly provided: boolean;
}

/** One export of a guest. */
export interface GuestExport {
  /** Name without version. */
  readonly name: string;
  /** Version. */
  readonly version?: string;
  /** What it is. */
  readonly kind: "instance" | "function" | "type" | "component" | "module" | "value";
}

/** An instance made by {@linkcode Guest.instantiate}. */
export interface GuestInstance {
  /**
   * The guest's exports as jco names them: interfaces by full name and by a short name in camelCase, functions in
   * camelCase. Every function is async, and rejects with {@linkcode GuestTrapError} when the guest traps.
   */
  readonly exports: Readonly<Record<string, unknown>>;
  /** Resolves when everything that the guest wrote to its outputs has been taken. */
  drain(): Promise<void>;
  /** What the guest wrote so far, where an output is `"pipe"`. */
  output(): { readonly stdout: Uint8Array; readonly stderr: Uint8Array };
  /** Ends the instance: transfers are aborted, handles dropped, calls under way reject. */
  close(): void;
}

/** A guest that can be run any number of times, also at once. Made by {@linkcode loadGuest}. */
export class Guest {
  /** Name for messages and `argv[0]`. */
  readonly name: string;
  /** What it imports. */
  readonly imports: readonly GuestImport[];
  /** What it exports. */
  readonly exports: readonly GuestExport[];
  /**
   * Whether all of its code can be interrupted, so that the end of a worker also ends the thread of a guest that
   * computes in Deno. A guest with instructions that this host does not know runs all the same, but there its thread
   * goes on for as long as it computes. Node ends any.
   */
  readonly interruptible: boolean;
  readonly #code: GuestCode;

  /** For {@linkcode loadGuest}. */
  constructor(name: string, outline: ComponentOutline, code: GuestCode) {
    this.name = name;
    this.#code = code;
    this.interruptible = code.parts.interruptible;
    this.imports = outline.imports.filter((item) => item.kind === "instance" || item.kind === "function")
      .map((item) => {
        const { name, version } = splitVersion(item.name);
        return {
          interface: name,
          ...(version !== undefined && { version }),
          provided: hostProvides(name, version),
        };
      });
    this.exports = outline.exports.map((item) => {
      const { name, version } = splitVersion(item.name);
      return { name, ...(version !== undefined && { version }), kind: item.kind };
    });
  }

  /**
   * Runs a command (`wasi:cli/run`) to its end. With `isolation: "worker"` it runs on a thread of its own, which a time
   * limit or the signal can end however busy it is; inline, they end a guest that waits, not one that computes.
   *
   * ```ts ignore
   * const { exitCode } = await guest.run({ args: ["--help"], stdout: "inherit", net: ["api.example.com"] });
   * ```
   *
   * @throws {MissingImportError} before anything runs, for an import that the host does not have.
   * @throws {GuestTrapError} when the guest traps; {@linkcode GuestLimitError} when it breaks a limit or is aborted.
   * @throws {MissingExportError} when the guest is not a command.
   * @throws {TypeError} for an option that cannot be carried to a worker.
   */
  async run(options: GuestOptions & RunIsolation = {}): Promise<RunResult> {
    this.#requireExport("wasi:cli/run", "run");
    if (options.isolation === "worker") return await runInWorker(this.name, this.#code, options);
    const running = await start(this.name, this.#code, options);
    try {
      return await runCommand(running);
    } finally {
      running.close();
    }
  }

  /**
   * Serves an HTTP handler (`wasi:http/incoming-handler`): a server whose `fetch` answers requests.
   *
   * ```ts ignore
   * await using server = guest.serve({ net: ["api.example.com"], requestTimeout: 30_000 });
   * Deno.serve(server.fetch);
   * ```
   *
   * @throws {MissingImportError} for an import that the host does not have.
   * @throws {RangeError} for numbers that make no sense.
   * @throws {MissingExportError} when the guest is not an HTTP handler.
   */
  serve(options: ServeOptions = {}): GuestServer {
    this.#requireExport("wasi:http/incoming-handler", "serve");
    return serveGuest(this.name, this.#code, options);
  }

  /**
   * Makes an instance of any world. Imports that the host does not have are passed in `options.imports`. A call must
   * not start before the one before it has ended.
   *
   * ```ts ignore
   * const instance = await guest.instantiate({ imports: { "acme:widgets/maker": { make: () => "a widget" } } });
   * const { greet } = instance.exports.greeter as { greet(name: string): Promise<string> };
   * console.log(await greet("you"));
   * instance.close();
   * ```
   *
   * @throws {MissingImportError} for an import that nobody provides.
   */
  async instantiate(options: InstantiateOptions = {}): Promise<GuestInstance> {
    const running = await start(this.name, this.#code, options);
    return {
      exports: wrapExports(running.exports, (call) => running.call(call)),
      drain: () => running.drain(),
      output: () => running.output(),
      close: () => running.close(),
    };
  }

  #requireExport(name: string, action: string): void {
    const names = this.exports.map((one) => one.name);
    if (!names.includes(name)) throw new MissingExportError(`Cannot ${action} "${this.name}"`, name, names);
  }
}

/** Exports with every function guarded. Classes of exported resources are left as they are. */
function wrapExports(
  exports: Record<string, unknown>,
  guard: <T>(action: () => Promise<T>) => Promise<T>,
): Record<string, unknown> {
  const wrap = (value: unknown): unknown => {
    if (typeof value === "function") {
      if (/^class\b/.test(Function.prototype.toString.call(value))) return value;
      return (...args: unknown[]) =>
        guard(async () => await (value as (...args: unknown[]) => unknown)(...args));
    }
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, wrap(inner)]));
  };
  return wrap(exports) as Record<string, unknown>;
}
