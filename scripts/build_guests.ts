/**
 * Builds the WebAssembly guests of the tests.
 *
 * ```sh
 * deno run -A scripts/build_guests.ts              # rebuild the committed guests whose sources changed
 * deno run -A scripts/build_guests.ts --check      # only say whether binaries and sources agree
 * deno run -A scripts/build_guests.ts js-fetch     # build one guest; also those that are built on demand
 * deno run -A scripts/build_guests.ts --on-demand  # build all that are built on demand
 * ```
 *
 * @module
 */

import { Command } from "commander";
import { buildCommitted, buildOnDemand } from "./build_guests/build.ts";
import { COMMITTED, ON_DEMAND } from "./build_guests/guests.ts";
import { problemOf, readManifest } from "./build_guests/manifest.ts";

interface Flags {
  check?: boolean;
  force?: boolean;
  onDemand?: boolean;
}

async function check(names: string[]): Promise<void> {
  const manifest = await readManifest();
  const problems = await Promise.all(names.map((name) => problemOf(name, COMMITTED[name]!, manifest)));
  const found = problems.filter((problem) => problem !== undefined);
  for (const problem of found) console.error(problem);
  if (found.length > 0) process.exitCode = 1;
  else console.log(`${names.length} committed guests match their sources`);
}

async function build(names: string[], flags: Flags): Promise<void> {
  for (const name of names) {
    const source = COMMITTED[name] ?? ON_DEMAND[name];
    if (source === undefined) throw new Error(`There is no guest "${name}"`);
    const result = name in COMMITTED
      ? await buildCommitted(name, flags.force)
      : await buildOnDemand(name, flags.force);
    console.log(`${name}: ${result}`);
  }
}

await new Command("build_guests")
  .description("Builds the WebAssembly guests of the tests")
  .argument(
    "[guest...]",
    `which guests: ${[...Object.keys(COMMITTED), ...Object.keys(ON_DEMAND)].join(", ")}`,
  )
  .option("--check", "only check that the committed binaries match their sources")
  .option("--force", "build even what is up to date")
  .option("--on-demand", "build the guests that are not committed")
  .action((names: string[], flags: Flags) => {
    const all = Object.keys(flags.onDemand ? ON_DEMAND : COMMITTED);
    const wanted = names.length > 0 ? names : all;
    return flags.check ? check(wanted.filter((name) => name in COMMITTED)) : build(wanted, flags);
  })
  .parseAsync();
