/** What a core module imports and defines, as far as rewriting it requires. */
import { HOST } from "./host_import.ts";
import { Cursor } from "./instructions.ts";
import { GLOBALS, IMPORTS, MEMORIES, type Section } from "./sections.ts";

/** The type of a memory. */
export interface MemoryType {
  /** Has a most: 1, shared: 2, of 64 bits: 4. */
  readonly flags: number;
  /** Pages at the start. */
  readonly least: bigint;
  /** Pages at the most, where the module says so. */
  readonly most: bigint | undefined;
}

/** The type of a global. */
export interface GlobalType {
  /** The code of its value's type, or the first byte of it. */
  readonly type: number;
  readonly mutable: boolean;
}

/** See the file's head. */
export interface Shape {
  /** Whether it imports what only the host adds. */
  readonly importsHost: boolean;
  readonly importedFunctions: number;
  readonly importedMemories: readonly MemoryType[];
  readonly definedMemories: readonly MemoryType[];
  readonly importedGlobals: readonly GlobalType[];
  /** How many globals it defines. */
  readonly definedGlobals: number;
}

/** The section of an id, if there is one. */
export function sectionOf(sections: readonly Section[], id: number): Section | undefined {
  return sections.find((section) => section.id === id);
}

/**
 * The shape of a module.
 *
 * @throws {RangeError} for one that is not well-formed, or newer than this reader.
 */
export function shapeOf(module: Uint8Array, sections: readonly Section[]): Shape {
  const cursor = (id: number) => {
    const section = sectionOf(sections, id);
    return section && new Cursor(module, section.start);
  };
  const imports = readImports(cursor(IMPORTS));
  const memories = cursor(MEMORIES);
  const definedMemories: MemoryType[] = [];
  for (let count = memories?.u32() ?? 0; count > 0; count--) definedMemories.push(readMemory(memories!));
  return { ...imports, definedMemories, definedGlobals: cursor(GLOBALS)?.u32() ?? 0 };
}

function readImports(cursor: Cursor | undefined) {
  let importedFunctions = 0, importsHost = false;
  const importedMemories: MemoryType[] = [], importedGlobals: GlobalType[] = [];
  for (let count = cursor?.u32() ?? 0; count > 0; count--) {
    importsHost = readName(cursor!) === HOST || importsHost;
    readName(cursor!);
    const kind = cursor!.byte();
    if (kind === 0) {
      importedFunctions++;
      cursor!.skipNumber();
    } else if (kind === 1) {
      cursor!.skipType();
      readMemory(cursor!); // limits are written as those of memories are
    } else if (kind === 2) importedMemories.push(readMemory(cursor!));
    else if (kind === 3) importedGlobals.push(readGlobal(cursor!));
    else if (kind === 4) {
      cursor!.byte();
      cursor!.skipNumber();
    } else throw new RangeError("Unknown import");
  }
  return { importsHost, importedFunctions, importedMemories, importedGlobals };
}

function readName(cursor: Cursor): string {
  const length = cursor.u32();
  return new TextDecoder().decode(cursor.bytes.subarray(cursor.at, cursor.at += length));
}

function readMemory(cursor: Cursor): MemoryType {
  const flags = cursor.byte();
  // Pages of another size: no engine takes them yet without being told to.
  if (flags > 7) throw new RangeError("Memory of an unknown kind");
  const least = cursor.u64();
  return { flags, least, most: (flags & 1) === 0 ? undefined : cursor.u64() };
}

/** Reads the type of a global. */
export function readGlobal(cursor: Cursor): GlobalType {
  const type = cursor.bytes[cursor.at]!;
  cursor.skipType();
  return { type, mutable: cursor.byte() === 1 };
}
