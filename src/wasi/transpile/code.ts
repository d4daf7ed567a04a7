/** The code section of a core module: one pass finds everything to change, a second writes it. */
import { Cursor, nextInstruction } from "./instructions.ts";
import { leb, type Section } from "./sections.ts";

/** A function's body and what stands in it. */
export interface FunctionCode {
  /** Where it begins, with its length. */
  readonly start: number;
  /** Where it begins after its length. */
  readonly body: number;
  readonly end: number;
  /** Where its first instruction is. */
  readonly entry: number;
  /** The functions that it calls by their index, once for each call. */
  readonly calls: readonly number[];
  /** Whether it calls functions by reference. */
  readonly callsOthers: boolean;
  /** Places behind the heads of loops, and those of `memory.size` and `memory.grow`, in order. */
  readonly places: readonly Place[];
}

/** A place in code. */
export interface Place {
  readonly at: number;
  readonly kind: "loop" | "memory.size" | "memory.grow";
}

/** What the code of a module holds. */
export interface Code {
  readonly functions: readonly FunctionCode[];
  /** Whether it changes what an instance cannot get back: tables, and segments given up. */
  readonly lasting: boolean;
}

const NO_PLACES: readonly Place[] = [];
const NO_CALLS: readonly number[] = [];

/**
 * What a section of code holds; `undefined` where it has instructions that are not known.
 *
 * @throws {RangeError} where it is of another length than it says.
 */
export function readCode(module: Uint8Array, section: Section): Code | undefined {
  const cursor = new Cursor(module, section.start);
  const functions: FunctionCode[] = [];
  let lasting = false;
  for (let left = cursor.u32(); left > 0; left--) {
    const start = cursor.at;
    const size = cursor.u32();
    const body = cursor.at, end = body + size;
    for (let groups = cursor.u32(); groups > 0; groups--) {
      cursor.skipNumber();
      cursor.skipType();
    }
    const entry = cursor.at;
    let calls: number[] | undefined;
    let callsOthers = false;
    let places: Place[] | undefined;
    while (cursor.at < end) {
      const at = cursor.at;
      const kind = nextInstruction(cursor);
      switch (kind) {
        case "unknown":
          return undefined;
        case "call":
          (calls ??= []).push(cursor.u32());
          break;
        case "indirect call":
          callsOthers = true;
          break;
        case "changes state":
          lasting = true;
          break;
        case "loop":
          (places ??= []).push({ at: cursor.at, kind });
          break;
        case "memory.size":
        case "memory.grow":
          (places ??= []).push({ at, kind });
          cursor.skipNumber();
      }
    }
    if (cursor.at !== end) throw new RangeError("A function of another length than it says");
    functions.push({
      start,
      body,
      end,
      entry,
      calls: calls ?? NO_CALLS,
      callsOthers,
      places: places ?? NO_PLACES,
    });
  }
  if (cursor.at !== section.end) throw new RangeError("Code of another length than it says");
  return { functions, lasting };
}

/** What code is changed to. */
export interface CodeChanges {
  /** What is put at the head of loops. */
  readonly check: Uint8Array | undefined;
  /** The functions, by their place in the code, at whose head it is put too: a 1 for each. */
  readonly checked: Uint8Array;
  /** What stands instead of `memory.size` and `memory.grow`. */
  readonly memory: Readonly<Record<"memory.size" | "memory.grow", Uint8Array>> | undefined;
  /** Functions at the end, with their lengths. */
  readonly more: readonly (readonly number[])[];
}

/** Bytes of `memory.size` and `memory.grow`, with the index of the first memory. */
const MEMORY_INSTRUCTION = 2;

/** The section with its changes. */
export function writeCode(
  module: Uint8Array,
  section: Section,
  { functions }: Code,
  changes: CodeChanges,
): Uint8Array {
  const { check, checked, memory, more } = changes;
  const writer = new Writer(module, section.end - section.start);
  writer.put(leb(functions.length + more.length));
  for (const [at, { start, body, end, entry, places }] of functions.entries()) {
    const wanted = places.filter(({ kind }) => kind === "loop" ? check !== undefined : memory !== undefined);
    const head = check !== undefined && checked[at] === 1 ? check : undefined;
    if (head === undefined && wanted.length === 0) {
      writer.copy(start, end);
      continue;
    }
    let length = end - body + (head?.length ?? 0);
    for (const { kind } of wanted) {
      length += kind === "loop" ? check!.length : memory![kind].length - MEMORY_INSTRUCTION;
    }
    writer.put(leb(length));
    let from = body;
    if (head !== undefined) {
      writer.copy(from, entry);
      writer.put(head);
      from = entry;
    }
    for (const { at, kind } of wanted) {
      writer.copy(from, at);
      writer.put(kind === "loop" ? check! : memory![kind]);
      from = kind === "loop" ? at : at + MEMORY_INSTRUCTION;
    }
    writer.copy(from, end);
  }
  for (const one of more) writer.put(one);
  return writer.done();
}

/** Writes bytes after each other, many of them copied from the module. */
class Writer {
  readonly #module: Uint8Array;
  #bytes: Uint8Array;
  #length = 0;

  constructor(module: Uint8Array, size: number) {
    this.#module = module;
    this.#bytes = new Uint8Array(size + (size >> 2) + 1024);
  }

  copy(start: number, end: number): void {
    this.put(this.#module.subarray(start, end));
  }

  put(bytes: ArrayLike<number>): void {
    const end = this.#length + bytes.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(end * 2);
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = end;
  }

  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
