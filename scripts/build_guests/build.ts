import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { BUILD_DIR, COMMITTED, GUESTS_DIR, type GuestSource, ON_DEMAND } from "./guests.ts";
import { hashFile, hashSources, type Manifest, problemOf, readManifest, writeManifest } from "./manifest.ts";

/** Rebuilds a committed guest when its sources changed (or when forced) and records it in the manifest. */
export async function buildCommitted(name: string, force = false): Promise<string> {
  const guest = COMMITTED[name]!;
  if (!force && await problemOf(name, guest, await readManifest()) === undefined) return "up to date";
  const entry = await build(guest);
  await writeManifest({ ...await readManifest(), [name]: entry });
  return `${guest.wasm}, ${Math.ceil(entry.size / 1024)} KiB, ${entry.builtWith}`;
}

/** Builds a guest into the build folder unless one from the same sources is there; resolves to what was done. */
export async function buildOnDemand(name: string, force = false): Promise<string> {
  const guest = ON_DEMAND[name]!;
  await mkdir(BUILD_DIR, { recursive: true });
  const path = join(BUILD_DIR, "manifest.json");
  if (!force && await problemOf(name, guest, await readManifest(path)) === undefined) return "up to date";
  const entry = await build(guest);
  await writeManifest({ ...await readManifest(path), [name]: entry }, path);
  return `${guest.wasm}, ${Math.ceil(entry.size / 1024)} KiB, ${entry.builtWith}`;
}

async function build(guest: GuestSource): Promise<Manifest[string]> {
  const builtWith = await runToolchain(guest);
  const built = await hashFile(join(GUESTS_DIR, guest.wasm));
  if (built === undefined) throw new Error(`The build left no file at "${guest.wasm}"`);
  return { sources: await hashSources(guest), wasm: built.hash, size: built.size, builtWith };
}

/** Toolchains are loaded when used: checking the manifest needs none of them. */
async function runToolchain(guest: GuestSource): Promise<string> {
  switch (guest.toolchain) {
    case "rust":
      return (await import("./rust.ts")).buildRust(guest);
    case "wat":
      return (await import("./wat.ts")).buildWat(guest);
    case "javascript":
      return (await import("./javascript.ts")).buildJavaScript(guest);
    case "npm":
      return (await import("./npm_project.ts")).buildNpmProject(guest);
    case "python":
      return (await import("./python.ts")).buildPython(guest);
  }
}
