/** Holding the memories of core modules to a bound. */
import assert from "node:assert/strict";
import { capMemory } from "../../../src/wasi/transpile/cap_memory.ts";

const HEAD = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** A module with a memory section of these limits, between a custom section and one of exports. */
function moduleOf(...memories: number[][]): Uint8Array<ArrayBuffer> {
  const section = [memories.length, ...memories.flat()];
  return Uint8Array.from([...HEAD, 0, 3, 1, 0x78, 7, 5, section.length, ...section, 7, 5, 1, 1, 0x6d, 2, 0]);
}

/** Pages that the memory of the module has in the end, when it is grown by one until it does not. */
function most(module: Uint8Array): number {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module as Uint8Array<ArrayBuffer>));
  const memory = instance.exports["m"] as WebAssembly.Memory;
  for (let left = 300; left > 0; left--) {
    try {
      memory.grow(1);
    } catch {
      break;
    }
  }
  return memory.buffer.byteLength / 65_536;
}

Deno.test("cap memory: one that has no bound of its own, or a larger one, is held to it", () => {
  for (const limits of [[0, 1], [1, 1, 0x80, 0x80, 4], [1, 2, 200, 1]]) {
    const { bytes, least } = capMemory(moduleOf(limits), 130);
    assert.equal(least, limits[1]);
    assert.equal(most(bytes), 130, String(limits));
  }
});

Deno.test("cap memory: what is within the bound is left as it is", () => {
  for (const limits of [[1, 1, 5], [1, 0, 0]]) {
    const module = moduleOf(limits);
    assert.equal(capMemory(module, 5).bytes, module);
  }
  const without = Uint8Array.from(HEAD);
  assert.deepEqual(capMemory(without, 1), { bytes: without, least: 0 });
});

Deno.test("cap memory: one that begins with more is told, not changed", () => {
  const module = moduleOf([0, 6]);
  assert.deepEqual(capMemory(module, 5), { bytes: module, least: 6 });
  assert.equal(capMemory(moduleOf([0, 2], [0, 9]), 5).least, 9);
});

Deno.test("cap memory: a memory of 64 bits", () => {
  const module = moduleOf([5, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
  const { bytes } = capMemory(module, 3);
  assert.deepEqual([...bytes].slice(HEAD.length + 5, HEAD.length + 11), [5, 4, 1, 5, 1, 3]);
});

Deno.test("cap memory: a module that is cut off", () => {
  assert.throws(() => capMemory(moduleOf([0, 1]).subarray(0, 17), 1), RangeError);
});
