/** Options that several subcommands share. */
import { type Command, InvalidArgumentError, Option } from "commander";

/** What {@linkcode addStoreOptions} gives. */
export interface StoreFlags {
  /** `-o key=value`. */
  readonly option?: Readonly<Record<string, string>>;
}

/** What {@linkcode addOutputOptions} gives. */
export interface OutputFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Where to listen. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/** Adds `-o key=value`. */
export function addStoreOptions(command: Command): Command {
  return command.addOption(
    new Option(
      "-o, --option <key=value>",
      "option for the store of a URL, such as endpoint=…; may be repeated",
    )
      .argParser(collectPair),
  );
}

/**
 * Adds `--json` and `--quiet`. The JSON is what was asked for, and never left out: scripts may be quiet whatever else
 * they ask for.
 */
export function addOutputOptions(
  command: Command,
  quiet = "print only errors, and what --json prints",
): Command {
  return addQuietOption(command.option("--json", "print one JSON object per line"), quiet);
}

/** What `--quiet` does where the output is what was asked for. */
export const QUIET_RETRIES = "do not report requests that are tried again";

/** Adds `--quiet`. */
export function addQuietOption(command: Command, description: string): Command {
  return command.option("-q, --quiet", description);
}

/** Adds `--addr host:port`. */
export function addAddressOption(command: Command): Command {
  return command.addOption(
    new Option("--addr <host:port>", "address to listen on; port 0 picks a free one")
      .argParser(parseAddress).default({ hostname: "127.0.0.1", port: 8080 }, "127.0.0.1:8080"),
  );
}

/** Adds what all that write or delete have: `--dry-run` and `--concurrency`. */
export function addBulkOptions(command: Command): Command {
  return command
    .option("-r, --recursive", "include all objects below")
    .option("-n, --dry-run", "only print what would be done")
    .option("--concurrency <n>", "objects transferred at once", parsePositive, 8);
}

/** For `argParser`: collects `key=value` into a record. */
export function collectPair(
  value: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const equals = value.indexOf("=");
  if (equals < 1) throw new InvalidArgumentError("Write it as key=value.");
  return { ...before, [value.slice(0, equals)]: value.slice(equals + 1) };
}

/** For `argParser`: a whole number from 1 on. */
export function parsePositive(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1 || !Number.isSafeInteger(number)) {
    throw new InvalidArgumentError("It must be a whole number from 1 on.");
  }
  return number;
}

/** For `argParser`: `host:port`. */
export function parseAddress(value: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(value);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new InvalidArgumentError("Write it as host:port, such as 127.0.0.1:8080.");
  }
  return { hostname: match[1] ?? (match[2] || "0.0.0.0"), port };
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
