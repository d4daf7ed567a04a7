/** Transpiled guests are kept: in memory, compiled, and where there is a place for it on disk. */
import { hasNode } from "./platform.ts";
import type { Generated } from "./transpile/generate.ts";
import { GENERATOR } from "./transpile/generate.ts";

/** A place for transpiled guests. Failures are misses: a cache never makes loading fail. */
export interface GuestStore {
  /** The entry of that key, or `undefined` for none that is whole. */
  read(key: string): Promise<Uint8Array | undefined>;
  /** Keeps an entry. */
  write(key: string, entry: Uint8Array): Promise<void>;
}

/** The key of a component: its content and whatever else decides what is made of it. */
export async function cacheKey(component: Uint8Array): Promise<string> {
  const content = await digest(component);
  const seed = new TextEncoder().encode(`${GENERATOR}\n${hex(content)}`);
  return hex(await digest(seed));
}

async function digest(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const MAGIC = new TextEncoder().encode("storeport guest 1\n");
const DIGEST = 32;

/** An entry as bytes: a mark, the checksum of the rest, the length of a description, the description, the files. */
export async function encodeEntry(
  { code, modules, required, interruptible }: Generated,
): Promise<Uint8Array> {
  const text = new TextEncoder().encode(code);
  const files = Object.entries(modules);
  const description = new TextEncoder().encode(JSON.stringify({
    required,
    interruptible,
    code: text.length,
    modules: files.map(([name, bytes]) => [name, bytes.length]),
  }));
  const parts = [description, text, ...files.map(([, bytes]) => bytes)];
  const payload = new Uint8Array(4 + parts.reduce((sum, part) => sum + part.length, 0));
  new DataView(payload.buffer).setUint32(0, description.length);
  let at = 4;
  for (const part of parts) {
    payload.set(part, at);
    at += part.length;
  }
  const entry = new Uint8Array(MAGIC.length + DIGEST + payload.length);
  entry.set(MAGIC);
  entry.set(await digest(payload), MAGIC.length);
  entry.set(payload, MAGIC.length + DIGEST);
  return entry;
}

/** The guest in an entry; `undefined` for one that is cut off, altered or of another version. */
export async function decodeEntry(entry: Uint8Array): Promise<Generated | undefined> {
  const start = MAGIC.length + DIGEST;
  if (entry.length < start + 4 || MAGIC.some((byte, i) => entry[i] !== byte)) return undefined;
  const payload = entry.subarray(start);
  const sum = await digest(payload);
  if (sum.some((byte, i) => entry[MAGIC.length + i] !== byte)) return undefined;
  const length = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
  const description = JSON.parse(new TextDecoder().decode(payload.subarray(4, 4 + length))) as {
    readonly required: Generated["required"];
    readonly interruptible: boolean;
    readonly code: number;
    readonly modules: readonly (readonly [name: string, length: number])[];
  };
  let at = 4 + length;
  const take = (size: number) => payload.subarray(at, at += size);
  const code = new TextDecoder().decode(take(description.code));
  const modules = Object.fromEntries(description.modules.map(([name, size]) => [name, take(size)]));
  const { required, interruptible } = description;
  return { code, modules, required, interruptible };
}

/** The disk cache that `cache` asks for; none in a browser or where it cannot be used without asking. */
export async function guestStore(cache: string | false | undefined): Promise<GuestStore | undefined> {
  if (cache === false || !hasNode()) return undefined;
  const { directoryStore, defaultDirectory } = await import("./cache_node.ts");
  const directory = cache ?? await defaultDirectory();
  return directory === undefined ? undefined : directoryStore(directory);
}
