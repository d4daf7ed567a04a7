/**
 * Core modules in a form whose instances can be put back to where they started, which is far cheaper than making new
 * ones. All that an instance can change is made reachable: its memory and its mutable globals are exported. A memory
 * cannot shrink, so its size becomes a global too: `memory.size` reads that and `memory.grow` grows the memory only
 * where it is not large enough already. Modules that change tables or use up segments cannot be put back.
 */
import { Cursor, nextInstruction } from "./instructions.ts";
import { GLOBALS, leb, type Section, signedLeb, TYPES } from "./sections.ts";
import { type GlobalType, readGlobal, sectionOf, type Shape } from "./shape.ts";

/** The export of a memory. */
export const MEMORY = "storeport:memory";
/** Exports of mutable globals begin so. */
export const GLOBAL = "storeport:global:";

const I32 = 0x7f, F64 = 0x7c;

/** How a module is made rewindable, but for its code. */
export interface RewindPlan {
  /** Indices of the mutable globals. */
  readonly mutable: readonly number[];
  /** The index of the one memory; `undefined` where it has none of its own. */
  readonly memory: number | undefined;
  /** Pages that it begins with. */
  readonly pages: number;
  /** The index of the global that holds the memory's size, if there is one. */
  readonly size: number;
  /** How many types there are. */
  readonly types: number;
}

/** The plan for a module whose code says nothing against it; `undefined` for one that cannot be put back. */
export function rewindPlan(
  module: Uint8Array,
  sections: readonly Section[],
  shape: Shape,
): RewindPlan | undefined {
  const { importedMemories, definedMemories } = shape;
  const memories = [...importedMemories, ...definedMemories];
  // Shared memory may be changed by others, and sizes of 64 bits are not ours to count.
  if (memories.length > 1 || memories.some(({ flags }) => flags > 1)) return undefined;
  try {
    const globals = [...shape.importedGlobals, ...definedGlobals(module, sectionOf(sections, GLOBALS))];
    // Of other types JavaScript can read no value, or none that is worth keeping.
    if (globals.some(({ type, mutable }) => mutable && (type > I32 || type < F64))) return undefined;
    return {
      mutable: globals.flatMap(({ mutable }, index) => mutable ? [index] : []),
      memory: definedMemories.length === 1 ? 0 : undefined,
      pages: Number(definedMemories[0]?.least ?? 0),
      size: globals.length,
      types: countTypes(module, sectionOf(sections, TYPES)),
    };
  } catch (error) {
    // Newer than this reader: instances are made anew.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function definedGlobals(module: Uint8Array, section: Section | undefined): GlobalType[] {
  const globals: GlobalType[] = [];
  if (section === undefined) return globals;
  const cursor = new Cursor(module, section.start);
  for (let count = cursor.u32(); count > 0; count--) {
    globals.push(readGlobal(cursor));
    skipExpression(cursor);
  }
  return globals;
}

function skipExpression(cursor: Cursor): void {
  for (;;) {
    const instruction = nextInstruction(cursor);
    if (instruction === "end") return;
    if (instruction !== "other") throw new RangeError("Unknown instruction");
  }
}

function countTypes(module: Uint8Array, section: Section | undefined): number {
  if (section === undefined) return 0;
  const cursor = new Cursor(module, section.start);
  const count = cursor.u32();
  for (let left = count; left > 0; left--) {
    // Groups of recursive types count as one but define many.
    if (cursor.byte() !== 0x60) throw new RangeError("Types of an unusual kind");
    for (let side = 0; side < 2; side++) {
      for (let values = cursor.u32(); values > 0; values--) cursor.skipType();
    }
  }
  return count;
}

/** The type of the function {@linkcode growFunction}. */
export const GROW_TYPE: readonly number[] = [0x60, 1, I32, 1, I32];

/** The global that holds the memory's size. */
export function sizeGlobal(pages: number): number[] {
  return [I32, 1, 0x41, ...signedLeb(pages), 0x0b];
}

/**
 * `memory.grow` as it would be had the memory only as many pages as the global `size` says:
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
export function growFunction(size: number): number[] {
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
  return [...leb(body.length), ...body];
}
