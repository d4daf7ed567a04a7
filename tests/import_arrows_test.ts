/** Who may import whom: the arrows of the architecture, without circles, held against the code's own imports. */
import { strict as assert } from "node:assert";
import { dirname, join, normalize, relative } from "node:path/posix";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url)).replaceAll("\\", "/").replace(/\/$/, "");

/** For each room, the rooms and files below `src/` that it may import besides itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  // NotSupportedError is one class for the whole module, and a connector must be able to say it.
  "http": ["store/error.ts"],
  "http/conformance": ["http", "testing/assert.ts"],
  "store": [],
  "store/conformance": ["store", "testing/assert.ts"],
  "stores/common": ["http", "store"],
  "stores/*": ["http", "store", "stores/common"],
  "wrappers": ["store"],
  "wasi": ["http", "store"],
  "wasi/conformance": ["http", "store", "wasi", "testing/assert.ts"],
  "gateway": ["store"],
  "testing": ["http", "store"],
  "cli": ["*"],
  "*": ["*"],
};

/** Packages that one room alone may know. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "@bytecodealliance/jco-transpile": ["wasi/"],
  "@bytecodealliance/preview2-shim": ["wasi/"],
  "fast-xml-parser": ["stores/common/xml.ts"],
  "commander": ["cli/"],
  "cli-progress": ["cli/"],
};

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*["']([^"']+)["']|\bimport\s*\(\s*["']([^"']+)["']|(?:^|\n)\s*import\s+["']([^"']+)["']/g;

async function* sourceFiles(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* sourceFiles(path);
    else if (entry.name.endsWith(".ts")) yield path;
  }
}

function importsOf(text: string): string[] {
  return [...codeOf(text).matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3]!);
}

function staticImportsOf(text: string): string[] {
  return [...codeOf(text).matchAll(IMPORT)].flatMap((match) => match[1] ?? match[3] ?? []);
}

/** Examples in doc comments import the package by name; they are not arrows. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

function roomOf(file: string): string {
  const parts = dirname(file).split("/");
  if (parts.includes("conformance")) return `${parts[0]}/conformance`;
  if (parts[0] === "stores") return parts[1] === "common" ? "stores/common" : parts[1] ? "stores/*" : "*";
  return parts[0] === "." ? "*" : parts[0]!;
}

function allowed(file: string, target: string): boolean {
  const room = roomOf(file);
  const own = room === "stores/*" ? file.split("/").slice(0, 2).join("/") : room;
  if (target.startsWith(`${own}/`)) return true;
  return (ALLOWED[room] ?? []).some((entry) =>
    entry === "*" || target === entry || target.startsWith(`${entry}/`)
  );
}

Deno.test("imports follow the architecture's arrows", async () => {
  const wrong: string[] = [];
  let seen = 0;
  for await (const path of sourceFiles(`${root}/src`)) {
    const file = relative(`${root}/src`, path);
    for (const specifier of importsOf(await Deno.readTextFile(path))) {
      seen++;
      if (specifier.startsWith(".")) {
        const target = relative(`${root}/src`, normalize(join(dirname(path), specifier)));
        if (!allowed(file, target)) wrong.push(`src/${file} must not import src/${target}`);
        continue;
      }
      for (const [name, rooms] of Object.entries(PACKAGES)) {
        const hit = specifier === name || specifier.startsWith(`${name}/`) ||
          specifier.startsWith(`npm:${name}`);
        if (hit && !rooms.some((room) => file.startsWith(room))) {
          wrong.push(`src/${file} must not know the package ${name}`);
        }
      }
      if (specifier.startsWith("jsr:") || specifier.startsWith("@std/")) {
        wrong.push(`src/${file} imports ${specifier}: nothing below src/ may need JSR`);
      }
    }
  }
  assert.ok(seen > 50, "the scan found too few imports to mean anything");
  assert.deepEqual(wrong, []);
});

Deno.test("imports do not run in circles, those of types included", async () => {
  const imports = new Map<string, string[]>();
  for await (const path of sourceFiles(`${root}/src`)) {
    const relatives = staticImportsOf(await Deno.readTextFile(path)).filter((one) => one.startsWith("."));
    const targets = relatives.map((one) => relative(root, normalize(join(dirname(path), one))));
    imports.set(relative(root, path), targets);
  }
  // What is loaded late may import what loads it: only static imports count.
  assert.ok([...imports.values()].flat().length > 500, "the scan found too few imports to mean anything");
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file);
    if (at >= 0) return void circles.push([...trail.slice(at), file].join(" -> "));
    if (done.has(file)) return;
    for (const target of imports.get(file) ?? []) visit(target, [...trail, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  assert.deepEqual(circles, []);
});

Deno.test("runtime-specific code stands in files whose name says so", async () => {
  const wrong: string[] = [];
  for await (const path of sourceFiles(`${root}/src`)) {
    const file = relative(`${root}/src`, path);
    const named = /(_node|_deno|\/node)\.ts$|\/node\//.test(`/${file}`) || file.startsWith("cli/");
    if (named) continue;
    const text = await Deno.readTextFile(path);
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith("node:")) wrong.push(`src/${file} imports ${specifier}`);
    }
    const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");
    if (/\bDeno\.(?!test)\w+\s*[(.]/.test(code)) wrong.push(`src/${file} uses Deno.*`);
  }
  assert.deepEqual(wrong, []);
});
