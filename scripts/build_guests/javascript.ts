import { copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BUILD_DIR, GUESTS_DIR, type GuestSource } from "./guests.ts";
import { npmTools } from "./npm_tools.ts";
import { must } from "./process.ts";

/**
 * Builds a JavaScript guest: its module and what it imports become one file, and that with the engine (StarlingMonkey,
 * 12 MB) a component. componentize-js is run by Node, because Deno cannot install what it depends on.
 */
export async function buildJavaScript(guest: GuestSource): Promise<string> {
  const modules = await npmTools();
  const tools = dirname(modules), work = join(BUILD_DIR, dirname(guest.entry));
  await rm(work, { recursive: true, force: true });
  await mkdir(join(work, "wit", "deps"), { recursive: true });
  const world = join(GUESTS_DIR, dirname(guest.entry), "wit", "world.wit");
  await copyFile(world, join(work, "wit", "world.wit"));
  await copyWit(modules, join(work, "wit", "deps"), /@(0\.2\.\d+)/.exec(await readFile(world, "utf8"))![1]!);
  const source = join(work, "guest.js");
  // What the world provides is imported by its WIT name.
  const external = ["wasi:*", "node:*", ...await platformModules()].flatMap((name) => ["--external", name]);
  const entry = join(GUESTS_DIR, guest.entry);
  await must("deno", ["bundle", "--quiet", "--platform", "browser", ...external, "--output", source, entry]);
  await copyFile(join(GUESTS_DIR, "tools", "componentize.mjs"), join(tools, "componentize.mjs"));
  await must("node", [
    "componentize.mjs",
    source,
    join(work, "wit"),
    "javascript",
    join(GUESTS_DIR, guest.wasm),
  ], {
    cwd: tools,
  });
  return `componentize-js on Node ${(await must("node", ["--version"])).trim()}`;
}

/** The version of which jco brings all WIT. */
const WIT_VERSION = "0.2.12";

/** The engine's own exports are of one version, which a world must name; what it uses is the same in all of 0.2. */
async function copyWit(modules: string, target: string, version: string): Promise<void> {
  const builtin = join(modules, "@bytecodealliance/jco/lib/wit/builtin");
  await cp(join(builtin, WIT_VERSION), target, { recursive: true });
  if (version === WIT_VERSION) return;
  for (const name of await readdir(target)) {
    const path = join(target, name, "package.wit");
    const text = (await readFile(path, "utf8")).replaceAll(WIT_VERSION, version);
    // Their worlds name each other; a guest's own world names interfaces.
    await writeFile(path, text.replace(/^(?:@[^\n]*\n)*world [\w-]+ \{[^]*?^\}/gm, ""));
  }
  // Those that have changed since are there as they were.
  await cp(join(builtin, version), target, { recursive: true });
}

const SOURCES = join(GUESTS_DIR, "../../src");
const STATIC = /^(?:import(?! type\b)|export)\b[^;]*? from "([^"]+)";/gm;
const DYNAMIC = /\bimport\("([^"]+)"\)/g;

/** What is imported only when it is used, and needs `node:`. A guest never gets there, so it stays outside. */
async function platformModules(): Promise<string[]> {
  const files = (await readdir(SOURCES, { recursive: true })).filter((file) => file.endsWith(".ts"));
  const texts = new Map<string, string>();
  for (const file of files) texts.set(join(SOURCES, file), await readFile(join(SOURCES, file), "utf8"));
  const seen = new Map<string, boolean>();
  const needsNode = (file: string): boolean => {
    const known = seen.get(file);
    if (known !== undefined) return known;
    seen.set(file, false); // until it is known: modules may import each other
    const needs = [...(texts.get(file) ?? "").matchAll(STATIC)].some(([, name]) =>
      name!.startsWith("node:") || name!.startsWith(".") && needsNode(join(dirname(file), name!))
    );
    seen.set(file, needs);
    return needs;
  };
  const found = new Set<string>();
  for (const [file, text] of texts) {
    for (const [, name] of text.matchAll(DYNAMIC)) {
      // A pattern, because that is held against the name as written; a plain one would be a file of its own.
      if (name!.startsWith(".") && needsNode(join(dirname(file), name!))) {
        found.add(name!.replace(/^(\.\.?\/)+/, "*/"));
      }
    }
  }
  return [...found];
}
