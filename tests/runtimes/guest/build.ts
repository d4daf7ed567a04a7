/** Building the program as a component, with the engine (StarlingMonkey) in it. */
import { copyFile, cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Plugin } from "esbuild";
import { GUESTS_DIR } from "../../../scripts/build_guests/guests.ts";
import { npmTools } from "../../../scripts/build_guests/npm_tools.ts";
import { run } from "../../../scripts/npm/process.ts";
import { bundle } from "../bundle.ts";
import { CACHE } from "../places.ts";
import { project } from "../project.ts";

/** What the package loads only where `node:` is: a guest never gets there, and one file cannot hold it. */
const nodeLater: Plugin = {
  name: "node-later",
  setup(build) {
    build.onResolve(
      { filter: /(_node|_deno|\/node\/service)\.js$/ },
      ({ path, kind }) => kind === "dynamic-import" ? { path, external: true } : undefined,
    );
  },
};

/** The path of the component; built anew only when what goes into it has changed. */
export async function buildGuest(): Promise<string> {
  const work = join(CACHE, "guest");
  const source = await bundle({
    entry: "guest/program.js",
    project: await project("stores"),
    outdir: join(work, "program"),
    packages: "bundle",
    external: ["wasi:*", "@bytecodealliance/*"],
    oneFile: true,
    plugins: [nodeLater],
  });
  const output = join(work, "guest.wasm"), stamp = join(work, "source.js");
  const text = await Deno.readTextFile(source);
  if (await Deno.readTextFile(stamp).catch(() => "") === text) return output;
  await Deno.remove(stamp).catch(() => {});
  const modules = await npmTools();
  const wit = join(work, "wit");
  await mkdir(join(wit, "deps"), { recursive: true });
  await copyFile(join(GUESTS_DIR, "js-storeport", "wit", "world.wit"), join(wit, "world.wit"));
  await cp(join(modules, "@bytecodealliance/jco/lib/wit/builtin/0.2.12"), join(wit, "deps"), {
    recursive: true,
  });
  const tools = dirname(modules);
  await copyFile(join(GUESTS_DIR, "tools", "componentize.mjs"), join(tools, "componentize.mjs"));
  await run("node", ["componentize.mjs", source, wit, "javascript", output], tools);
  await Deno.writeTextFile(stamp, text);
  return output;
}
