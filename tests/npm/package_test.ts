/** The package as npm would publish it: linted, typed, imported, bundled and weighed. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { HOST_PACKAGE, project, tarball } from "../runtimes/project.ts";
import { ROOT } from "../runtimes/places.ts";
import { runNode, runTool, tools } from "./tools.ts";

const NAME = "@storeport/storeport";
const { exports: sources } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json"))) as {
  exports: Record<string, string>;
};
/** What consumers import; `./cli` is the command, which runs when it is imported. */
const ENTRIES = Object.keys(sources).filter((name) => name !== "./cli")
  .map((name) => NAME + name.slice(1));

Deno.test("package.json has an entry a point, types first, and nothing that a store does not need", async () => {
  const folder = join(await project("stores"), "node_modules", NAME);
  const manifest = JSON.parse(await Deno.readTextFile(join(folder, "package.json")));
  assert.deepEqual(Object.keys(manifest.exports), [...Object.keys(sources), "./package.json"]);
  for (const [name, conditions] of Object.entries(manifest.exports)) {
    if (name === "./package.json") continue;
    assert.deepEqual(Object.keys(conditions as object), ["types", "default"]);
    for (const path of Object.values(conditions as Record<string, string>)) {
      await Deno.stat(join(folder, path));
    }
  }
  assert.equal(manifest.sideEffects, false);
  assert.equal(manifest.type, "module");
  assert.deepEqual(Object.keys(manifest.bin), ["storeport"]);
  assert.ok(manifest.engines.node);
  assert.ok(!Object.keys(manifest.dependencies).some((name) => name.startsWith("@bytecodealliance/")));
  for (const asset of ["README.md", "CHANGELOG.md", "LICENSE"]) await Deno.stat(join(folder, asset));
});

Deno.test("publint finds nothing", async () => {
  const folder = join(await project("stores"), "node_modules", NAME);
  assert.match(await runTool("publint", ["--strict", folder], ROOT), /All good/);
});

Deno.test("the types are right for every resolution of ES modules", async () => {
  await runTool("attw", [await tarball(), "--profile", "esm-only"], ROOT);
});

const CONSUMER = `import { type ObjectStore, openStore } from "${NAME}";
${ENTRIES.map((entry, at) => `import * as entry${at} from "${entry}";`).join("\n")}

const { store, path } = await openStore("memory:///a");
const typed: ObjectStore = store;
await typed.put(path, "text");
const bytes: Uint8Array = await (await typed.get(path)).bytes();
for await (const { location, size } of typed.list()) console.log(location satisfies string, size satisfies number);
// @ts-expect-error: there is no such option
await typed.get(path, { rnge: { start: 0, end: 1 } });
console.log(bytes.length, ${ENTRIES.map((_, at) => `entry${at}`).join(", ")});
`;

for (const resolution of ["node16", "bundler"]) {
  Deno.test(`a strict consumer compiles with moduleResolution ${resolution}`, async () => {
    const folder = await project("types");
    const types = join(folder, "node_modules", "@types");
    await Deno.mkdir(types, { recursive: true });
    for (const name of ["@types/node", "undici-types"]) {
      await Deno.symlink(join(await tools(), name), join(folder, "node_modules", name)).catch(() => {});
    }
    const consumer = join(folder, `consumer_${resolution}.ts`);
    await Deno.writeTextFile(consumer, CONSUMER);
    const flags = [
      "--noEmit",
      "--strict",
      "--target",
      "esnext",
      "--skipLibCheck",
      "false",
      "--types",
      "node",
    ];
    const module = resolution === "node16" ? "node16" : "esnext";
    await runTool(
      "tsc",
      [...flags, "--module", module, "--moduleResolution", resolution, consumer],
      folder,
    );
  });
}

for (const line of [22, 24, 26] as const) {
  Deno.test(`every entry point is imported by Node ${line}`, async () => {
    const script = `for (const name of ${JSON.stringify(ENTRIES)}) {
      const count = Object.keys(await import(name)).length;
      if (count === 0) throw new Error(name + " exports nothing");
    }`;
    await runNode(line, ["--input-type=module", "--eval", script], await project("stores"));
  });
}

/** Prints what modules were loaded, as URLs. */
const LOADED = `import { registerHooks } from "node:module";
const loaded = [];
registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
await import(process.argv[1]);
console.log(JSON.stringify(loaded));`;

async function loadedBy(entry: string, folder: string): Promise<string[]> {
  return JSON.parse(await runNode(24, ["--input-type=module", "--eval", LOADED, entry], folder));
}

const HOST_PARTS = /@bytecodealliance|preview2-shim|\/src\/wasi\//;

Deno.test("stores are installed without anything of the host", async () => {
  const names = Array.from(
    Deno.readDirSync(join(await project("stores"), "node_modules")),
    ({ name }) => name,
  );
  assert.ok(!names.includes("@bytecodealliance"), names.join());
});

for (const entry of ENTRIES.filter((entry) => !/\/(wasi|testing)$/.test(entry))) {
  Deno.test(`${entry} loads nothing of the host, installed or not`, async () => {
    for (const folder of [await project("stores"), await project("host", [HOST_PACKAGE])]) {
      const loaded = await loadedBy(entry, folder);
      assert.ok(loaded.some((url) => url.includes(NAME)), "nothing was seen");
      assert.deepEqual(loaded.filter((url) => HOST_PARTS.test(url)), []);
    }
  });
}

Deno.test("the host's entry loads jco only when a guest is loaded", async () => {
  const loaded = await loadedBy(`${NAME}/wasi`, await project("host", [HOST_PACKAGE]));
  assert.deepEqual(loaded.filter((url) => url.includes("@bytecodealliance")), []);
});

/** Loads a guest and prints how that ended. */
const LOAD_GUEST = `import { loadGuest } from "${NAME}/wasi";
const { readFile } = await import("node:fs/promises");
const bytes = await readFile(process.argv[1]);
console.log(await loadGuest(bytes, { cache: false }).then(() => "loaded", ({ name, message }) => name + ": " + message));`;

const HELLO = join(ROOT, "tests/guests/hello/hello.wasm");

Deno.test("without its generator the host says what to install", async () => {
  const args = ["--input-type=module", "--eval", LOAD_GUEST, HELLO];
  assert.match(
    await runNode(24, args, await project("stores")),
    /^NotSupportedError: .*npm install @bytecodealliance\/jco-transpile@/,
  );
  assert.match(await runNode(24, args, await project("host", [HOST_PACKAGE])), /^loaded/);
});

Deno.test("Node 22 is told that it has no JSPI", async () => {
  const args = ["--input-type=module", "--eval", LOAD_GUEST, HELLO];
  assert.match(await runNode(22, args, await project("host", [HOST_PACKAGE])), /^NotSupportedError: .*JSPI/);
});
