/** Options of the subcommands that write objects. */
import { type Command, InvalidArgumentError } from "commander";
import type { GetRange } from "../../store/range.ts";
import type { Attributes, PutMode } from "../../store/types.ts";
import { UsageError } from "../errors.ts";
import { parseRange } from "../format.ts";
import {
  addBulkOptions,
  addOutputOptions,
  addStoreOptions,
  collectPair,
  type OutputFlags,
} from "../options.ts";

/** What {@linkcode addTransferOptions} gives. */
export interface TransferFlags extends OutputFlags {
  readonly recursive?: boolean;
  readonly dryRun?: boolean;
  readonly concurrency: number;
  readonly overwrite: boolean;
  readonly option?: Readonly<Record<string, string>>;
}

/** What {@linkcode addAttributeOptions} gives. */
export interface AttributeFlags {
  readonly contentType?: string;
  readonly cacheControl?: string;
  readonly contentDisposition?: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Adds what `get`, `put`, `cp` and `mv` share. */
export function addTransferOptions(command: Command): Command {
  addBulkOptions(command).option("--no-overwrite", "fail if the destination exists");
  return addOutputOptions(addStoreOptions(command));
}

/** Adds the attributes that objects may have. */
export function addAttributeOptions(command: Command): Command {
  return command
    .option("--content-type <type>", "Content-Type of the objects written")
    .option("--cache-control <value>", "their Cache-Control")
    .option("--content-disposition <value>", "their Content-Disposition")
    .option("--content-encoding <value>", "their Content-Encoding")
    .option("--content-language <value>", "their Content-Language")
    .option("--metadata <key=value>", "their user metadata; may be repeated", collectPair);
}

/** The attributes given, or `undefined` for none. */
export function attributesOf(flags: AttributeFlags): Attributes | undefined {
  const { contentType, cacheControl, contentDisposition, contentEncoding, contentLanguage, metadata } = flags;
  const all = { contentType, cacheControl, contentDisposition, contentEncoding, contentLanguage, metadata };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return Object.keys(given).length > 0 ? given : undefined;
}

/** Whether writes may replace: `--no-overwrite`, `--if-match`. */
export function modeOf({ overwrite, ifMatch }: { overwrite: boolean; ifMatch?: string }): PutMode {
  if (ifMatch === undefined) return overwrite ? "overwrite" : "create";
  if (!overwrite) throw new UsageError("Give --no-overwrite or --if-match, not both");
  return { update: { eTag: ifMatch } };
}

/** {@linkcode parseRange} for `argParser`. */
export function rangeArgument(value: string): GetRange {
  try {
    return parseRange(value);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}
