/** `storeport get`: downloads objects. */
import type { Command } from "commander";
import type { GetRange } from "../../store/range.ts";
import type { Context, Location } from "../context.ts";
import { UsageError } from "../errors.ts";
import { transfer } from "../transfer.ts";
import { writeObject } from "./cat.ts";
import { addTransferOptions, modeOf, rangeArgument, type TransferFlags } from "./transfer_options.ts";

interface Flags extends TransferFlags {
  readonly range?: GetRange;
}

/** `storeport get [options] <url> [file]`. */
export function get(program: Command, context: Context): void {
  const command = program.command("get")
    .description("Download an object, or everything below a prefix.")
    .argument("<url>", "what to download")
    .argument("[file]", 'file or directory to write, "-" for standard output', ".")
    .option("--range <range>", "only these bytes: 0-99, 100- or -100", rangeArgument)
    .addHelpText(
      "after",
      `
A file appears under its name only once it is complete.

Examples:
  storeport get http://127.0.0.1:8080/report.csv
  storeport get -r http://127.0.0.1:8080/backup/ restored
  storeport get --range -1024 README.md - | cat`,
    );
  addTransferOptions(command).action(
    async (url: string, file: string, flags: Flags) => {
      context.requireUrl("-o", flags.option, [url, file]);
      const source = await context.open(url, { options: flags.option });
      if (file === "-") return await writeToOutput(context, source, flags);
      await transfer(context, {
        ...flags,
        sources: [source],
        destination: await context.open(file, { options: flags.option, dropAttributes: true }),
        move: false,
        recursive: flags.recursive ?? false,
        dryRun: flags.dryRun ?? false,
        mode: modeOf(flags),
      });
    },
  );
}

async function writeToOutput(context: Context, source: Location, flags: Flags): Promise<void> {
  if (flags.recursive) throw new UsageError("Cannot write many objects to standard output");
  if (flags.json) throw new UsageError("Cannot use --json: standard output is to hold the object");
  if (!flags.dryRun) return void await writeObject(context, source, flags.range);
  await source.store.head(source.path, { signal: context.signal });
  if (!flags.quiet) await context.print(`would copy ${source.shown} to -`);
}
