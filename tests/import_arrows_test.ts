/** Who may import whom: the arrows of the architecture, held against the code's own imports. */
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
  // Examples in doc comments import the package by name; they are not arrows.
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  return [...code.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3]!);
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
