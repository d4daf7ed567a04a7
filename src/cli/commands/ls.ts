/** `storeport ls`: lists objects and common prefixes. */
import type { Command } from "commander";
import { NotFoundError } from "../../store/error.ts";
import { parentOf, type Path, ROOT_PATH } from "../../store/path.ts";
import type { ListOptions, ObjectMeta } from "../../store/types.ts";
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
  readonly long?: boolean;
  readonly recursive?: boolean;
  readonly bytes?: boolean;
  readonly skipInvalid?: boolean;
}

/** `storeport ls [options] [url]`. */
export function ls(program: Command, context: Context): void {
  const command = program.command("ls")
    .description("List objects: one level, or everything below a prefix.")
    .argument("[url]", "directory, prefix or object", ".")
    .option("-l, --long", "show sizes and times of last modification")
    .option("-r, --recursive", "list everything below, in the store's order")
    .option("-b, --bytes", "like -l, with sizes in bytes")
    .option("--skip-invalid", "skip keys that are not valid paths")
    .addHelpText(
      "after",
      `
Names that end in "/" are common prefixes: what lies below them is not shown without -r.
With --json, sizes and times are always shown.

Examples:
  storeport ls -l src
  storeport ls -r --json file:///etc
  storeport ls http://127.0.0.1:8080/backup/`,
    );
  addOutputOptions(addStoreOptions(command), QUIET_RETRIES).action(async (url: string, flags: Flags) => {
    context.requireUrl("-o", flags.option, [url]);
    await list(context, await context.open(url, { options: flags.option }), flags);
  });
}

async function list(context: Context, location: Location, flags: Flags): Promise<void> {
  const { store, path } = location;
  const options: ListOptions = { signal: context.signal, invalidPaths: flags.skipInvalid ? "skip" : "error" };
  const show = (meta: ObjectMeta) => showObject(context, location, meta, path, flags);
  let found = false;
  if (flags.recursive) {
    for await (const meta of store.list(path, options)) {
      found = true;
      await show(meta);
    }
  } else {
    const { commonPrefixes, objects } = await store.listWithDelimiter(path, options);
    found = commonPrefixes.length + objects.length > 0;
    for (const prefix of commonPrefixes) await showPrefix(context, location, prefix, flags);
    for (const meta of objects.toSorted((a, b) => a.location < b.location ? -1 : 1)) await show(meta);
  }
  if (!found && path !== "") {
    const meta = await objectAt(context, location);
    if (meta) await showObject(context, location, meta, parentOf(path) ?? ROOT_PATH, flags);
  }
}

/** The object that the place itself is; `undefined` for an empty directory. */
async function objectAt(
  context: Context,
  { store, path, directory }: Location,
): Promise<ObjectMeta | undefined> {
  try {
    return await store.head(path, { signal: context.signal });
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    if (directory && (await isEmptyDirectory(context, store, path))) return undefined;
    throw error;
  }
}

async function isEmptyDirectory(context: Context, store: Location["store"], path: Path): Promise<boolean> {
  const above = await store.listWithDelimiter(parentOf(path), {
    signal: context.signal,
    invalidPaths: "skip",
  });
  return above.commonPrefixes.includes(path);
}

async function showObject(
  context: Context,
  place: Location,
  meta: ObjectMeta,
  base: Path,
  flags: Flags,
): Promise<void> {
  const { location, size, lastModified, eTag, version } = meta;
  if (flags.json) {
    await context.printJson({
      path: pathIn(place, location),
      size,
      lastModified: lastModified.toISOString(),
      eTag,
      version,
    });
    return;
  }
  const name = clean(below(location, base));
  if (!flags.long && !flags.bytes) return await context.print(name);
  const shownSize = (flags.bytes ? String(size) : formatSize(size)).padStart(flags.bytes ? 14 : 10);
  await context.print(`${shownSize}  ${formatTime(lastModified)}  ${name}`);
}

async function showPrefix(context: Context, place: Location, prefix: Path, flags: Flags): Promise<void> {
  if (flags.json) return await context.printJson({ prefix: pathIn(place, prefix) });
  const name = `${clean(below(prefix, place.path))}/`;
  await context.print(
    flags.long || flags.bytes ? `${"-".padStart(flags.bytes ? 14 : 10)}  ${" ".repeat(19)}  ${name}` : name,
  );
}

function below(path: Path, base: Path): string {
  return base === "" ? path : path.slice(base.length + 1);
}
