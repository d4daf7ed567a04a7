/**
 * Epoch interruption, as wasmtime calls it: code asks at the head of each loop, and of each function that calls another
 * one, whether its epoch is over, and traps where it is. What asks is a load from a memory that threads share; whoever
 * holds it ends the epoch by one store, from whatever thread and however busy the guest is. What lies between two such
 * places is as finite as the code itself.
 */
import { hostMemory } from "./host_import.ts";
import { leb } from "./sections.ts";

/** The import of the memory that says whether the epoch is over: a number at its start that is not 0. */
export const EPOCH_IMPORT = "epoch";

/** Memory 1 is shared and of one page at least and at the most. */
const SHARED_PAGE = [3, 1, 1];

/** Imports the epoch. */
export function epochImport(): number[] {
  return hostMemory(EPOCH_IMPORT, SHARED_PAGE);
}

/**
 * Traps where the epoch is over:
 *
 * ```wat
 * (if (i32.atomic.load $epoch (i32.const 0)) (then (unreachable)))
 * ```
 *
 * A load that is not atomic, compilers may move out of the loop.
 */
export function epochCheck(memory: number): Uint8Array {
  // Bit 6 of the alignment says that the memory's index follows.
  const load = memory === 0 ? [2, 0] : [2 | 0x40, ...leb(memory), 0];
  return Uint8Array.from([0x41, 0, 0xfe, 0x10, ...load, 0x04, 0x40, 0x00, 0x0b]);
}
