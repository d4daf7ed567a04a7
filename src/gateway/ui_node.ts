/** The page's files from a folder (Deno, Node, Bun). */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { GatewayUi } from "./options.ts";

/** The page built into `folder`. Each file is read once and kept: all of them together are a few MB. */
export function uiFromFolder(folder: string | URL): GatewayUi {
  const path = typeof folder === "string" ? folder : fileURLToPath(folder);
  const kept = new Map<string, Promise<Uint8Array<ArrayBuffer> | undefined>>();
  return {
    file(name) {
      // The page is flat, and nothing else of the machine is its.
      if (!/^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(name)) return Promise.resolve(undefined);
      let bytes = kept.get(name);
      if (bytes === undefined) {
        bytes = read(join(path, name));
        kept.set(name, bytes);
        // What is not there, or cannot be read, is looked for anew the next time.
        bytes.then((found) => found ?? kept.delete(name), () => kept.delete(name));
      }
      return bytes;
    },
  };
}

async function read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "ENOENT" || code === "EISDIR") return undefined;
    throw error;
  }
}
