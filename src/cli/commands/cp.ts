/** `storeport cp`: objects from any store to any store. */
import type { Command } from "commander";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { collectPair } from "../options.ts";
import { transfer } from "../transfer.ts";
import {
  addAttributeOptions,
  addTransferOptions,
  type AttributeFlags,
  attributesOf,
  modeOf,
  type TransferFlags,
} from "./transfer_options.ts";

interface Flags extends TransferFlags, AttributeFlags {
  readonly fromOption?: Readonly<Record<string, string>>;
  readonly toOption?: Readonly<Record<string, string>>;
}

/** `storeport cp [options] <source...> <destination>`. */
export function cp(program: Command, context: Context): void {
  const command = program.command("cp")
    .description("Copy objects, within a store or between two.")
    .argument("<source...>", "objects to copy, then the destination")
    .usage("[options] <source...> <destination>")
    .option("--from-option <key=value>", "like -o, for the sources only", collectPair)
    .option("--to-option <key=value>", "like -o, for the destination only", collectPair)
    .addHelpText(
      "after",
      `
With -r, all objects below the source are copied below the destination; with several sources, each keeps its own
name there. Content type and other attributes are copied along, except to local files, which cannot hold them.

Examples:
  storeport cp README.md copy.md
  storeport cp -r src http://127.0.0.1:8080/backup/src
  storeport cp -r http://127.0.0.1:8080/backup file:///srv/backup`,
    );
  addAttributeOptions(addTransferOptions(command)).action(async (args: string[], flags: Flags) => {
    if (args.length < 2) throw new UsageError(`Where is "${args[0]}" to go? Give a destination after it`);
    const [sources, destination] = [args.slice(0, -1), args.at(-1)!];
    context.requireUrl("-o", flags.option, args);
    context.requireUrl("--from-option", flags.fromOption, sources);
    context.requireUrl("--to-option", flags.toOption, [destination]);
    const attributes = attributesOf(flags);
    const from = { ...flags.option, ...flags.fromOption };
    const to = { ...flags.option, ...flags.toOption };
    await transfer(context, {
      ...flags,
      sources: await Promise.all(
        // One store where both sides are the same, whatever the destination does with attributes.
        sources.map((arg) => context.open(arg, { options: from, dropAttributes: attributes === undefined })),
      ),
      destination: await context.open(destination, {
        options: to,
        dropAttributes: attributes === undefined,
      }),
      move: false,
      recursive: flags.recursive ?? false,
      dryRun: flags.dryRun ?? false,
      mode: modeOf(flags),
      attributes,
    });
  });
}
