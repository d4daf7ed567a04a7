/**
 * Loading jco's generator where module hooks exist (Node, Deno). The generator is itself a component that imports
 * `preview2-shim`, whose Node build reads the whole environment and the working directory and starts a worker
 * with the import, for nothing: the generator only computes. So those imports are answered with a stand-in while
 * it loads. In Deno its core modules are imported rather than read, which needs no permission.
 */
import * as nodeModule from "node:module";
import type { Generator } from "./generator.ts";

/** Everything the generator's glue looks for; random bytes seed its hash tables, so fixed ones keep it reproducible. */
const STAND_IN = `
class Resource {}
const none = () => undefined;
const empty = () => [];
const make = () => new Resource();
export const environment = { getEnvironment: empty, getArguments: empty, initialCwd: none };
export const exit = { exit() { throw new Error("The generator gave up"); } };
export const stdin = { getStdin: make }, stdout = { getStdout: make }, stderr = { getStderr: make };
export const terminalInput = { TerminalInput: Resource }, terminalOutput = { TerminalOutput: Resource };
export const terminalStdin = { getTerminalStdin: none }, terminalStdout = { getTerminalStdout: none };
export const terminalStderr = { getTerminalStderr: none };
export const preopens = { getDirectories: empty };
export const types = { Descriptor: Resource, DirectoryEntryStream: Resource, filesystemErrorCode: none };
export const error = { Error: Resource };
Resource.prototype.checkWrite = () => 4096n;
Resource.prototype.write = Resource.prototype.blockingFlush = Resource.prototype.blockingWriteAndFlush = none;
export const streams = { InputStream: Resource, OutputStream: Resource };
export const random = { getRandomBytes: (length) => new Uint8Array(Number(length)).fill(7) };
`;

const SHIM = "@bytecodealliance/preview2-shim/";
const GLUE = /\/js-component-bindgen-component\.js$/;
const CORE_MODULE = /fetchCompile\(new URL\(('\.\/[^']+\.wasm'), import\.meta\.url\)\)/g;

/** The glue asks for this variable at every call, which is a system call and a permission each time. */
const DEBUG = "globalThis?.process?.env?.JCO_DEBUG";

interface Hooks {
  resolve(
    specifier: string,
    context: { readonly parentURL?: string },
    next: (specifier: string, context: unknown) => unknown,
  ): unknown;
  load(url: string, context: unknown, next: (url: string, context: unknown) => Loaded): Loaded;
}

interface Loaded {
  readonly source?: string | Uint8Array<ArrayBuffer> | null;
  readonly [key: string]: unknown;
}

type RegisterHooks = (hooks: Hooks) => { deregister(): void };

/** The generator, without what its imports would do. */
export async function loadQuietly(): Promise<Generator> {
  const registerHooks = (nodeModule as unknown as { registerHooks?: RegisterHooks }).registerHooks;
  // Without hooks it loads all the same, only less quietly.
  if (registerHooks === undefined) return await importGenerator();
  const standIn = `data:text/javascript,${encodeURIComponent(STAND_IN)}`;
  await import(standIn);
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier.startsWith(SHIM) && GLUE.test(context.parentURL ?? "")) {
        return { url: standIn, format: "module", shortCircuit: true };
      }
      return next(specifier, context);
    },
    load(url, context, next) {
      const loaded = next(url, context);
      const { source: given } = loaded;
      if (!GLUE.test(url) || given === undefined || given === null) return loaded;
      const text = typeof given === "string" ? given : new TextDecoder().decode(given);
      const quiet = text.replaceAll(DEBUG, "undefined");
      const source = "Deno" in globalThis ? quiet.replace(CORE_MODULE, "import.source($1)") : quiet;
      return { ...loaded, source, shortCircuit: true };
    },
  });
  try {
    return await importGenerator();
  } finally {
    hooks.deregister();
  }
}

async function importGenerator(): Promise<Generator> {
  try {
    return await import("@bytecodealliance/jco-transpile/component") as unknown as Generator;
  } catch (error) {
    // Caught for bundlers, as in `loader.ts`.
    throw error;
  }
}
