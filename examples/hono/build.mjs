// node build.mjs: makes hono.wasm, a component of app.js, Hono and a JavaScript engine (StarlingMonkey).
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { componentize } from "@bytecodealliance/componentize-js";
import { _addPreopen } from "@bytecodealliance/preview2-shim/filesystem";
import { build } from "esbuild";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const WORK = path("build/");
const INTERFACES = path("node_modules/@bytecodealliance/jco/lib/wit/builtin/");

/** What jco brings of WASI's interfaces, whole, and the version that the engine is made for; their contents agree. */
const BROUGHT = "0.2.12", WANTED = "0.2.10";

await rm(WORK, { recursive: true, force: true });
await mkdir(`${WORK}wit`, { recursive: true });
await cp(path("world.wit"), `${WORK}wit/world.wit`);
await interfaces(`${WORK}wit/deps`);

// The engine takes one file.
await build({
  entryPoints: [path("app.js")],
  bundle: true,
  format: "esm",
  outfile: `${WORK}app.js`,
});

// The tools are components themselves, and see of the file system what they are given.
_addPreopen("/", "/");
const { component } = await componentize({
  sourcePath: `${WORK}app.js`,
  witPath: `${WORK}wit`,
  worldName: "app",
});
await writeFile(path("hono.wasm"), component);
console.log(`hono.wasm, ${(component.length / 2 ** 20).toFixed(1)} MiB`);

async function interfaces(target) {
  await cp(`${INTERFACES}${BROUGHT}`, target, { recursive: true });
  for (const name of await readdir(target)) {
    const file = `${target}/${name}/package.wit`;
    const text = (await readFile(file, "utf8")).replaceAll(BROUGHT, WANTED);
    // Worlds name features of the version they came with; this one has its own.
    await writeFile(
      file,
      text.replace(/^(?:@[^\n]*\n)*world [\w-]+ \{[^]*?^\}/gm, ""),
    );
  }
  await cp(`${INTERFACES}${WANTED}`, target, { recursive: true });
}
