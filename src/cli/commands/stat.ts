/** `storeport stat`: metadata and attributes of objects. */
import type { Command } from "commander";
import { type Context, type Location, pathIn } from "../context.ts";
import { clean } from "../errors.ts";
import { formatSize, formatTime } from "../format.ts";
import {
  addOutputOptions,
  addStoreOptions,
  type OutputFlags,
  QUIET_RETRIES,
  type StoreFlags,
} from "../options.ts";

interface Flags extends StoreFlags, OutputFlags {
  readonly objectVersion?: string;
}

/** `storeport stat [options] <url...>`. */
export function stat(program: Command, context: Context): void {
  const command = program.command("stat")
    .description("Show size, time, ETag and attributes of objects.")
    .argument("<url...>", "objects to look at")
    .option("--object-version <id>", "show this version of the object")
    .addHelpText(
      "after",
      `
Examples:
  storeport stat README.md
  storeport stat --json http://127.0.0.1:8080/report.csv`,
    );
  addOutputOptions(addStoreOptions(command), QUIET_RETRIES).action(
    async (urls: string[], flags: Flags) => {
      context.requireUrl("-o", flags.option, urls);
      for (const url of urls) {
        await show(context, await context.open(url, { options: flags.option }), flags.objectVersion, flags);
      }
    },
  );
}

async function show(
  context: Context,
  location: Location,
  version: string | undefined,
  { json }: OutputFlags,
): Promise<void> {
  const result = await location.store.get(location.path, { head: true, version, signal: context.signal });
  const { meta, attributes } = result;
  await result.body.cancel();
  if (json) {
    await context.printJson({
      path: pathIn(location, meta.location),
      size: meta.size,
      lastModified: meta.lastModified.toISOString(),
      eTag: meta.eTag,
      version: meta.version,
      attributes,
      store: location.store.name,
    });
    return;
  }
  const { metadata = {}, ...named } = attributes;
  const lines: [string, string | undefined][] = [
    ["path", pathIn(location, meta.location)],
    ["store", location.store.name],
    ["size", `${formatSize(meta.size)}${meta.size < 1024 ? "" : ` (${meta.size} bytes)`}`],
    ["modified", meta.lastModified.getTime() === 0 ? undefined : formatTime(meta.lastModified)],
    ["etag", meta.eTag],
    ["version", meta.version],
    ...Object.entries(named),
    ...Object.entries(metadata).map(([key, value]): [string, string] => [`metadata.${key}`, value]),
  ];
  for (const [name, value] of lines) {
    if (value !== undefined) await context.print(`${`${name}:`.padEnd(14)} ${clean(value)}`);
  }
}
