import { createHash } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GUESTS_DIR, type GuestSource } from "./guests.ts";

/** What is known of one built guest. */
export interface ManifestEntry {
  /** SHA-256 over the names and contents of its sources. */
  sources: string;
  /** SHA-256 of the built file. */
  wasm: string;
  /** Size of the built file in bytes. */
  size: number;
  /** The compiler that built it, for the curious; not part of the check. */
  builtWith: string;
}

/** Built guests by name. */
export type Manifest = Record<string, ManifestEntry>;

const MANIFEST = join(GUESTS_DIR, "manifest.json");

/** Reads the manifest; an absent one is empty. */
export async function readManifest(path: string = MANIFEST): Promise<Manifest> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Manifest;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

/** Writes the manifest, sorted by name. */
export async function writeManifest(manifest: Manifest, path: string = MANIFEST): Promise<void> {
  const sorted = Object.fromEntries(Object.entries(manifest).sort(([a], [b]) => a < b ? -1 : 1));
  await writeFile(path, JSON.stringify(sorted, null, 2) + "\n");
}

/** The hash of everything that decides what a guest's binary is, and thus of what it should be built from. */
export async function hashSources(guest: GuestSource): Promise<string> {
  const files = (await Promise.all(guest.sources.map((source) => filesUnder(source)))).flat().sort();
  const hash = createHash("sha256");
  for (const file of files) {
    const content = await readFile(join(GUESTS_DIR, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/** The hash of one file, or nothing when it is not there. */
export async function hashFile(path: string): Promise<{ hash: string; size: number } | undefined> {
  try {
    const content = await readFile(path);
    return { hash: createHash("sha256").update(content).digest("hex"), size: content.length };
  } catch {
    return undefined;
  }
}

/** Says what is wrong with a committed guest; nothing when binary, sources and manifest agree. */
export async function problemOf(
  name: string,
  guest: GuestSource,
  manifest: Manifest,
): Promise<string | undefined> {
  const entry = manifest[name];
  if (entry === undefined) return `Guest "${name}" is not in the manifest`;
  const built = await hashFile(join(GUESTS_DIR, guest.wasm));
  if (built === undefined) return `Guest "${name}" has no binary at "${guest.wasm}"`;
  if (built.hash !== entry.wasm) return `"${guest.wasm}" is not the file that was built for the manifest`;
  if (await hashSources(guest) !== entry.sources) return `"${guest.wasm}" is older than its sources`;
  return undefined;
}

async function filesUnder(relative: string): Promise<string[]> {
  const path = join(GUESTS_DIR, relative);
  if ((await stat(path)).isFile()) return [relative];
  const entries = await readdir(path, { withFileTypes: true });
  const nested = entries.map((entry) =>
    entry.isDirectory() ? filesUnder(`${relative}/${entry.name}`) : [`${relative}/${entry.name}`]
  );
  return (await Promise.all(nested)).flat();
}
