/**
 * Epochs: what guests compute in, and what ends them however busy they are. Code that was rewritten for it asks again
 * and again whether its epoch is over, in memory that threads share, and traps where it is. In Deno nothing else ends a
 * thread that computes: there `Worker.terminate` waits for it.
 */

/** Memory 0 and memory 1, the latter shared and looked into: `(i32.atomic.load 1 (i32.const 0))`. */
const PROBE = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 5, 1, 0x60, 0, 1, 0x7f],
  ...[2, 16, 2, 1, 0x6d, 1, 0x61, 2, 0, 0, 1, 0x6d, 1, 0x62, 2, 3, 1, 1],
  ...[3, 2, 1, 0],
  ...[10, 11, 1, 9, 0, 0x41, 0, 0xfe, 0x10, 0x42, 1, 0, 0x0b],
]);

let needed: boolean | undefined;

/** Whether workers here need epochs to be ended, and can have them. Elsewhere ending a worker ends what it computes. */
export function needsEpochs(): boolean {
  return needed ??= "Deno" in globalThis && typeof SharedArrayBuffer === "function" &&
    WebAssembly.validate(PROBE);
}

/** An epoch, in the form in which it can be sent to another thread; `undefined` where there are none. */
export type Epoch = WebAssembly.Memory | undefined;

/** An epoch that is not over. */
export function newEpoch(): Epoch {
  return needsEpochs() ? new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }) : undefined;
}

/** Ends whatever runs in the epoch, within microseconds. */
export function endEpoch(epoch: Epoch): void {
  if (epoch !== undefined) Atomics.store(new Int32Array(epoch.buffer), 0, 1);
}

/** Whether it is over. */
export function isOver(epoch: Epoch): boolean {
  return epoch !== undefined && Atomics.load(new Int32Array(epoch.buffer), 0) !== 0;
}
