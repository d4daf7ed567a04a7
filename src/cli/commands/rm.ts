/** `storeport rm`: deletes objects. */
import type { Command } from "commander";
import { NotFoundError } from "../../store/error.ts";
import type { Path } from "../../store/path.ts";
import { type Context, type Location, shownBelow } from "../context.ts";
import { errorRecord, PartialFailure, UsageError } from "../errors.ts";
import { count } from "../format.ts";
import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from "../options.ts";

interface Flags extends StoreFlags, OutputFlags {
  readonly recursive?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly entireStore?: boolean;
}

interface Tally {
  deleted: number;
  failed: number;
}

/** `storeport rm [options] <url...>`. */
export function rm(program: Command, context: Context): void {
  const command = program.command("rm")
    .description("Delete objects.")
    .argument("<url...>", "objects to delete")
    .option("-r, --recursive", "delete all objects below each URL")
    .option("-n, --dry-run", "only print what would be deleted")
    .option("-f, --force", "do not fail when an object is missing")
    .option("--entire-store", "allow -r on the root of a store")
    .addHelpText(
      "after",
      `
Local directories that become empty are kept; -o automaticCleanup=true with a file: URL removes them too.

Examples:
  storeport rm -r --dry-run http://127.0.0.1:8080/backup
  storeport rm old.txt older.txt`,
    );
  addOutputOptions(addStoreOptions(command)).action(async (urls: string[], flags: Flags) => {
    context.requireUrl("-o", flags.option, urls);
    if (flags.entireStore && !flags.recursive) {
      throw new UsageError("Cannot use --entire-store without -r: it lets -r begin at the root of a store");
    }
    const locations = await Promise.all(urls.map((url) => context.open(url, { options: flags.option })));
    for (const { path, shown } of locations) {
      if (path !== "") continue;
      if (!flags.recursive) throw new UsageError(`Cannot delete "${shown}": it is the root of a store`);
      if (!flags.entireStore) throw new UsageError(`Cannot delete all of "${shown}" without --entire-store`);
    }
    const tally: Tally = { deleted: 0, failed: 0 };
    for (const location of locations) await remove(context, location, flags, tally);
    if (flags.recursive && !flags.quiet && !flags.json && !flags.dryRun) {
      await context.note(`Deleted ${count(tally.deleted, "object")}`);
    }
    if (tally.failed > 0) {
      const all = tally.failed + tally.deleted;
      throw new PartialFailure(all === 1 ? "" : `${tally.failed} of ${count(all, "object")} failed`);
    }
  });
}

async function remove(context: Context, location: Location, flags: Flags, tally: Tally): Promise<void> {
  const { signal } = context;
  const paths = flags.recursive ? below(context, location, flags) : [location.path];
  if (flags.dryRun) {
    for await (const path of paths) {
      // What is not there cannot be deleted: a dry run says so too.
      if (!flags.recursive && !flags.force) await location.store.head(path, { signal });
      const object = shownBelow(location, path);
      if (flags.json) await context.printJson({ action: "delete", object, dryRun: true });
      else if (!flags.quiet) await context.print(`would delete ${object}`);
    }
    return;
  }
  for await (const outcome of location.store.deleteAll(paths, { signal })) {
    const missing = !outcome.ok && outcome.error instanceof NotFoundError;
    if (outcome.ok || (missing && flags.force)) {
      tally.deleted++;
      if (flags.json) {
        await context.printJson({ action: "delete", object: shownBelow(location, outcome.path) });
      }
      continue;
    }
    signal.throwIfAborted();
    tally.failed++;
    await context.report(outcome.error);
    if (flags.json) {
      await context.printJson({
        action: "delete",
        object: shownBelow(location, outcome.path),
        error: errorRecord(outcome.error),
      });
    }
  }
}

/** All objects below a place; what is no directory may be an object itself. */
async function* below(context: Context, location: Location, flags: Flags): AsyncGenerator<Path> {
  const { store, path, directory } = location;
  const { signal } = context;
  let found = false;
  for await (const meta of store.list(path, { signal })) {
    found = true;
    yield meta.location;
  }
  if (found || path === "") return;
  try {
    await store.head(path, { signal });
    yield path;
  } catch (error) {
    if (!(error instanceof NotFoundError && (flags.force || directory))) throw error;
  }
}
