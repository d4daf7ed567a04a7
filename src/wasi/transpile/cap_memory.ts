/**
 * Core modules whose memories cannot grow beyond a bound. The engine itself holds them to it, also in a guest that never
 * calls the host: `memory.grow` answers -1, as it does where memory has run out.
 */
import { Cursor } from "./instructions.ts";

/** Bytes of a page. */
export const PAGE = 65_536;
/** Pages of a memory of 32 bits at the most. */
export const MOST_PAGES = 65_536;

const MEMORY_SECTION = 5;
const HAS_MOST = 1, IS_64 = 4;

/** A module with its memories held to a bound. */
export interface CappedModule {
  /** The module; the one given where it has no memory of its own that could grow beyond the bound. */
  readonly bytes: Uint8Array;
  /** Pages that its largest memory begins with; where those are more than the bound, there is no such module. */
  readonly least: number;
}

/** `module` with each memory that it defines held to `pages`. */
export function capMemory(module: Uint8Array, pages: number): CappedModule {
  for (const cursor = new Cursor(module, 8); cursor.at < module.length;) {
    const start = cursor.at;
    const id = cursor.byte(), size = cursor.u32();
    const body = cursor.at, end = body + size;
    cursor.at = end;
    if (id !== MEMORY_SECTION) continue;
    const { section, least, changed } = capSection(new Cursor(module, body), pages);
    if (!changed || least > pages) return { bytes: module, least };
    const head = [MEMORY_SECTION, ...leb(section.length)];
    const bytes = new Uint8Array(start + head.length + section.length + module.length - end);
    bytes.set(module.subarray(0, start));
    bytes.set(head, start);
    bytes.set(section, start + head.length);
    bytes.set(module.subarray(end), start + head.length + section.length);
    return { bytes, least };
  }
  return { bytes: module, least: 0 };
}

function capSection(cursor: Cursor, pages: number) {
  const count = cursor.u32();
  const section = leb(count);
  let [least, changed] = [0, false];
  for (let left = count; left > 0; left--) {
    const flags = cursor.byte();
    const first = limit(cursor, flags);
    const most = (flags & HAS_MOST) === 0 ? Infinity : limit(cursor, flags);
    // Pages of another size: no engine takes them yet without being told to.
    const pageSize = (flags & 8) === 0 ? [] : leb(cursor.u32());
    least = Math.max(least, first);
    changed ||= most > pages;
    section.push(
      flags | HAS_MOST,
      ...leb(first),
      ...leb(Math.min(most, Math.max(pages, first))),
      ...pageSize,
    );
  }
  return { section, least, changed };
}

/** A number of pages. Those of 64-bit memories may be more than any machine has, and are then as good as endless. */
function limit(cursor: Cursor, flags: number): number {
  if ((flags & IS_64) === 0) return cursor.u32();
  let value = 0n;
  for (let shift = 0n;; shift += 7n) {
    const byte = cursor.byte();
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return Number(value);
  }
}

function leb(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt(value);;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    if (rest === 0n) return [...bytes, byte];
    bytes.push(byte | 0x80);
  }
}
