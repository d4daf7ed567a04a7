/** `storeport put`: uploads local files. */
import type { Command } from "commander";
import { wrapStream } from "../../store/stream.ts";
import type { Context, Location } from "../context.ts";
import { UsageError } from "../errors.ts";
import { createProgress } from "../progress.ts";
import { checkMode, transfer } from "../transfer.ts";
import {
  addAttributeOptions,
  addTransferOptions,
  type AttributeFlags,
  attributesOf,
  modeOf,
  type TransferFlags,
} from "./transfer_options.ts";

interface Flags extends TransferFlags, AttributeFlags {
  readonly ifMatch?: string;
}

/** `storeport put [options] <file...> <url>`. */
export function put(program: Command, context: Context): void {
  const command = program.command("put")
    .description("Upload local files to a store.")
    .argument("<file...>", 'files, or directories with -r, or "-" for standard input; then the destination')
    .option("--if-match <etag>", "replace the object only if it has this ETag")
    .usage("[options] <file...> <url>")
    .addHelpText(
      "after",
      `
With several files, the destination must end in "/".

Examples:
  storeport put README.md http://127.0.0.1:8080/docs/
  storeport put -r src http://127.0.0.1:8080/backup/src
  date | storeport put - http://127.0.0.1:8080/now.txt`,
    );
  addAttributeOptions(addTransferOptions(command)).action(async (args: string[], flags: Flags) => {
    const url = args.at(-1)!;
    if (args.length < 2) throw new UsageError(`Where is "${url}" to go? Give a URL after it`);
    const files = args.slice(0, -1);
    context.requireUrl("-o", flags.option, args);
    const attributes = attributesOf(flags);
    const destination = await context.open(url, {
      options: flags.option,
      dropAttributes: attributes === undefined,
    });
    if (files.includes("-")) return await putInput(context, files, destination, flags);
    await transfer(context, {
      ...flags,
      sources: await Promise.all(files.map((file) => context.open(file, { options: flags.option }))),
      destination,
      move: false,
      recursive: flags.recursive ?? false,
      dryRun: flags.dryRun ?? false,
      mode: modeOf(flags),
      attributes,
    });
  });
}

async function putInput(
  context: Context,
  files: readonly string[],
  destination: Location,
  flags: Flags,
): Promise<void> {
  if (files.length > 1) throw new UsageError("Standard input cannot be put together with files");
  if (flags.recursive) throw new UsageError("Cannot use -r: standard input is one object");
  if (destination.directory) {
    throw new UsageError(`Cannot put standard input at "${destination.shown}": it needs a name`);
  }
  const record = { action: "copy", from: "-", to: destination.shown };
  if (flags.dryRun) {
    await checkMode(destination.store, destination.path, modeOf(flags), context.signal);
    if (flags.json) await context.printJson({ ...record, dryRun: true });
    else if (!flags.quiet) await context.print(`would copy - to ${destination.shown}`);
    return;
  }
  const progress = await createProgress(context.runtime, !flags.quiet && !flags.json);
  progress.expect(undefined);
  let size = 0;
  try {
    const input = wrapStream(context.runtime.stdin, {
      chunk(chunk) {
        size += chunk.byteLength;
        progress.add(chunk.byteLength);
      },
    });
    const { eTag } = await destination.store.put(destination.path, input, {
      mode: modeOf(flags),
      attributes: attributesOf(flags),
      signal: context.signal,
    });
    if (flags.json) await context.printJson({ ...record, size, eTag });
  } finally {
    progress.stop();
  }
}
