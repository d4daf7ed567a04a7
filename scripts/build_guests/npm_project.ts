import { copyFile, cp, mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { BUILD_DIR, GUESTS_DIR, type GuestSource } from "./guests.ts";
import { must } from "./process.ts";

/**
 * Builds a guest that is an npm package, as its reader would: `npm install`, then `npm run build`. That happens in a
 * copy, for what is installed there is none of the project's.
 */
export async function buildNpmProject(guest: GuestSource): Promise<string> {
  const work = join(BUILD_DIR, basename(guest.wasm, ".wasm"));
  await mkdir(work, { recursive: true });
  for (const source of guest.sources) {
    await cp(join(GUESTS_DIR, source), join(work, basename(source)), { recursive: true });
  }
  await must("npm", ["install", "--no-audit", "--no-fund"], { cwd: work });
  await must("npm", ["run", "build"], { cwd: work });
  await copyFile(join(work, guest.entry), join(GUESTS_DIR, guest.wasm));
  return `npm run build on Node ${(await must("node", ["--version"])).trim()}`;
}
