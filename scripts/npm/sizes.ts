/**
 * `deno run -A scripts/npm/sizes.ts`: what the built package weighs and how long it takes to load: packed, unpacked,
 * each entry point in a bundle, installed with and without what hosts guests. Needs `deno task npm --pack`.
 */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, stop } from "esbuild";
import { runNode } from "../../tests/npm/tools.ts";
import { HOST_PACKAGE, project, tarball } from "../../tests/runtimes/project.ts";
import { ROOT } from "../../tests/runtimes/places.ts";

const NAME = "@storeport/storeport";
const { exports } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json"))) as {
  exports: Record<string, string>;
};
const entries = Object.keys(exports).filter((name) => name !== "./cli").map((name) => NAME + name.slice(1));
const stores = await project("stores"), host = await project("host", [HOST_PACKAGE]);

console.log("The package");
row("packed", kib((await Deno.stat(await tarball())).size));
row("unpacked", kib(folderSize(join(stores, "node_modules", NAME))));

console.log("\nInstalled, with dependencies");
row("for stores and the command", kib(folderSize(join(stores, "node_modules"))));
row(`with ${HOST_PACKAGE} beside it`, kib(folderSize(join(host, "node_modules"))));
for (const { name, bytes } of dependencies(join(host, "node_modules"))) row(`  ${name}`, kib(bytes));

console.log("\nIn a bundle for browsers, minified: at once and gzip, then later and gzip");
for (const entry of entries) {
  const { first, later } = await bundled(entry);
  row(entry, `${kib(first.bytes)} ${kib(first.gzip)}   ${kib(later.bytes)} ${kib(later.gzip)}`);
}
await stop();

console.log("\nImport on Node 24, median of 9 processes");
for (const entry of entries) row(entry, `${(await importTime(entry)).toFixed(0).padStart(5)} ms`);
row("the first guest (components become JavaScript)", `${(await guestTime()).toFixed(0).padStart(5)} ms`);
Deno.exit();

function row(name: string, value: string): void {
  console.log(`  ${name.padEnd(48)} ${value}`);
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(bytes < 100 * 1024 ? 1 : 0).padStart(8)} KiB`;
}

function folderSize(path: string): number {
  let total = 0;
  for (const entry of Deno.readDirSync(path)) {
    const inner = join(path, entry.name);
    if (entry.isSymlink) continue;
    total += entry.isDirectory ? folderSize(inner) : Deno.statSync(inner).size;
  }
  return total;
}

/** The largest packages, scopes apart. */
function dependencies(modules: string): { readonly name: string; readonly bytes: number }[] {
  const names = Array.from(Deno.readDirSync(modules), ({ name }) => name).flatMap((name) =>
    name.startsWith("@")
      ? Array.from(Deno.readDirSync(join(modules, name)), (inner) => `${name}/${inner.name}`)
      : name.startsWith(".")
      ? []
      : [name]
  );
  return names.map((name) => ({ name, bytes: folderSize(join(modules, name)) }))
    .toSorted((a, b) => b.bytes - a.bytes).slice(0, 8);
}

interface Weight {
  bytes: number;
  gzip: number;
}

/** What a page loads with the import of everything in an entry, and what it may load when it uses it. */
async function bundled(entry: string): Promise<{ first: Weight; later: Weight }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: `export * from "${entry}";`, resolveDir: stores, loader: "js" },
    bundle: true,
    format: "esm",
    splitting: true,
    minify: true,
    metafile: true,
    write: false,
    platform: "browser",
    external: ["node:*", "@bytecodealliance/*"],
    outdir: "out",
    absWorkingDir: stores,
    logLevel: "error",
    tsconfigRaw: {},
  });
  const outputs = metafile.outputs;
  const main = Object.keys(outputs).find((name) => outputs[name]!.entryPoint === "<stdin>")!;
  const atOnce = new Set<string>();
  const visit = (name: string): void => {
    if (atOnce.has(name) || outputs[name] === undefined) return;
    atOnce.add(name);
    for (const { path, kind } of outputs[name].imports) if (kind === "import-statement") visit(path);
  };
  visit(main);
  const first = { bytes: 0, gzip: 0 }, later = { bytes: 0, gzip: 0 };
  for (const { path, contents } of outputFiles) {
    // Node's own never reach a page.
    if (/(_node|_deno)-/.test(path)) continue;
    const weight = [...atOnce].some((name) => path.endsWith(`/${name}`)) ? first : later;
    weight.bytes += contents.byteLength;
    weight.gzip += gzipSync(contents).byteLength;
  }
  return { first, later };
}

async function importTime(entry: string): Promise<number> {
  const script =
    `const began = performance.now(); await import("${entry}"); console.log(performance.now() - began);`;
  return await median(script, stores);
}

async function guestTime(): Promise<number> {
  const guest = JSON.stringify(join(ROOT, "tests/guests/hello/hello.wasm"));
  const script = `import { readFile } from "node:fs/promises"; const bytes = await readFile(${guest});
    const began = performance.now(); const { loadGuest } = await import("${NAME}/wasi");
    await loadGuest(bytes, { cache: false }); console.log(performance.now() - began);`;
  return await median(script, host);
}

async function median(script: string, folder: string): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < 9; run++) {
    times.push(Number(await runNode(24, ["--input-type=module", "--eval", script], folder)));
  }
  return times.toSorted((a, b) => a - b)[4]!;
}
