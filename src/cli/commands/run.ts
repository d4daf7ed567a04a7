/** `storeport run`: runs a WASI guest with what it is given on the command line. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { HttpConnector } from "../../http/connector.ts";
import type { Guest, GuestOptions, Preopen } from "../../wasi/mod.ts";
import type { Context } from "../context.ts";
import { clean, ExitCode, UsageError } from "../errors.ts";

interface Flags {
  readonly net?: readonly string[];
  readonly dir?: readonly Preopen[];
  readonly env?: readonly string[];
  readonly argv0?: string;
  readonly timeout?: number;
  readonly maxMemory?: number;
  readonly connector?: "fetch" | "node";
  readonly cache: string | boolean;
  readonly quiet?: boolean;
}

/** `storeport run [options] <guest> [-- args...]`. */
export function run(program: Command, context: Context): void {
  program.command("run")
    .description("Run a WASI 0.2 component. It is given what these options say, and nothing else.")
    .argument("<guest>", "a component: a file or a URL")
    .argument("[args...]", "its arguments; write them after --")
    .option("--net <entry>", "let it talk to this host; may be repeated", collect)
    .option(
      "--dir <host[::guest][::ro]>",
      "let it open this directory; may be repeated",
      collectDirectory,
      [],
    )
    .option("--env <name[=value]>", "set a variable, or copy it from here; may be repeated", collect)
    .option("--argv0 <name>", "its own name, as it sees it")
    .option("--timeout <time>", "end it after so long: 30s, 500ms, 5m; seconds without a unit", parseTime)
    .option("--max-memory <size>", "end it when it takes more: 256M, 1G; bytes without a unit", parseSize)
    .addOption(new Option("--connector <name>", "what carries its requests").choices(["node", "fetch"]))
    .option("--cache <directory>", "keep transpiled guests here")
    .option("--no-cache", "keep them nowhere")
    .option("-q, --quiet", "do not tell of refused requests")
    .addHelpText("after", HELP)
    .action((guest: string, args: string[], flags: Flags) => runGuest(context, guest, args, flags));
}

const HELP = `
Entries of --net: api.example.com, *.example.com, https://api.example.com, 127.0.0.1:9000, 10.0.0.0/8:*, *.
Names of --dir: the guest sees the directory under its own name here unless another is given after "::".

Exit code: the guest's own; 1 too when it trapped or was ended.

Examples:
  storeport run hello.wasm
  storeport run fetch.wasm --net https://api.example.com --timeout 30s -- --verbose
  storeport run report.wasm --dir ./data::/data::ro --dir ./out::/out --env LANG`;

async function runGuest(context: Context, source: string, args: string[], flags: Flags): Promise<void> {
  const { loadGuest } = await import("../../wasi/mod.ts");
  const { runtime } = context;
  const cache = flags.cache === true ? undefined : flags.cache;
  const guest = await loadGuest(isUrl(source) ? new URL(source) : runtime.fileUrl(source), { cache });
  const told = new Set<string>();
  const options: GuestOptions = {
    args,
    argv0: flags.argv0,
    env: environment(context, flags.env ?? []),
    stdin: runtime.stdin(),
    stdout: writable(context, "stdout"),
    stderr: writable(context, "stderr"),
    terminals: { stdout: runtime.stdout.isTerminal, stderr: runtime.stderr.isTerminal },
    preopens: flags.dir?.map((preopen) => ({ ...preopen, host: directory(context, preopen.host) })),
    net: flags.net,
    connector: flags.connector === undefined ? undefined : await connector(flags.connector),
    limits: { timeout: flags.timeout, memory: flags.maxMemory },
    signal: context.signal,
    onDenied({ message }) {
      if (flags.quiet || told.has(message)) return;
      told.add(message);
      context.note(`storeport: refused: ${clean(message)}`).catch(() => {});
    },
  };
  const exitCode = await exitCodeOf(guest, options);
  if (exitCode !== 0) throw new ExitCode(exitCode);
}

async function exitCodeOf(guest: Guest, options: GuestOptions): Promise<number> {
  const { GuestTrapError } = await import("../../wasi/mod.ts");
  try {
    return (await guest.run(options)).exitCode;
  } catch (error) {
    // Its last words stand on the terminal already.
    throw error instanceof GuestTrapError ? new Error(error.reason) : error;
  }
}

/** Whether an argument is a URL rather than a file; one letter before the colon is a drive. */
export function isUrl(source: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(source);
}

function directory(context: Context, path: string): string {
  const { pathname } = context.runtime.fileUrl(path);
  const decoded = decodeURIComponent(pathname);
  return /^\/[A-Za-z]:\//.test(decoded) ? decoded.slice(1) : decoded;
}

function writable(context: Context, name: "stdout" | "stderr"): WritableStream<Uint8Array> {
  return new WritableStream({ write: (bytes) => context.runtime[name].write(bytes) });
}

function environment(context: Context, entries: readonly string[]): Record<string, string> {
  const env: Record<string, string> = {};
  for (const entry of entries) {
    const equals = entry.indexOf("=");
    if (equals === 0) throw new UsageError(`"${entry}" names no variable: write --env NAME=VALUE`);
    if (equals > 0) {
      env[entry.slice(0, equals)] = entry.slice(equals + 1);
      continue;
    }
    const value = context.runtime.environment(entry);
    if (value === undefined) {
      throw new UsageError(`The variable "${entry}" is not set here: write --env ${entry}=VALUE`);
    }
    env[entry] = value;
  }
  return env;
}

async function connector(name: "fetch" | "node"): Promise<HttpConnector> {
  if (name === "node") return new (await import("../../http/node.ts")).NodeHttpConnector();
  return new (await import("../../http/fetch.ts")).FetchConnector();
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** `HOST`, `HOST::GUEST`, `HOST::GUEST::ro` or `HOST::ro`. */
function collectDirectory(value: string, before: readonly Preopen[] = []): Preopen[] {
  const parts = value.split("::");
  const readOnly = parts.length > 1 && parts.at(-1) === "ro";
  if (readOnly) parts.pop();
  const [host = "", guest = host] = parts;
  if (parts.length > 2 || host === "" || guest === "") {
    throw new InvalidArgumentError("Write it as HOST, HOST::GUEST or HOST::GUEST::ro.");
  }
  return [...before, { host, guest, readOnly }];
}

const TIME: Readonly<Record<string, number>> = { "": 1000, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function parseTime(value: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|)$/.exec(value);
  const milliseconds = match === null ? NaN : Number(match[1]) * TIME[match[2]!]!;
  if (!(milliseconds > 0)) throw new InvalidArgumentError("Write it like 30s, 500ms or 5m.");
  return milliseconds;
}

const SIZE: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

function parseSize(value: string): number {
  const match = /^(\d+)([KMG]?)(?:i?B)?$/i.exec(value);
  const bytes = match === null ? NaN : Number(match[1]) * SIZE[match[2]!.toUpperCase()]!;
  if (!(bytes > 0)) throw new InvalidArgumentError("Write it like 256M or 1G.");
  return bytes;
}
