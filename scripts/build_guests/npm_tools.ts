import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { BUILD_DIR, GUESTS_DIR } from "./guests.ts";
import { hashFile } from "./manifest.ts";
import { must } from "./process.ts";

/**
 * Installs the pinned npm packages that guests are built with (`tests/guests/tools/package.json`) and returns their
 * `node_modules`. They are kept apart from the project's own dependencies: jco cannot be installed by Deno, and
 * nobody who uses the library should pay for a JavaScript engine in WebAssembly.
 */
export async function npmTools(): Promise<string> {
  const dir = join(BUILD_DIR, "tools");
  const wanted = join(GUESTS_DIR, "tools", "package.json"), present = join(dir, "package.json");
  const modules = join(dir, "node_modules");
  const done = join(modules, ".package-lock.json");
  const [a, b, c] = await Promise.all([hashFile(wanted), hashFile(present), hashFile(done)]);
  if (a?.hash === b?.hash && c !== undefined) return modules;
  await mkdir(dir, { recursive: true });
  await must("npm", ["install", "--prefix", dir, "--no-audit", "--no-fund", ...await pinned(wanted)]);
  await copyFile(wanted, present);
  return modules;
}

async function pinned(path: string): Promise<string[]> {
  const { dependencies } = JSON.parse(await readFile(path, "utf8")) as {
    dependencies: Record<string, string>;
  };
  return Object.entries(dependencies).map(([name, version]) => `${name}@${version}`);
}
