/** `storeport get`: downloads objects. */
import type { Command } from "commander";
import type { GetRange } from "../../store/range.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { transfer } from "../transfer.ts";
import { writeObject } from "./cat.ts";
import { addTransferOptions, modeOf, rangeArgument, type TransferFlags } from "./transfer_options.ts";

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
    async (url: string, file: string, flags: TransferFlags & { range?: GetRange }) => {
      const source = await context.open(url, { options: flags.option });
      if (file === "-") {
        if (flags.recursive) throw new UsageError("Cannot write many objects to standard output");
        if (!flags.dryRun) await writeObject(context, source, flags.range);
        return;
      }
      await transfer(context, {
        ...flags,
        sources: [source],
        destination: await context.open(file, { dropAttributes: true }),
        move: false,
        recursive: flags.recursive ?? false,
        dryRun: flags.dryRun ?? false,
        mode: modeOf(flags),
      });
    },
  );
}
