/**
 * Core modules in a form whose instances can be put back to where they started, which is far cheaper than making new
 * ones. All that an instance can change is made reachable: its memory and its mutable globals are exported. A memory
 * cannot shrink, so its size becomes a global too: `memory.size` reads that and `memory.grow` grows the memory only
 * where it is not large enough already. Modules that change tables or use up segments are left as they are.
 */
import { Cursor, nextInstruction } from "./instructions.ts";

/** The export of a memory. */
export const MEMORY = "storeport:memory";
/** Exports of mutable globals begin so. */
export const GLOBAL = "storeport:global:";

/** Sections by their numbers, in the order in which they stand. */
const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
const [TYPE, IMPORT, FUNCTION, MEMORIES, GLOBALS, EXPORT, CODE] = [1, 2, 3, 5, 6, 7, 10];

const I32 = 0x7f, F64 = 0x7c;

/** The rewritten module; `undefined` for one that cannot be put back. */
export function rewindable(module: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  try {
    return rewrite(module);
  } catch (error) {
    // Not as this reader knows modules: the engine will judge it, and instances of it are made anew.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

interface Section {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

/** What matters of a module. */
interface Shape {
  importedFunctions: number;
  importedMemories: number;
  definedMemories: number;
  /** Pages at the start. */
  pages: number;
  /** All globals, imported ones first. */
  globals: number;
  /** Indices of the mutable ones. */
  readonly mutable: number[];
}

/** Raised for what cannot be put back. */
function refuse(reason: string): never {
  throw new RangeError(reason);
}

function rewrite(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = sectionsOf(module);
  const find = (id: number) => sections.find((section) => section.id === id);
  const cursor = (section: Section) => new Cursor(module, section.start);
  const shape: Shape = {
    importedFunctions: 0,
    importedMemories: 0,
    definedMemories: 0,
    pages: 0,
    globals: 0,
    mutable: [],
  };
  const imports = find(IMPORT), memories = find(MEMORIES), globals = find(GLOBALS);
  if (imports !== undefined) readImports(cursor(imports), shape);
  if (memories !== undefined) readMemories(cursor(memories), shape);
  if (shape.importedMemories + shape.definedMemories > 1) refuse("Several memories");
  if (globals !== undefined) readGlobals(cursor(globals), shape);

  const changed = new Map<number, Uint8Array>();
  const types = find(TYPE), functions = find(FUNCTION), code = find(CODE);
  const exported: [name: string, kind: number, index: number][] = shape.mutable.map((index) => [
    `${GLOBAL}${index}`,
    3,
    index,
  ]);
  if (code !== undefined) {
    if (types === undefined || functions === undefined) refuse("Code without types");
    const size = shape.globals, grow = shape.importedFunctions + cursor(functions).u32();
    const rewritten = rewriteCode(module, code, { size, grow });
    if (rewritten !== undefined) {
      // Whose size it is, is known only where it is defined.
      if (shape.definedMemories !== 1) refuse("Grows the memory of another");
      const type = countTypes(cursor(types));
      changed.set(TYPE, appended(module, types, [0x60, 1, I32, 1, I32]));
      changed.set(FUNCTION, appended(module, functions, leb(type)));
      changed.set(CODE, rewritten);
      const global = [I32, 1, 0x41, ...signedLeb(shape.pages), 0x0b];
      changed.set(
        GLOBALS,
        globals === undefined ? Uint8Array.from([1, ...global]) : appended(module, globals, global),
      );
      exported.push([`${GLOBAL}${size}`, 3, size]);
    }
  }
  if (shape.definedMemories === 1) exported.push([MEMORY, 2, 0]);
  if (exported.length > 0) changed.set(EXPORT, withExports(module, find(EXPORT), exported));
  return assemble(module, sections, changed);
}

function sectionsOf(module: Uint8Array): Section[] {
  const sections: Section[] = [];
  const cursor = new Cursor(module, 8);
  while (cursor.at < module.length) {
    const id = cursor.byte(), size = cursor.u32();
    const end = cursor.at + size;
    if (end > module.length || (id !== 0 && !ORDER.includes(id))) refuse("Unknown section");
    sections.push({ id, start: cursor.at, end });
    cursor.at = end;
  }
  return sections;
}

function readImports(cursor: Cursor, shape: Shape): void {
  for (let count = cursor.u32(); count > 0; count--) {
    for (let name = 0; name < 2; name++) {
      const length = cursor.u32();
      cursor.at += length;
    }
    const kind = cursor.byte();
    if (kind === 0) {
      shape.importedFunctions++;
      cursor.skipNumber();
    } else if (kind === 1) {
      cursor.skipType();
      readLimits(cursor);
    } else if (kind === 2) {
      shape.importedMemories++;
      readLimits(cursor);
    } else if (kind === 3) readGlobalType(cursor, shape);
    else if (kind === 4) {
      cursor.byte();
      cursor.skipNumber();
    } else refuse("Unknown import");
  }
}

/** The least that a memory or table has. */
function readLimits(cursor: Cursor): number {
  const flags = cursor.byte();
  // Shared memory may be changed by others, and sizes of 64 bits are not ours to count.
  if (flags > 1) refuse("Memory of an unusual kind");
  const least = cursor.u32();
  if (flags === 1) cursor.u32();
  return least;
}

function readMemories(cursor: Cursor, shape: Shape): void {
  shape.definedMemories = cursor.u32();
  if (shape.definedMemories > 0) shape.pages = readLimits(cursor);
}

function readGlobalType(cursor: Cursor, shape: Shape): void {
  const type = cursor.bytes[cursor.at]!;
  cursor.skipType();
  const mutable = cursor.byte() === 1;
  // Of other types JavaScript can read no value, or none that is worth keeping.
  if (mutable && (type > I32 || type < F64)) refuse("A global of an unusual type");
  if (mutable) shape.mutable.push(shape.globals);
  shape.globals++;
}

function readGlobals(cursor: Cursor, shape: Shape): void {
  for (let count = cursor.u32(); count > 0; count--) {
    readGlobalType(cursor, shape);
    skipExpression(cursor);
  }
}

function skipExpression(cursor: Cursor): void {
  for (;;) {
    const instruction = nextInstruction(cursor);
    if (instruction === "end") return;
    if (instruction !== "other") refuse("Unknown instruction");
  }
}

function countTypes(cursor: Cursor): number {
  const count = cursor.u32();
  for (let left = count; left > 0; left--) {
    // Groups of recursive types count as one but define many.
    if (cursor.byte() !== 0x60) refuse("Types of an unusual kind");
    for (let side = 0; side < 2; side++) {
      for (let values = cursor.u32(); values > 0; values--) cursor.skipType();
    }
  }
  return count;
}

/** The section of code with the size of the memory kept in a global; `undefined` where nobody asks for it. */
function rewriteCode(
  module: Uint8Array,
  section: Section,
  indices: { readonly size: number; readonly grow: number },
): Uint8Array | undefined {
  const cursor = new Cursor(module, section.start);
  const count = cursor.u32();
  const pieces: Uint8Array[] = [Uint8Array.from(leb(count + 1))];
  let kept = cursor.at; // what from here on is as it was has not been taken over yet
  let found = false;
  for (let left = count; left > 0; left--) {
    const start = cursor.at;
    const size = cursor.u32();
    const body = cursor.at, end = body + size;
    const places = placesIn(cursor, end);
    if (places.length === 0) continue;
    found = true;
    const parts: Uint8Array[] = [];
    let from = body;
    for (const { at, grows } of places) {
      parts.push(module.subarray(from, at));
      parts.push(Uint8Array.from(grows ? [0x10, ...leb(indices.grow)] : [0x23, ...leb(indices.size)]));
      from = at + 2; // opcode and memory index
    }
    parts.push(module.subarray(from, end));
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    pieces.push(module.subarray(kept, start), Uint8Array.from(leb(length)), ...parts);
    kept = end;
  }
  if (cursor.at !== section.end) refuse("Code of another length than it says");
  if (!found) return undefined;
  pieces.push(module.subarray(kept, section.end), growFunction(indices.size));
  return joined(pieces);
}

/** Where a function's body asks for the size of the memory or for more of it. */
function placesIn(cursor: Cursor, end: number): { readonly at: number; readonly grows: boolean }[] {
  const places: { at: number; grows: boolean }[] = [];
  for (let groups = cursor.u32(); groups > 0; groups--) {
    cursor.skipNumber();
    cursor.skipType();
  }
  while (cursor.at < end) {
    const at = cursor.at;
    const instruction = nextInstruction(cursor);
    if (instruction === "changes state" || instruction === "unknown") refuse("Unknown or lasting change");
    if (instruction !== "memory.size" && instruction !== "memory.grow") continue;
    if (cursor.byte() !== 0) refuse("Another memory");
    places.push({ at, grows: instruction === "memory.grow" });
  }
  if (cursor.at !== end) refuse("A function of another length than it says");
  return places;
}

/**
 * `memory.grow` as it would be had the memory only as many pages as the global says:
 *
 * ```wat
 * (func (param $more i32) (result i32)
 *   (if (i32.gt_u (local.get $more) (i32.sub (i32.const 65536) (global.get $size))) (then (return (i32.const -1))))
 *   (if (i32.gt_u (i32.add (global.get $size) (local.get $more)) (memory.size))
 *     (then (if (i32.eq (i32.const -1)
 *         (memory.grow (i32.sub (i32.add (global.get $size) (local.get $more)) (memory.size))))
 *       (then (return (i32.const -1))))))
 *   (global.get $size)
 *   (global.set $size (i32.add (global.get $size) (local.get $more))))
 * ```
 */
function growFunction(size: number): Uint8Array {
  const get = [0x23, ...leb(size)], more = [0x20, 0];
  const wanted = [...get, ...more, 0x6a];
  const fail = [0x04, 0x40, 0x41, 0x7f, 0x0f, 0x0b];
  const body = [
    0, // no locals
    ...[...more, 0x41, ...signedLeb(65_536), ...get, 0x6b, 0x4b, ...fail],
    ...[...wanted, 0x3f, 0, 0x4b, 0x04, 0x40],
    ...[0x41, 0x7f, ...wanted, 0x3f, 0, 0x6b, 0x40, 0, 0x46, ...fail],
    0x0b,
    ...[...get, ...wanted, 0x24, ...leb(size)],
    0x0b,
  ];
  return Uint8Array.from([...leb(body.length), ...body]);
}

/** A section with one more entry. */
function appended(module: Uint8Array, section: Section, entry: readonly number[]): Uint8Array {
  const cursor = new Cursor(module, section.start);
  const count = cursor.u32();
  return joined([
    Uint8Array.from(leb(count + 1)),
    module.subarray(cursor.at, section.end),
    Uint8Array.from(entry),
  ]);
}

function withExports(
  module: Uint8Array,
  section: Section | undefined,
  exported: readonly (readonly [name: string, kind: number, index: number])[],
): Uint8Array {
  const cursor = section === undefined ? undefined : new Cursor(module, section.start);
  const count = cursor?.u32() ?? 0;
  const encoder = new TextEncoder();
  const entries = exported.map(([name, kind, index]) => {
    const text = encoder.encode(name);
    return Uint8Array.from([...leb(text.length), ...text, kind, ...leb(index)]);
  });
  const before = cursor === undefined ? [] : [module.subarray(cursor.at, section!.end)];
  return joined([Uint8Array.from(leb(count + exported.length)), ...before, ...entries]);
}

/** The module with some sections changed or added, in the order that is prescribed. */
function assemble(
  module: Uint8Array,
  sections: readonly Section[],
  changed: ReadonlyMap<number, Uint8Array>,
): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = [module.subarray(0, 8)];
  const put = (id: number, body: Uint8Array) => pieces.push(Uint8Array.from([id, ...leb(body.length)]), body);
  const left = new Map([...changed].sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b)));
  for (const { id, start, end } of sections) {
    if (id !== 0) {
      for (const [other, body] of left) {
        if (ORDER.indexOf(other) >= ORDER.indexOf(id)) break;
        put(other, body);
        left.delete(other);
      }
    }
    put(id, changed.get(id) ?? module.subarray(start, end));
    if (id !== 0) left.delete(id);
  }
  for (const [id, body] of left) put(id, body);
  return joined(pieces);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function leb(value: number): number[] {
  const encoded: number[] = [];
  do {
    const rest = value >>> 7;
    encoded.push(value & 0x7f | (rest === 0 ? 0 : 0x80));
    value = rest;
  } while (value !== 0);
  return encoded;
}

/** A number that is not negative, in signed LEB128. */
function signedLeb(value: number): number[] {
  const encoded = leb(value);
  const last = encoded[encoded.length - 1]!;
  // Bit 6 of the last byte is the sign.
  if ((last & 0x40) === 0) return encoded;
  return [...encoded.slice(0, -1), last | 0x80, 0];
}
