import { copyFile, cp, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BUILD_DIR, GUESTS_DIR, type GuestSource } from "./guests.ts";
import { npmTools } from "./npm_tools.ts";
import { hashFile } from "./manifest.ts";
import { must } from "./process.ts";

/** Builds a Python guest with componentize-py, which brings the interpreter and its standard library along. */
export async function buildPython(guest: GuestSource): Promise<string> {
  const [modules, tool] = await Promise.all([npmTools(), pythonTool()]);
  const source = join(GUESTS_DIR, dirname(guest.entry)), work = join(BUILD_DIR, dirname(guest.entry));
  await rm(work, { recursive: true, force: true });
  await mkdir(join(work, "wit"), { recursive: true });
  await copyFile(join(source, "wit", "world.wit"), join(work, "wit", "world.wit"));
  await cp(join(modules, "@bytecodealliance/jco/lib/wit/builtin/0.2.12"), join(work, "wit", "deps"), {
    recursive: true,
  });
  const args = ["-d", join(work, "wit"), "-w", "python", "componentize", "guest", "-p", source];
  await must(tool, [...args, "-o", join(GUESTS_DIR, guest.wasm)]);
  return (await must(tool, ["--version"])).trim();
}

/** Installs the pinned componentize-py into an environment of its own; resolves to its command. */
async function pythonTool(): Promise<string> {
  const dir = join(BUILD_DIR, "python-tools"), wanted = join(GUESTS_DIR, "tools", "requirements.txt");
  const present = join(dir, "requirements.txt"), tool = join(dir, "bin", "componentize-py");
  const [a, b] = await Promise.all([hashFile(wanted), hashFile(present)]);
  if (a?.hash === b?.hash) return tool;
  await must("python3", ["-m", "venv", dir]);
  await must(join(dir, "bin", "pip"), ["install", "--quiet", "-r", wanted]);
  await copyFile(wanted, present);
  return tool;
}
