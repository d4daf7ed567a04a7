/** The sections of core modules: finding them, and putting modules together from changed ones. */
import { concatBytes } from "../../store/concat.ts";
import { Cursor } from "./instructions.ts";

/** The ids of the sections that are changed. */
export const TYPES = 1, IMPORTS = 2, FUNCTIONS = 3, MEMORIES = 5, GLOBALS = 6, EXPORTS = 7, CODE = 10;

/** All ids, in the order in which sections stand. */
const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

/** One section. */
export interface Section {
  readonly id: number;
  /** Where its contents begin. */
  readonly start: number;
  readonly end: number;
}

/**
 * The sections of a module, custom ones too.
 *
 * @throws {RangeError} for a module that is cut off, or has a section that is not known.
 */
export function sectionsOf(module: Uint8Array): Section[] {
  const sections: Section[] = [];
  const cursor = new Cursor(module, 8);
  while (cursor.at < module.length) {
    const id = cursor.byte(), size = cursor.u32();
    const end = cursor.at + size;
    if (end > module.length || (id !== 0 && !ORDER.includes(id))) throw new RangeError("Unknown section");
    sections.push({ id, start: cursor.at, end });
    cursor.at = end;
  }
  return sections;
}

/** The contents of a section with more entries at its end; of a new one where there is none. */
export function appended(
  module: Uint8Array,
  section: Section | undefined,
  entries: readonly (readonly number[])[],
): Uint8Array {
  const cursor = section && new Cursor(module, section.start);
  const count = cursor?.u32() ?? 0;
  const before = cursor === undefined ? [] : [module.subarray(cursor.at, section!.end)];
  return concatBytes([
    Uint8Array.from(leb(count + entries.length)),
    ...before,
    Uint8Array.from(entries.flat()),
  ]);
}

/** The module with the contents of some sections changed or, where they are `undefined`, left out. */
export function assemble(
  module: Uint8Array,
  sections: readonly Section[],
  changed: ReadonlyMap<number, Uint8Array | undefined>,
): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = [module.subarray(0, 8)];
  const put = (id: number, body: Uint8Array | undefined) => {
    if (body !== undefined) pieces.push(Uint8Array.from([id, ...leb(body.length)]), body);
  };
  const left = new Map([...changed].sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b)));
  for (const { id, start, end } of sections) {
    if (id !== 0) {
      for (const [other, body] of left) {
        if (ORDER.indexOf(other) >= ORDER.indexOf(id)) break;
        put(other, body);
        left.delete(other);
      }
    }
    put(id, changed.has(id) ? changed.get(id) : module.subarray(start, end));
    if (id !== 0) left.delete(id);
  }
  for (const [id, body] of left) put(id, body);
  return concatBytes(pieces);
}

/** A number of 32 bits in LEB128, unsigned. */
export function leb(value: number): number[] {
  const encoded: number[] = [];
  do {
    const rest = value >>> 7;
    encoded.push(value & 0x7f | (rest === 0 ? 0 : 0x80));
    value = rest;
  } while (value !== 0);
  return encoded;
}

/** A number that is not negative, in signed LEB128. */
export function signedLeb(value: number): number[] {
  const encoded = leb(value);
  const last = encoded[encoded.length - 1]!;
  // Bit 6 of the last byte is the sign.
  if ((last & 0x40) === 0) return encoded;
  return [...encoded.slice(0, -1), last | 0x80, 0];
}

/** A name, as imports and exports have them. */
export function named(name: string): number[] {
  const text = new TextEncoder().encode(name);
  return [...leb(text.length), ...text];
}
