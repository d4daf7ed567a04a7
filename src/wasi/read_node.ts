/** Reading files (Deno, Node, Bun). */
import * as fs from "node:fs/promises";

/** The bytes of a file. */
export async function readFile(path: string | URL): Promise<Uint8Array> {
  return await fs.readFile(path);
}
