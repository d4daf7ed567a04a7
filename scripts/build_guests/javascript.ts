import { copyFile, cp, mkdir, readdir, readFile, rm } from "node:fs/promises";
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
  await copyFile(join(GUESTS_DIR, dirname(guest.entry), "wit", "world.wit"), join(work, "wit", "world.wit"));
  await cp(join(modules, "@bytecodealliance/jco/lib/wit/builtin/0.2.12"), join(work, "wit", "deps"), {
    recursive: true,
  });
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
