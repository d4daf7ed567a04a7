/** Options that several subcommands share. */
import { type Command, InvalidArgumentError, Option } from "commander";

/** What {@linkcode addStoreOptions} gives. */
export interface StoreFlags {
  /** `-o key=value`. */
  readonly option: Readonly<Record<string, string>>;
}

/** What {@linkcode addOutputOptions} gives. */
export interface OutputFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Adds `-o key=value`. */
export function addStoreOptions(command: Command): Command {
  return command.addOption(
    new Option("-o, --option <key=value>", "option of the store that a URL names; may be repeated")
      .argParser(collectPair).default({}, "none"),
  );
}

/** Adds `--json` and `--quiet`. */
export function addOutputOptions(command: Command): Command {
  return command
    .option("--json", "print one JSON object a line")
    .option("-q, --quiet", "print errors only");
}

/** Adds what all that write or delete have: `--dry-run` and `--concurrency`. */
export function addBulkOptions(command: Command): Command {
  return command
    .option("-r, --recursive", "all objects below it")
    .option("-n, --dry-run", "only say what would be done")
    .option("--concurrency <n>", "objects under way at once", parsePositive, 8);
}

/** For `argParser`: collects `key=value` into a record. */
export function collectPair(value: string, before: Readonly<Record<string, string>>): Record<string, string> {
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
