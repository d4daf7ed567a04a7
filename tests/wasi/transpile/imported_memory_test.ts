/** Memories of core modules that the host makes, and holds to a bound. */
import assert from "node:assert/strict";
import { coreImports } from "../../../src/wasi/core_imports.ts";
import { GuestLimitError } from "../../../src/wasi/error.ts";
import { adopt } from "../../../src/wasi/transpile/rewrite.ts";

const HEAD = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const PAGE = 65_536;

/** A module with a memory section of these limits, between a custom section and one of exports. */
function moduleOf(...memories: number[][]): Uint8Array<ArrayBuffer> {
  const section = [memories.length, ...memories.flat()];
  return Uint8Array.from([...HEAD, 0, 3, 1, 0x78, 7, 5, section.length, ...section, 7, 5, 1, 1, 0x6d, 2, 0]);
}

function memoryOf(source: Uint8Array, pages: number): WebAssembly.Memory {
  const { bytes } = adopt(source, false);
  const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  const imports = coreImports(module, undefined, pages * PAGE);
  return new WebAssembly.Instance(module, imports).exports["m"] as WebAssembly.Memory;
}

/** Pages that the memory has in the end, when it is grown by one until it does not. */
function most(memory: WebAssembly.Memory): number {
  for (let left = 300; left > 0; left--) {
    try {
      memory.grow(1);
    } catch {
      break;
    }
  }
  return memory.buffer.byteLength / PAGE;
}

Deno.test("imported memory: one that has no bound of its own, or a larger one, is held to it", () => {
  for (const limits of [[0, 1], [1, 1, 0x80, 0x80, 4], [1, 2, 200, 1]]) {
    const memory = memoryOf(moduleOf(limits), 130);
    assert.equal(memory.buffer.byteLength, limits[1]! * PAGE);
    assert.equal(most(memory), 130, String(limits));
  }
});

Deno.test("imported memory: a bound that is lower stays, and none is none", () => {
  assert.equal(most(memoryOf(moduleOf([1, 1, 5]), 9)), 5);
  assert.equal(most(memoryOf(moduleOf([1, 0, 0]), 9)), 0);
  assert.equal(most(memoryOf(moduleOf([0, 1]), Infinity)), 301);
});

Deno.test("imported memory: one that begins with more is refused", () => {
  assert.throws(
    () => memoryOf(moduleOf([0, 6]), 5),
    (error) => error instanceof GuestLimitError && /begins with 393216 bytes/.test(error.message),
  );
  assert.throws(() => memoryOf(moduleOf([0, 2], [0, 9]), 5), GuestLimitError);
});

Deno.test("imported memory: several, each its own; one of 64 bits; a shared one", () => {
  const first = memoryOf(moduleOf([0, 1], [0, 1], [1, 1, 2]), 7);
  assert.equal(most(first), 7);
  const wide = memoryOf(moduleOf([5, 1, 200, 1]), 3);
  const grow = (wide as unknown as { grow(pages: bigint): bigint }).grow.bind(wide);
  assert.equal(grow(2n), 1n);
  assert.throws(() => grow(1n), RangeError);
  assert.ok(memoryOf(moduleOf([3, 1, 4]), 9).buffer instanceof SharedArrayBuffer);
});

Deno.test("imported memory: a module that is cut off is left to the engine; one that asks for the host's own is refused", () => {
  const cut = moduleOf([0, 1]).subarray(0, 17);
  assert.equal(adopt(cut, true).bytes, cut);
  const text = [..."storeport host"].map((letter) => letter.charCodeAt(0));
  const epoch = [1, text.length, ...text, 1, 0x65, 2, 3, 1, 1];
  const thief = Uint8Array.from([...HEAD, 2, epoch.length, ...epoch]);
  assert.throws(() => adopt(thief, true), /which is the host's own/);
});
