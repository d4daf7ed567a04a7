import { copyFile, cp, mkdir, rm } from "node:fs/promises";
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
  // What the world provides is imported by its WIT name. Modules for Node and Deno stay outside: a guest never loads them.
  const external = ["wasi:*", "node:*", "*_node.ts", "*_deno.ts", "*/node.ts"].flatMap((
    name,
  ) => ["--external", name]);
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
