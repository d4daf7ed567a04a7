/** Building with `deno pack`: what comes with Deno and needs no registry. */
import { join } from "node:path";
import type { BuiltEntry, Project } from "./package.ts";
import { run } from "./process.ts";

/** Writes the code and declarations into `folder`; returns where entry points are. */
export async function buildWithDenoPack(
  _project: Project,
  root: string,
  folder: string,
): Promise<(source: string) => BuiltEntry> {
  const tarball = join(folder, "deno-pack.tgz");
  // Comments and names stay as they are in the sources, so maps would double the size to say little.
  await run(
    Deno.execPath(),
    ["pack", "--quiet", "--allow-dirty", "--no-source-maps", "--output", tarball],
    root,
  );
  await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", folder], root);
  await Deno.remove(tarball);
  return (source) => ({ code: source.replace(/\.ts$/, ".js"), types: source.replace(/\.ts$/, ".d.ts") });
}
