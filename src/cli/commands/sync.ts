/** `storeport sync`: makes one place like another. */
import { type Command, InvalidArgumentError } from "commander";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import {
  addOutputOptions,
  addStoreOptions,
  collectPair,
  type OutputFlags,
  parsePositive,
} from "../options.ts";
import { type FilterRule, pathFilter } from "../sync/glob.ts";
import { syncLocations } from "../sync/sync.ts";

interface Flags extends OutputFlags {
  readonly option: Readonly<Record<string, string>>;
  readonly fromOption?: Readonly<Record<string, string>>;
  readonly toOption?: Readonly<Record<string, string>>;
  readonly delete?: boolean;
  readonly allowEmpty?: boolean;
  readonly dryRun?: boolean;
  readonly checksum?: boolean;
  readonly sizeOnly?: boolean;
  readonly skipInvalid?: boolean;
  readonly concurrency: number;
}

/** `storeport sync [options] <source> <destination>`. */
export function sync(program: Command, context: Context): void {
  // One list for both options, as their order counts.
  const rules: FilterRule[] = [];
  const rule = (include: boolean) => (pattern: string) => {
    if (pattern === "") throw new InvalidArgumentError("Give a pattern.");
    rules.push({ include, pattern });
    return pattern;
  };
  const command = program.command("sync")
    .description("Make one place like another: copy what is new or differs.")
    .argument("<source>", "where to copy from")
    .argument("<destination>", "where to")
    .option("--delete", "delete what only the destination has")
    .option("--allow-empty", "with --delete, also where the source has nothing")
    .option("-n, --dry-run", "only say what would be done")
    .option("-c, --checksum", "compare what objects hold, not their times")
    .option("--size-only", "compare sizes alone")
    .option("--exclude <glob>", "pass over these paths; may be repeated", rule(false))
    .option("--include <glob>", "do not pass over these; the last that matches counts", rule(true))
    .option("--skip-invalid", "pass over keys that are no valid paths")
    .option("--concurrency <n>", "objects under way at once", parsePositive, 8)
    .option("--from-option <key=value>", "as -o, only for the source", collectPair)
    .option("--to-option <key=value>", "as -o, only for the destination", collectPair)
    .addHelpText(
      "after",
      `
An object is copied where the destination has none, one of another size, or one that is older; where both sides have
MD5s for ETags, as S3 has, these decide instead of the times. Interrupted, it goes on when it is run again.

Globs: * and ? stay within a name, ** does not; [a-z] and {a,b}. Without a slash a glob is that of a name at any
depth. What is passed over is neither copied nor deleted.

Examples:
  storeport sync photos s3://my-bucket/photos
  storeport sync --delete --dry-run s3://my-bucket/photos photos
  storeport sync --exclude '*.tmp' --exclude node_modules . s3://my-bucket/backup`,
    );
  addOutputOptions(addStoreOptions(command)).action(async (from: string, to: string, flags: Flags) => {
    if (flags.checksum && flags.sizeOnly) throw new UsageError("Give --checksum or --size-only, not both");
    const filter = pathFilter(rules);
    const source = await context.open(from, {
      options: { ...flags.option, ...flags.fromOption },
      dropAttributes: true,
      removeEmpty: flags.delete,
    });
    const destination = await context.open(to, {
      options: { ...flags.option, ...flags.toOption },
      dropAttributes: true,
      removeEmpty: flags.delete,
    });
    const { runtime } = context;
    // A name misspelt would pass for a directory without files.
    if (
      source.local &&
      !(await runtime.isDirectory(/^file:/i.test(from) ? new URL(from) : runtime.fileUrl(from)))
    ) {
      throw new UsageError(`Cannot synchronise "${source.shown}": it is no directory`);
    }
    await syncLocations(context, {
      source,
      destination,
      comparison: flags.checksum ? "checksum" : flags.sizeOnly ? "size" : "quick",
      delete: flags.delete ?? false,
      allowEmpty: flags.allowEmpty ?? false,
      dryRun: flags.dryRun ?? false,
      concurrency: flags.concurrency,
      skipInvalid: flags.skipInvalid ?? false,
      filter,
      json: flags.json,
      quiet: flags.quiet,
    });
  });
}
