/** Core modules that ask whether their epoch is over. */
import assert from "node:assert/strict";
import { coreImports } from "../../../src/wasi/core_imports.ts";
import { endEpoch, type Epoch, isOver, newEpoch } from "../../../src/wasi/epoch.ts";
import { adopt, interruptible } from "../../../src/wasi/transpile/rewrite.ts";

const HEAD = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const section = (id: number, ...bytes: number[]) => [id, bytes.length, ...bytes];

/** A module whose function `f`, of type i32 → i32, has this body; it imports a function that does nothing. */
function moduleOf(...code: number[]): Uint8Array {
  const body = [1, 1, 0x7e, ...code, 0x0b]; // a local besides the parameter
  return Uint8Array.from([
    ...HEAD,
    ...section(1, 2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 0, 0),
    ...section(2, 1, 1, 0x65, 1, 0x66, 0, 1),
    ...section(3, 1, 0),
    ...section(4, 1, 0x70, 0, 1),
    ...section(5, 1, 0, 1),
    ...section(7, 1, 1, 0x66, 0, 1),
    ...section(9, 1, 0, 0x41, 0, 0x0b, 1, 1),
    ...section(10, 1, body.length, ...body),
  ]);
}

function run(source: Uint8Array, epoch: Epoch, host = () => {}): (value: number) => number {
  const adopted = adopt(source, true);
  assert.ok(adopted.interruptible);
  const module = new WebAssembly.Module(interruptible(adopted.bytes) as Uint8Array<ArrayBuffer>);
  const imports = coreImports(module, epoch, Infinity, { e: { f: host } });
  return new WebAssembly.Instance(module, imports).exports["f"] as (value: number) => number;
}

/** Ways to go on for ever; each ends where its parameter has come to 0. */
const forms: Readonly<Record<string, readonly number[]>> = {
  // (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
  "a loop": [0x03, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x41, 7],
  "a loop with parameters": [0x20, 0, 0x03, 0, 0x41, 1, 0x6b, 0x22, 0, 0x20, 0, 0x0d, 0, 0x0b, 0x1a, 0x41, 7],
  "a loop with a branch table": [
    ...[0x03, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x21, 0],
    ...[0x02, 0x40, 0x20, 0, 0x0e, 1, 0, 1, 0x0b, 0x0b, 0x41, 7],
  ],
  "a loop that calls the host": [
    ...[0x03, 0x40, 0x10, 0, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x41, 7],
  ],
  "recursion": [0x20, 0, 0x04, 0x7f, 0x20, 0, 0x41, 1, 0x6b, 0x10, 1, 0x05, 0x41, 7, 0x0b],
  "indirect recursion": [
    ...[0x20, 0, 0x04, 0x7f, 0x20, 0, 0x41, 1, 0x6b, 0x41, 0, 0x11, 0, 0, 0x05, 0x41, 7, 0x0b],
  ],
  "a tail call": [0x20, 0, 0x04, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x12, 1, 0x0b, 0x41, 7],
  "an indirect tail call": [
    ...[0x20, 0, 0x04, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x41, 0, 0x13, 0, 0, 0x0b, 0x41, 7],
  ],
};

for (const [name, code] of Object.entries(forms)) {
  Deno.test(`epoch: ${name} goes on while it lasts, and traps when it is over`, () => {
    const epoch = newEpoch();
    const f = run(moduleOf(...code), epoch);
    assert.equal(f(100), 7);
    endEpoch(epoch);
    assert.ok(isOver(epoch));
    assert.throws(() => f(100), WebAssembly.RuntimeError);
  });
}

Deno.test("epoch: what runs when it ends is ended", () => {
  const epoch = newEpoch();
  let calls = 0;
  const f = run(moduleOf(...forms["a loop that calls the host"]!), epoch, () => {
    if (++calls === 1000) endEpoch(epoch);
  });
  assert.throws(() => f(-1), WebAssembly.RuntimeError);
  assert.equal(calls, 1000);
});

Deno.test("epoch: code that cannot go on for ever is left as it is", () => {
  const { bytes } = adopt(moduleOf(0x41, 7), true);
  assert.deepEqual(interruptible(bytes), bytes);
});

Deno.test("epoch: a module with unknown instructions runs as it is, and is told", () => {
  const odd = moduleOf(...forms["a loop"]!, 0xfb, 0x30);
  assert.equal(adopt(odd, false).interruptible, false);
  assert.equal(adopt(moduleOf(...forms["a loop"]!), false).interruptible, true);
});
