/** The cache on disk (Node, Deno, Bun): one file a guest. */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import type { GuestStore } from "./cache.ts";

/** A cache in `directory`, made when first written to. */
export function directoryStore(directory: string): GuestStore {
  const path = (key: string) => join(directory, `${key}.guest`);
  return {
    async read(key) {
      try {
        return await readFile(path(key));
      } catch {
        return undefined;
      }
    },
    async write(key, entry) {
      // Under a name of its own, then renamed: other processes see the whole entry or none.
      const staging = join(directory, `.${key}.${crypto.randomUUID()}`);
      try {
        await mkdir(directory, { recursive: true });
        await writeFile(staging, entry);
        await rename(staging, path(key));
      } catch {
        await rm(staging, { force: true }).catch(() => {});
      }
    },
  };
}

/** `storeport/guests` in the platform's cache directory; `undefined` where it cannot be found and written unasked. */
export async function defaultDirectory(): Promise<string | undefined> {
  const base = process.platform === "darwin"
    ? under(await variable("HOME"), "Library", "Caches")
    : process.platform === "win32"
    ? await variable("LOCALAPPDATA")
    : await variable("XDG_CACHE_HOME") ?? under(await variable("HOME"), ".cache");
  if (base === undefined) return undefined;
  const directory = join(base, "storeport", "guests");
  return await granted("read", directory) && await granted("write", directory) ? directory : undefined;
}

function under(base: string | undefined, ...parts: string[]): string | undefined {
  return base === undefined ? undefined : join(base, ...parts);
}

async function variable(name: string): Promise<string | undefined> {
  if (!await granted("env", name)) return undefined;
  return process.env[name] || undefined;
}

/** Deno's permissions are looked at, never asked for: a prompt in the middle of loading would surprise. */
async function granted(name: "read" | "write" | "env", what: string): Promise<boolean> {
  const deno = (globalThis as { Deno?: typeof Deno }).Deno;
  if (deno === undefined) return true;
  const descriptor: Deno.PermissionDescriptor = name === "env"
    ? { name, variable: what }
    : { name, path: what };
  return (await deno.permissions.query(descriptor)).state === "granted";
}
