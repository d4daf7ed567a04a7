/** What subcommands that host a guest share: the options that say what it is given. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { HttpConnector } from "../../http/connector.ts";
import type { Guest, GuestOptions, KeyValueSource, Preopen } from "../../wasi/mod.ts";
import type { Context } from "../context.ts";
import { clean, UsageError } from "../errors.ts";

/** What {@linkcode addGuestOptions} gives. */
export interface GuestFlags {
  readonly net?: readonly string[];
  readonly dir?: readonly Preopen[];
  readonly env?: readonly string[];
  readonly sockets?: readonly string[];
  readonly lookup?: boolean;
  readonly config?: readonly string[];
  readonly keyvalue?: readonly string[];
  readonly keyvalueData?: readonly string[];
  readonly argv0?: string;
  readonly maxMemory?: number;
  readonly connector?: "fetch" | "node";
  readonly cache: string | boolean;
  readonly quiet?: boolean;
}

/** Adds the options. */
export function addGuestOptions(command: Command): Command {
  return command
    .option("--net <entry>", "let it talk to this host; may be repeated", collect)
    .option(
      "--dir <host[::guest][::ro]>",
      "let it open this directory; may be repeated",
      collectDirectory,
      [],
    )
    .option("--env <name[=value]>", "set a variable, or copy it from here; may be repeated", collect)
    .option("--sockets <entry>", "let it open raw sockets to this host and port; may be repeated", collect)
    .option("--lookup", "let it look names up; HTTP does not need it")
    .option("--config <name=value>", "a setting that it may ask for; may be repeated", collect)
    .option(
      "--keyvalue <[bucket=]url>",
      "keep a bucket of its key-value store there; may be repeated",
      collect,
    )
    .option("--keyvalue-data <key=value>", "begin with this in a bucket in memory; may be repeated", collect)
    .option("--argv0 <name>", "its own name, as it sees it")
    .option("--max-memory <size>", "end it when it takes more: 256M, 1G; bytes without a unit", parseSize)
    .addOption(new Option("--connector <name>", "what carries its requests").choices(["node", "fetch"]))
    .option("--cache <directory>", "keep transpiled guests here")
    .option("--no-cache", "keep them nowhere");
}

/** For the end of a subcommand's help. */
export const GUEST_HELP = `
Entries of --net and, without scheme, --sockets: api.example.com, *.example.com, https://api.example.com, 127.0.0.1:9000, 10.0.0.0/8:*, *.
The bucket of --keyvalue and --keyvalue-data is the one without a name, which most guests open.
Names of --dir: the guest sees the directory under its own name here unless another is given after "::".`;

/** The guest that an argument names. */
export async function openGuest(
  context: Context,
  source: string,
  flags: Pick<GuestFlags, "cache">,
): Promise<Guest> {
  const { loadGuest } = await import("../../wasi/mod.ts");
  const cache = flags.cache === true ? undefined : flags.cache;
  return await loadGuest(isUrl(source) ? new URL(source) : context.runtime.fileUrl(source), { cache });
}

/** What the flags grant. Each refusal of the network policy is told once, unless `--quiet`. */
export async function grantedOptions(context: Context, flags: GuestFlags): Promise<GuestOptions> {
  const told = new Set<string>();
  return {
    argv0: flags.argv0,
    env: environment(context, flags.env ?? []),
    preopens: flags.dir?.map((preopen) => ({ ...preopen, host: directory(context, preopen.host) })),
    net: flags.net,
    ...(flags.sockets !== undefined || flags.lookup) &&
      { sockets: { allow: flags.sockets ?? [], lookup: flags.lookup ?? false } },
    config: flags.config && pairs("--config", flags.config),
    keyValue: await buckets(context, flags),
    connector: flags.connector === undefined ? undefined : await connector(flags.connector),
    limits: { memory: flags.maxMemory },
    onDenied({ message }) {
      if (flags.quiet || told.has(message)) return;
      told.add(message);
      context.note(`storeport: refused: ${clean(message)}`).catch(() => {});
    },
  };
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

/** A stream of the command, for a guest. */
export function writable(context: Context, name: "stdout" | "stderr"): WritableStream<Uint8Array> {
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

/** `NAME=VALUE`, many of them. */
function pairs(flag: string, entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(entries.map((entry) => {
    const equals = entry.indexOf("=");
    if (equals > 0) return [entry.slice(0, equals), entry.slice(equals + 1)];
    throw new UsageError(`"${entry}" has no name and value: write ${flag} NAME=VALUE`);
  }));
}

async function buckets(
  context: Context,
  { keyvalue = [], keyvalueData }: GuestFlags,
): Promise<Record<string, KeyValueSource>> {
  const buckets: Record<string, KeyValueSource> = {};
  if (keyvalueData !== undefined) buckets[""] = pairs("--keyvalue-data", keyvalueData);
  for (const entry of keyvalue) {
    const [, name = "", url] = /^(?:([^=:/]*)=)?(.*)$/s.exec(entry)!;
    if (name in buckets) throw new UsageError(`The bucket "${name}" is given twice`);
    const { store, path } = await context.open(url!);
    const { PrefixStore } = await import("../../wrappers/prefix.ts");
    buckets[name] = path === "" ? store : new PrefixStore(store, path);
  }
  return buckets;
}

async function connector(name: "fetch" | "node"): Promise<HttpConnector> {
  if (name === "node") return new (await import("../../http/node.ts")).NodeHttpConnector();
  return new (await import("../../http/fetch.ts")).FetchConnector();
}

/** For `argParser`: collects values in order. */
export function collect(value: string, before: readonly string[] = []): string[] {
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

/** For `argParser`: milliseconds. */
export function parseTime(value: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|)$/.exec(value);
  const milliseconds = match === null ? NaN : Number(match[1]) * TIME[match[2]!]!;
  if (!(milliseconds > 0)) throw new InvalidArgumentError("Write it like 30s, 500ms or 5m.");
  return milliseconds;
}

const SIZE: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** For `argParser`: bytes. */
export function parseSize(value: string): number {
  const match = /^(\d+)([KMG]?)(?:i?B)?$/i.exec(value);
  const bytes = match === null ? NaN : Number(match[1]) * SIZE[match[2]!.toUpperCase()]!;
  if (!(bytes > 0)) throw new InvalidArgumentError("Write it like 256M or 1G.");
  return bytes;
}
