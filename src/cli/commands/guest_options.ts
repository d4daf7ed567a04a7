/** Options shared by the subcommands that host a guest: what the guest is granted. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { allowList } from "../../http/policy/allow_list.ts";
import type { HttpConnector } from "../../http/connector.ts";
import type { Guest, GuestOptions, KeyValueSource, Preopen } from "../../wasi/mod.ts";
import type { Context } from "../context.ts";
import { clean, UsageError } from "../errors.ts";
import { parseSize } from "../options.ts";
import { isUrl } from "../url.ts";

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
    .option("--net <entry>", "allow HTTP requests to this host; may be repeated", collect)
    .option(
      "--dir <host[::guest][::ro]>",
      "grant access to this directory; may be repeated",
      collectDirectory,
    )
    .option(
      "--env <name[=value]>",
      "set an environment variable, or pass on the one set here; may be repeated",
      collect,
    )
    .option(
      "--sockets <host:port>",
      "allow raw TCP and UDP sockets to this address; may be repeated",
      collect,
    )
    .option("--lookup", "allow DNS lookups; HTTP does not need them")
    .option("--config <name=value>", "set a value of wasi:config; may be repeated", collect)
    .option(
      "--keyvalue <[bucket=]url>",
      "keep a wasi:keyvalue bucket in this store; may be repeated",
      collect,
    )
    .option(
      "--keyvalue-data <key=value>",
      "put this entry into an in-memory wasi:keyvalue bucket; may be repeated",
      collect,
    )
    .option("--argv0 <name>", "program name that the guest sees (default: its file name)")
    .option("--max-memory <size>", "memory limit: 256M, 1G; bytes without a unit", parseSize)
    .addOption(new Option("--connector <name>", "what carries HTTP requests").choices(["node", "fetch"]))
    .option("--cache <directory>", "where to cache transpiled guests")
    .option("--no-cache", "do not cache transpiled guests on disk");
}

/** For the end of a subcommand's help. */
export const GUEST_HELP = `
Entries of --net: api.example.com, *.example.com, https://api.example.com, 127.0.0.1:9000, 10.0.0.0/8:*, or * for any
host; --sockets takes the same without a scheme. --dir ./data::/data::ro shows ./data as /data, read-only; without
"::" the guest sees the name as written. --keyvalue and --keyvalue-data fill the default bucket, "", unless a bucket
is named.`;

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
  checkEntries("--net", flags.net);
  checkEntries("--sockets", flags.sockets);
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

/** An entry that makes no sense is the user's mistake, to be told before the guest runs. */
function checkEntries(flag: "--net" | "--sockets", entries: readonly string[] = []): void {
  for (const entry of entries) {
    if (flag === "--sockets" && entry.includes("://")) {
      throw new UsageError(`Cannot use "${clean(entry)}" for --sockets: write host:port, without a scheme`);
    }
    try {
      allowList([entry]);
    } catch (error) {
      throw new UsageError(`${flag}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }
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
