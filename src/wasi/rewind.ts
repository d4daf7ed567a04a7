/**
 * Resets an instance to its initial state. All that a call leaves behind in a guest is in its memory, its mutable
 * globals and its handle tables; once these are restored it is a fresh instance, made in the time that it takes to copy
 * the memory.
 */
import type { HandleTable } from "./abi/handles.ts";
import type { GuestCode } from "./module.ts";
import { CALL_HANDLER } from "./transpile/patch.ts";
import { GLOBAL, MEMORY } from "./transpile/rewindable.ts";

/** What generated code shows of an instance whose core modules were made so that it can be put back. */
interface Inside {
  /** Exports of the core instances; `undefined` where they cannot be put back. */
  readonly cores: readonly WebAssembly.Exports[] | undefined;
  /** All handle tables; not every index has one. */
  readonly tables: readonly (HandleTable | undefined)[];
}

/** A piece of memory that is not all zeroes. */
interface Piece {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** One core instance at its start. */
interface CoreStart {
  /** Bytes of memory. */
  readonly size: number;
  readonly pieces: readonly Piece[];
  readonly globals: readonly (number | bigint)[];
}

/** The same for all instances of a guest: it has not been told anything yet that could make a difference. */
const starts = new WeakMap<GuestCode, readonly CoreStart[]>();

/** Memory that a guest may have taken beyond that at its start for it to be worth clearing. */
const GROWTH = 64 * 1024 * 1024;
/** Zeroes are told from others in steps of so many bytes. */
const STEP = 4096;

/**
 * To be called when an instance has been made, before its guest is called. What it returns puts the instance back, or
 * returns false where making another is better. `undefined` where the instance cannot be put back. The host must not
 * have been called while the instance was made: what it answered then, it would have to answer anew.
 */
export function keepStart(code: GuestCode, exports: Record<string, unknown>): (() => boolean) | undefined {
  const { cores, tables } = (exports as { [CALL_HANDLER]?: Inside })[CALL_HANDLER] ?? {};
  if (cores === undefined || tables === undefined || tables.some((table) => table && table.length > 2)) {
    return undefined;
  }
  let start = starts.get(code);
  if (start === undefined) starts.set(code, start = cores.map(startOf));
  const ways = cores.map((core, at) => wayBack(core, start[at]!)).filter((way) => way !== undefined);
  const held = tables.filter((table) => table !== undefined);
  return () => {
    for (const way of ways) if (!way.worthwhile()) return false;
    for (const way of ways) way.go();
    for (const table of held) clear(table);
    return true;
  };
}

function memoryOf(core: WebAssembly.Exports): WebAssembly.Memory | undefined {
  return core[MEMORY] as WebAssembly.Memory | undefined;
}

function globalsOf(core: WebAssembly.Exports): WebAssembly.Global[] {
  return Object.keys(core).filter((name) => name.startsWith(GLOBAL)).map((name) =>
    core[name] as WebAssembly.Global
  );
}

function startOf(core: WebAssembly.Exports): CoreStart {
  const globals = globalsOf(core).map(({ value }) => value as number | bigint);
  const buffer = memoryOf(core)?.buffer;
  if (buffer === undefined) return { size: 0, pieces: [], globals };
  const words = new BigUint64Array(buffer);
  const pieces: Piece[] = [];
  const isZero = (at: number) => {
    for (let word = at / 8; word < (at + STEP) / 8; word++) if (words[word] !== 0n) return false;
    return true;
  };
  for (let at = 0; at < buffer.byteLength;) {
    if (isZero(at)) {
      at += STEP;
      continue;
    }
    const from = at;
    while (at < buffer.byteLength && !isZero(at)) at += STEP;
    pieces.push({ at: from, bytes: new Uint8Array(buffer.slice(from, at)) });
  }
  return { size: buffer.byteLength, pieces, globals };
}

interface WayBack {
  readonly worthwhile: () => boolean;
  readonly go: () => void;
}

/** None for a core instance that has nothing to change. */
function wayBack(
  core: WebAssembly.Exports,
  { size, pieces, globals: values }: CoreStart,
): WayBack | undefined {
  const memory = memoryOf(core), globals = globalsOf(core);
  if (memory === undefined && globals.length === 0) return undefined;
  return {
    worthwhile: () => memory === undefined || memory.buffer.byteLength <= size + GROWTH,
    go() {
      for (let at = 0; at < globals.length; at++) globals[at]!.value = values[at];
      if (memory === undefined) return;
      const bytes = new Uint8Array(memory.buffer);
      let at = 0;
      for (const piece of pieces) {
        bytes.fill(0, at, piece.at);
        bytes.set(piece.bytes, piece.at);
        at = piece.at + piece.bytes.length;
      }
      bytes.fill(0, at);
    },
  };
}

/** What generated code marks entries with that are free. */
const FREE = 1 << 30;

/** All entries free, to be given out from the first on, as by a table that has none. It keeps its room. */
function clear(table: HandleTable): void {
  const last = (table.length >> 1) - 1;
  if (last === 0) return;
  for (let entry = 0; entry < last; entry++) table[entry << 1] = (entry + 1) | FREE;
  table[last << 1] = FREE;
  // Clearing makes a new table, also for an empty set.
  if (table._createdReps !== undefined && table._createdReps.size > 0) table._createdReps.clear();
}
