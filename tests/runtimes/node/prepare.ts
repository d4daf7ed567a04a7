/** The project that Node and Bun share: the package, what hosts guests, and the program bundled beside them. */
import { join } from "node:path";
import { bundle } from "../bundle.ts";
import { ROOT } from "../places.ts";
import { HOST_PACKAGE, project } from "../project.ts";

let prepared: Promise<{ readonly folder: string; readonly program: string }> | undefined;

/** Made once a process. */
export function preparedProject(): Promise<{ readonly folder: string; readonly program: string }> {
  return prepared ??= prepare();
}

async function prepare() {
  const folder = await project("host", [HOST_PACKAGE]);
  // The cases look for guests two folders above their own.
  await Deno.symlink(join(ROOT, "tests", "guests"), join(folder, "guests")).catch(() => {});
  const program = await bundle({
    entry: "node/program.ts",
    project: folder,
    outdir: join(folder, "tests", "program"),
    packages: "external",
  });
  return { folder, program };
}
