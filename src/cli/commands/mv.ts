/** `storeport mv`: moves objects. */
import type { Command } from "commander";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { transfer } from "../transfer.ts";
import { addTransferOptions, modeOf, type TransferFlags } from "./transfer_options.ts";

/** `storeport mv [options] <source...> <destination>`. */
export function mv(program: Command, context: Context): void {
  const command = program.command("mv")
    .description("Move objects, within a store or between two.")
    .argument("<source...>", "objects to move, then the destination")
    .usage("[options] <source...> <destination>")
    .addHelpText(
      "after",
      `
Within a store an object is renamed; between two stores it is copied, then deleted at the source. Local directories
that become empty are kept.

Examples:
  storeport mv old.txt new.txt
  storeport mv -r --dry-run inbox http://127.0.0.1:8080/archive/`,
    );
  addTransferOptions(command).action(async (args: string[], flags: TransferFlags) => {
    if (args.length < 2) throw new UsageError(`Where is "${args[0]}" to go? Give a destination after it`);
    context.requireUrl("-o", flags.option, args);
    const locations = await Promise.all(
      args.map((arg) => context.open(arg, { options: flags.option, dropAttributes: true })),
    );
    await transfer(context, {
      ...flags,
      sources: locations.slice(0, -1),
      destination: locations.at(-1)!,
      move: true,
      recursive: flags.recursive ?? false,
      dryRun: flags.dryRun ?? false,
      mode: modeOf(flags),
    });
  });
}
