/**
 * `deno task npm`: writes the Node package into `npm/`, through dnt where JSR answers and through `deno pack` where it
 * does not, from one description (`scripts/npm/package.ts`); the page of `storeport gateway --ui` goes with it.
 * `--with dnt` or `--with deno-pack` insists on one of them, `--pack` also makes the tarball that `npm publish` would
 * send, and prints its path last.
 */
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { buildWithDenoPack } from "./npm/deno_pack.ts";
import { buildWithDnt, jsrAnswers } from "./npm/dnt.ts";
import { buildUi } from "./build_ui.ts";
import { ASSETS, BIN, type BuiltEntry, packageJson, PACKAGES, type Project, UI } from "./npm/package.ts";
import { run } from "./npm/process.ts";
import { importedPackages } from "./npm/imports.ts";

const root = new URL("..", import.meta.url).pathname;
const folder = join(root, "npm");

const BUILDERS = { dnt: buildWithDnt, "deno-pack": buildWithDenoPack };

const { values } = parseArgs({
  args: Deno.args,
  options: { with: { type: "string" }, pack: { type: "boolean" } },
});
const way = values.with ?? (await jsrAnswers() ? "dnt" : "deno-pack");
if (way !== "dnt" && way !== "deno-pack") throw new Error(`No builder "${way}": there are dnt and deno-pack`);
if (way === "dnt" && values.with !== undefined && !await jsrAnswers()) {
  console.error(
    'Cannot build with @deno/dnt, which comes from JSR: JSR does not answer. "--with deno-pack" needs none of it',
  );
  Deno.exit(1);
}
const why = values.with !== undefined ? "as asked" : way === "dnt" ? "JSR answers" : "JSR does not answer";
console.log(`Building npm/ with ${way === "dnt" ? "@deno/dnt" : "deno pack"} (${why})`);

const project = JSON.parse(await Deno.readTextFile(join(root, "deno.json"))) as Project;
await Deno.remove(folder, { recursive: true }).catch(() => {});
await Deno.mkdir(folder, { recursive: true });
const locate = await BUILDERS[way](project, root, folder);
await finish(locate);
const page = await buildUi(join(folder, UI));
console.log(`Built the page: ${page.files} files, ${(page.bytes / 1024).toFixed(0)} KiB`);
await check(locate);
const size = await sizeOf(folder);
console.log(`Wrote npm/: ${size.files} files, ${(size.bytes / 1024).toFixed(0)} KiB`);
if (values.pack) {
  const tarballs = join(root, ".cache", "npm");
  await Deno.mkdir(tarballs, { recursive: true });
  const args = ["pack", "--json", "--loglevel=error", "--pack-destination", tarballs];
  const packed = JSON.parse(await run("npm", args, folder)) as unknown;
  // npm 12 tells by package, earlier ones in a list.
  const [{ filename, size: bytes }] = Object.values(packed as object) as [{ filename: string; size: number }];
  console.log(`Packed ${(bytes / 1024).toFixed(0)} KiB`);
  console.log(join(tarballs, filename));
}

/** Writes what both builders leave to us. */
async function finish(locate: (source: string) => BuiltEntry): Promise<void> {
  await Deno.writeTextFile(
    join(folder, "package.json"),
    JSON.stringify(packageJson(project, locate), undefined, 2) + "\n",
  );
  for (const asset of ASSETS) await Deno.copyFile(join(root, asset), join(folder, asset));
  const bin = join(folder, BIN);
  await Deno.mkdir(dirname(bin), { recursive: true });
  const { code } = locate(project.exports["./cli"]!);
  // A late import: bundlers take a static one of a package without side effects for dead code.
  await Deno.writeTextFile(bin, `#!/usr/bin/env node\nawait import("../${code.slice(2)}");\n`);
  await Deno.chmod(bin, 0o755);
}

/** Every file that `package.json` names is there, and no code imports what it does not name. */
async function check(locate: (source: string) => BuiltEntry): Promise<void> {
  for (const source of Object.values(project.exports)) {
    const { code, types } = locate(source);
    for (const file of [code, types]) await Deno.stat(join(folder, file));
  }
  const strays = (await importedPackages(folder)).filter((name) => !PACKAGES.includes(name));
  if (strays.length > 0) throw new Error(`The package imports ${strays.join(", ")}, which it does not name`);
}

async function sizeOf(path: string): Promise<{ files: number; bytes: number }> {
  let files = 0, bytes = 0;
  for await (const entry of Deno.readDir(path)) {
    const inner = join(path, entry.name);
    const more = entry.isDirectory ? await sizeOf(inner) : { files: 1, bytes: (await Deno.stat(inner)).size };
    files += more.files, bytes += more.bytes;
  }
  return { files, bytes };
}
