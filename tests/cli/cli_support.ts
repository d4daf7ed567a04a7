/** Runs the command in this process with a made-up terminal, or as a process of its own. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { runCli } from "../../src/cli/cli.ts";
import { BrokenPipe, type OutputStream, type Runtime } from "../../src/cli/runtime.ts";
import { type GatewayServer, serveGateway } from "../../src/gateway/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";

/** What a run left behind. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** How a run differs from an ordinary one. */
export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string | ReadableStream<Uint8Array>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Standard error is a terminal. */
  readonly terminal?: boolean;
  /** The reader of standard output leaves after so many writes. */
  readonly breakAfter?: number;
  /** Called with each piece of standard output, and what interrupts. */
  readonly onOutput?: (text: string, interrupt: () => void) => void;
  /** Called with each piece of standard error. */
  readonly onError?: (text: string) => void;
  /** Interrupts when this resolves. */
  readonly interrupt?: Promise<void>;
}

/** Runs the command in this process. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  const listeners = new Set<() => void>();
  const interrupt = () => listeners.forEach((listener) => listener());
  let writes = 0;
  const stream = (chunks: Uint8Array[], isTerminal: boolean, isOut: boolean): OutputStream => ({
    isTerminal,
    columns: 100,
    write(data) {
      if (isOut && options.breakAfter !== undefined && ++writes > options.breakAfter) {
        return Promise.reject(new BrokenPipe("Nobody reads the output"));
      }
      const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data.slice();
      chunks.push(bytes);
      const text = new TextDecoder().decode(bytes);
      if (isOut) options.onOutput?.(text, interrupt);
      else options.onError?.(text);
      return Promise.resolve();
    },
  });
  const runtime: Runtime = {
    args,
    stdout: stream(out, false, true),
    stderr: stream(err, options.terminal ?? false, false),
    stdin: () => typeof options.input === "object" ? options.input : new Blob([options.input ?? ""]).stream(),
    environment: (name) => options.environment?.[name],
    fileUrl(path) {
      const url = pathToFileURL(resolve(options.cwd ?? ".", path));
      if (path.endsWith("/") && !url.pathname.endsWith("/")) url.pathname += "/";
      return url;
    },
    isDirectory: async (url) => (await Deno.stat(url).catch(() => undefined))?.isDirectory ?? false,
    onInterrupt(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  options.interrupt?.then(interrupt);
  const code = await runCli(runtime);
  return {
    code,
    out: await new Blob(out as BlobPart[]).text(),
    err: await new Blob(err as BlobPart[]).text(),
  };
}

const MAIN = new URL("../../src/cli/main.ts", import.meta.url).pathname;

/** Starts the command as a process of its own. */
export function spawn(args: readonly string[], options: Deno.CommandOptions = {}): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...options,
  }).spawn();
}

/** Runs the command as a process of its own. */
export async function runProcess(
  args: readonly string[],
  options: Deno.CommandOptions = {},
): Promise<Outcome> {
  const { code, stdout, stderr } = await spawn(args, options).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

/** A directory of its own and a gateway over a store in memory, for one test. */
export function cliTest(
  name: string,
  test: (
    context: { readonly cwd: string; readonly url: string; readonly store: MemoryStore },
  ) => Promise<void>,
): void {
  Deno.test(`cli: ${name}`, async () => {
    const cwd = await Deno.realPath(await Deno.makeTempDir());
    const store = new MemoryStore();
    const server: GatewayServer = await serveGateway({ store });
    try {
      await test({ cwd, url: server.url, store });
    } finally {
      await server.shutdown();
      await Deno.remove(cwd, { recursive: true });
    }
  });
}
