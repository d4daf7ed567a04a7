/** `storeport sync`: makes a destination like a source. */
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
    .description("Make the destination like the source: copy what is new or has changed.")
    .argument("<source>", "directory, store or prefix to copy from")
    .argument("<destination>", "directory, store or prefix to copy to")
    .option("--delete", "delete what only the destination has")
    .option("--allow-empty", "with --delete, go on even if the source is empty")
    .option("-n, --dry-run", "only print what would be done")
    .option("-c, --checksum", "compare contents instead of times")
    .option("--size-only", "compare sizes only")
    .option("--exclude <glob>", "skip these paths; may be repeated", rule(false))
    .option("--include <glob>", "do not skip these paths; of several rules, the last match wins", rule(true))
    .option("--skip-invalid", "skip keys that are not valid paths")
    .option("--concurrency <n>", "objects transferred at once", parsePositive, 8)
    .option("--from-option <key=value>", "like -o, for the source only", collectPair)
    .option("--to-option <key=value>", "like -o, for the destination only", collectPair)
    .addHelpText(
      "after",
      `
An object is copied if the destination lacks it, or has one of another size or an older one; where both sides have
MD5 ETags, as S3 has, these decide instead of the times. An interrupted sync continues when it is run again.

Globs: * and ? match within a name, ** also across slashes; [a-z] and {a,b} work too. A glob without a slash matches
names at any depth. What is skipped is neither copied nor deleted.

Examples:
  storeport sync photos s3://my-bucket/photos
  storeport sync --delete --dry-run s3://my-bucket/photos photos
  storeport sync --exclude '*.tmp' --exclude node_modules . s3://my-bucket/backup`,
    );
  addOutputOptions(addStoreOptions(command)).action(async (from: string, to: string, flags: Flags) => {
    if (flags.checksum && flags.sizeOnly) throw new UsageError("Give --checksum or --size-only, not both");
    if (flags.allowEmpty && !flags.delete) {
      throw new UsageError("Cannot use --allow-empty without --delete: nothing is deleted then anyway");
    }
    // Users of other tools expect the first match to win: they would lose what they mean to keep.
    if (rules[0]?.include) {
      throw new UsageError(
        `Cannot use --include ${
          JSON.stringify(rules[0].pattern)
        } before any --exclude: of several rules the last ` +
          "match wins; give it after the --exclude that it is an exception to",
      );
    }
    context.requireUrl("-o", flags.option, [from, to]);
    context.requireUrl("--from-option", flags.fromOption, [from]);
    context.requireUrl("--to-option", flags.toOption, [to]);
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
    await context.requireDirectory(source, "synchronise");
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
