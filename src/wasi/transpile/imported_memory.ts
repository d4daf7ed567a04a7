/**
 * Turns the memories that modules define into imports, so that the host creates each instance's memory, with a maximum.
 * The engine then enforces that limit even for a guest that never calls the host: `memory.grow` returns -1, as it does
 * when memory has run out. The names of the imports say what the module defined.
 */
import { hostMemory } from "./host_import.ts";
import { leb } from "./sections.ts";
import type { MemoryType } from "./shape.ts";

/** Imports of memories begin so. */
export const MEMORY_IMPORT = "memory ";

/** Bytes of a page. */
export const PAGE = 65_536;

/** The import in the place of a definition; `at` tells one from another. */
export function memoryImport(type: MemoryType, at: number): number[] {
  const { flags, least, most } = type;
  const name = [at, flags, least, ...most === undefined ? [] : [most]].join(" ");
  return hostMemory(MEMORY_IMPORT + name, limits(type));
}

function limits({ flags, least, most }: MemoryType): number[] {
  return [flags, ...leb64(least), ...most === undefined ? [] : leb64(most)];
}

function leb64(value: bigint): number[] {
  if (value < 0x1_0000_0000n) return leb(Number(value));
  return [Number(value & 0x7fn) | 0x80, ...leb64(value >> 7n)];
}

/** What is known of a memory to be made, from its import's name. */
export interface WantedMemory extends MemoryType {
  /** The import's name. */
  readonly name: string;
}

/** What an import's name says; `undefined` for one of something else. */
export function wantedMemory(name: string): WantedMemory | undefined {
  if (!name.startsWith(MEMORY_IMPORT)) return undefined;
  const [, flags, least, most] = name.slice(MEMORY_IMPORT.length).split(" ");
  return {
    name,
    flags: Number(flags),
    least: BigInt(least!),
    most: most === undefined ? undefined : BigInt(most),
  };
}

/**
 * Makes a memory that grows no further than `bytes`.
 *
 * @throws {RangeError} where it begins with more than the platform has.
 */
export function makeMemory({ flags, least, most }: MemoryType, bytes: number): WebAssembly.Memory {
  const is64 = (flags & 4) !== 0;
  const held = BigInt(Math.min(Math.floor(bytes / PAGE), Number.MAX_SAFE_INTEGER));
  // More than engines have is refused where memories are made, but not where they are declared.
  const highest = is64 ? 1n << 18n : 65_536n;
  const maximum = [most ?? highest, held, highest].reduce((a, b) => a < b ? a : b);
  const size = (pages: bigint) => is64 ? pages : Number(pages);
  const descriptor = {
    initial: size(least),
    ...(most !== undefined || maximum < highest) && { maximum: size(maximum) },
    ...(flags & 2) !== 0 && { shared: true },
    ...is64 && { address: "i64" },
  };
  return new WebAssembly.Memory(descriptor as WebAssembly.MemoryDescriptor);
}
