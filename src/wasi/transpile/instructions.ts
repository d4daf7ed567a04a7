/** Walking over the instructions of core WebAssembly: as much of them as finding some needs. */

/** A place in a binary that moves on as it is read. */
export class Cursor {
  /** The binary. */
  readonly bytes: Uint8Array;
  /** Where reading goes on. */
  at: number;

  /** At `at` in `bytes`. */
  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  /** A byte. */
  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new RangeError("Unexpected end");
    return byte;
  }

  /** A number in LEB128, unsigned, of up to 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  /** A number in LEB128, unsigned, of up to 64 bits. */
  u64(): bigint {
    let value = 0n;
    for (let shift = 0n;; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  /** Passes over a number in LEB128 of any size and sign. */
  skipNumber(): void {
    while (this.byte() >= 0x80);
  }

  /** Passes over the type of a value, or that of a block. */
  skipType(): void {
    const form = this.bytes[this.at]!;
    // (ref null? heaptype) has a heap type after it; all else is one number.
    if (form === 0x63 || form === 0x64) this.at++;
    this.skipNumber();
  }
}

/** The instructions that {@linkcode nextInstruction} tells apart. */
export type Instruction =
  | "end"
  /** `loop`, with its block type: what follows is done again by each branch to it. */
  | "loop"
  /** `call` or `return_call`, the index of the function to be read. */
  | "call"
  /** A call of a function that is not named. */
  | "indirect call"
  /** `memory.size`, its memory index to be read. */
  | "memory.size"
  /** `memory.grow`, its memory index to be read. */
  | "memory.grow"
  /** One that changes a table, or uses or gives up a passive segment. */
  | "changes state"
  | "unknown"
  | "other";

/**
 * Passes over one instruction and tells what it was; only the opcode is passed over where an index is to be read.
 */
export function nextInstruction(code: Cursor): Instruction {
  const opcode = code.byte();
  if (opcode === 0x0b) return "end";
  if (opcode === 0x3f) return "memory.size";
  if (opcode === 0x40) return "memory.grow";
  if (opcode === 0x26) { // table.set
    code.skipNumber();
    return "changes state";
  }
  if (opcode >= 0x28 && opcode <= 0x3e) return skipMemoryArgument(code);
  if (opcode >= 0x45 && opcode <= 0xc4) return "other"; // arithmetic
  switch (opcode) {
    case 0x00: // unreachable
    case 0x01: // nop
    case 0x05: // else
    case 0x0a: // throw_ref
    case 0x0f: // return
    case 0x19: // catch_all
    case 0x1a: // drop
    case 0x1b: // select
    case 0xd1: // ref.is_null
    case 0xd3: // ref.eq
    case 0xd4: // ref.as_non_null
      return "other";
    case 0x03: // loop
      code.skipType();
      return "loop";
    case 0x02: // block
    case 0x04: // if
    case 0x06: // try
    case 0xd0: // ref.null
      code.skipType();
      return "other";
    case 0x07: // catch
    case 0x08: // throw
    case 0x09: // rethrow
    case 0x0c: // br
    case 0x0d: // br_if
    case 0x18: // delegate
    case 0x20: // local.get
    case 0x21: // local.set
    case 0x22: // local.tee
    case 0x23: // global.get
    case 0x24: // global.set
    case 0x25: // table.get
    case 0x41: // i32.const
    case 0x42: // i64.const
    case 0xd2: // ref.func
    case 0xd5: // br_on_null
    case 0xd6: // br_on_non_null
      code.skipNumber();
      return "other";
    case 0x10: // call
    case 0x12: // return_call
      return "call";
    case 0x14: // call_ref
    case 0x15: // return_call_ref
      code.skipNumber();
      return "indirect call";
    case 0x11: // call_indirect
    case 0x13: // return_call_indirect
      code.skipNumber();
      code.skipNumber();
      return "indirect call";
    case 0x0e: // br_table
      for (let count = code.u32() + 1; count > 0; count--) code.skipNumber();
      return "other";
    case 0x1c: // select with types
      for (let count = code.u32(); count > 0; count--) code.skipType();
      return "other";
    case 0x1f: // try_table
      return skipTryTable(code);
    case 0x43: // f32.const
      code.at += 4;
      return "other";
    case 0x44: // f64.const
      code.at += 8;
      return "other";
    case 0xfc:
      return nextBulk(code);
    case 0xfd:
      return nextVector(code);
    case 0xfe:
      return nextAtomic(code);
    default: // 0xfb, garbage-collected objects, among them
      return "unknown";
  }
}

function skipMemoryArgument(code: Cursor): Instruction {
  // Bit 6 of the alignment says that a memory index follows.
  if ((code.u32() & 0x40) !== 0) code.skipNumber();
  code.skipNumber();
  return "other";
}

function skipTryTable(code: Cursor): Instruction {
  code.skipType();
  for (let count = code.u32(); count > 0; count--) {
    const kind = code.byte();
    if (kind > 3) return "unknown";
    if (kind < 2) code.skipNumber(); // the tag; the others catch all
    code.skipNumber();
  }
  return "other";
}

/** Saturating conversions, memory and table operations, wide arithmetic. */
function nextBulk(code: Cursor): Instruction {
  const opcode = code.u32();
  if (opcode <= 7 || (opcode >= 19 && opcode <= 22)) return "other";
  if (opcode === 10 || opcode === 11 || opcode === 16) { // memory.copy, memory.fill, table.size
    code.skipNumber();
    if (opcode === 10) code.skipNumber();
    return "other";
  }
  if (opcode > 17) return "unknown";
  // memory.init, data.drop, table.init, elem.drop, table.copy, table.grow, table.fill
  code.skipNumber();
  if (opcode === 8 || opcode === 12 || opcode === 14) code.skipNumber();
  return "changes state";
}

function nextVector(code: Cursor): Instruction {
  const opcode = code.u32();
  if (opcode <= 11 || opcode === 92 || opcode === 93) return skipMemoryArgument(code);
  if (opcode === 12 || opcode === 13) code.at += 16; // v128.const, i8x16.shuffle
  else if (opcode >= 21 && opcode <= 34) code.at += 1; // lanes
  else if (opcode >= 84 && opcode <= 91) {
    skipMemoryArgument(code);
    code.at += 1;
  }
  return opcode <= 275 ? "other" : "unknown";
}

function nextAtomic(code: Cursor): Instruction {
  const opcode = code.u32();
  if (opcode === 3) { // atomic.fence
    code.at += 1;
    return "other";
  }
  return opcode <= 0x4e ? skipMemoryArgument(code) : "unknown";
}
