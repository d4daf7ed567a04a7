/** `storeport cat`: objects to standard output. */
import type { Command } from "commander";
import type { GetRange } from "../../store/range.ts";
import type { Context, Location } from "../context.ts";
import { addQuietOption, addStoreOptions, QUIET_RETRIES, type StoreFlags } from "../options.ts";
import { rangeArgument } from "./transfer_options.ts";

/** `storeport cat [options] <url...>`. */
export function cat(program: Command, context: Context): void {
  const command = program.command("cat")
    .description("Write objects to standard output, one after the other.")
    .argument("<url...>", "objects to write")
    .option("--range <range>", "only these bytes: 0-99, 100- or -100", rangeArgument)
    .addHelpText(
      "after",
      `
Examples:
  storeport cat README.md
  storeport cat --range 0-99 http://127.0.0.1:8080/data.bin | xxd`,
    );
  addQuietOption(addStoreOptions(command), QUIET_RETRIES).action(
    async (urls: string[], flags: StoreFlags & { range?: GetRange }) => {
      context.requireUrl("-o", flags.option, urls);
      for (const url of urls) {
        await writeObject(context, await context.open(url, { options: flags.option }), flags.range);
      }
    },
  );
}

/** Writes an object, or a part of it, to standard output. */
export async function writeObject(
  context: Context,
  { store, path }: Location,
  range?: GetRange,
): Promise<number> {
  const { signal } = context;
  const result = await store.get(path, { range, signal });
  let written = 0;
  let writing: Promise<void> = Promise.resolve();
  // Leaving the loop, as for a broken pipe, cancels the body.
  for await (const chunk of result.body) {
    // One chunk is read while the one before is being written.
    await writing;
    writing = context.runtime.stdout.write(chunk);
    writing.catch(() => {});
    written += chunk.byteLength;
  }
  await writing;
  return written;
}
