import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { GUESTS_DIR, type GuestSource } from "./guests.ts";

/** Assembles a guest that is written in the text format. */
export async function buildWat(guest: GuestSource): Promise<string> {
  const text = await readFile(join(GUESTS_DIR, guest.entry), "utf8");
  await writeFile(join(GUESTS_DIR, guest.wasm), await parse(text));
  return "wasm-tools of jco-transpile";
}
