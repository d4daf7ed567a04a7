/** Core modules whose instances can be put back to their start, and putting them back. */
import assert from "node:assert/strict";
import { CALL_HANDLER } from "../../../src/wasi/transpile/patch.ts";
import { adopt } from "../../../src/wasi/transpile/rewrite.ts";
import { coreImports } from "../../../src/wasi/core_imports.ts";
import { type HandleTable, Resource, ResourceRegistry } from "../../../src/wasi/abi/handles.ts";
import { keepStart } from "../../../src/wasi/rewind.ts";
import type { GuestCode } from "../../../src/wasi/module.ts";

const section = (id: number, ...bytes: number[]) => [id, bytes.length, ...bytes];
const named = (name: string, kind: number, index: number) => [
  name.length,
  ...new TextEncoder().encode(name),
  kind,
  index,
];
const body = (...code: number[]) => [code.length + 2, 0, ...code, 0x0b];

/**
 * A memory of one page and at most eight with "hi" at 4, a mutable global that is 5, and functions `size`, `grow`,
 * `load`, `store` and `bump`. `more` is put at the end of `bump`.
 */
function module(more: readonly number[] = []): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 3, 0x60, 0, 1, 0x7f, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 0),
    ...section(3, 5, 0, 1, 1, 2, 0),
    ...section(4, 1, 0x70, 0, 2),
    ...section(5, 1, 1, 1, 8),
    ...section(6, 2, 0x7f, 1, 0x41, 5, 0x0b, 0x7f, 0, 0x41, 9, 0x0b),
    ...section(7, 5, ...["size", "grow", "load", "store", "bump"].flatMap((name, at) => named(name, 0, at))),
    ...section(
      10,
      5,
      ...body(0x3f, 0),
      ...body(0x20, 0, 0x40, 0),
      ...body(0x20, 0, 0x2d, 0, 0),
      ...body(0x20, 0, 0x20, 1, 0x3a, 0, 0),
      ...body(0x23, 0, 0x41, 1, 0x6a, 0x24, 0, ...more, 0x23, 0),
    ),
    ...section(11, 1, 0, 0x41, 4, 0x0b, 2, 0x68, 0x69),
  ]);
}

function rewindable(module: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const { bytes, rewindable } = adopt(module, true);
  return rewindable ? bytes as Uint8Array<ArrayBuffer> : undefined;
}

function instanceOf(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Instance {
  const module = new WebAssembly.Module(bytes);
  return new WebAssembly.Instance(module, coreImports(module, undefined, Infinity));
}

type Functions = Record<"size" | "grow" | "load" | "store" | "bump", (...args: number[]) => number>;

function instance(): {
  readonly core: Functions;
  readonly table: HandleTable;
  readonly again: () => boolean;
} {
  const bytes = rewindable(module());
  assert.ok(bytes !== undefined);
  const { exports } = instanceOf(bytes);
  const table: HandleTable = [1 << 30, 0];
  const again = keepStart({} as GuestCode, { [CALL_HANDLER]: { cores: [exports], tables: [, table] } });
  assert.ok(again !== undefined);
  return { core: exports as unknown as Functions, table, again };
}

Deno.test("rewindable: memory, its size and globals are as at the start", () => {
  const { core, again } = instance();
  for (let life = 0; life < 3; life++) {
    assert.deepEqual(
      [core.size(), core.load(4), core.load(5), core.load(100)],
      [1, 0x68, 0x69, 0],
      `${life}`,
    );
    assert.equal(core.bump(), 6);
    core.store(4, 1);
    core.store(100, 2);
    assert.equal(core.grow(2), 1);
    assert.equal(core.size(), 3);
    assert.equal(core.load(3 * 65_536 - 1), 0);
    core.store(3 * 65_536 - 1, 3);
    assert.equal(again(), true);
  }
});

Deno.test("rewindable: memory grows as far as it may, also where it is large already", () => {
  const { core, again } = instance();
  for (let life = 0; life < 2; life++) {
    assert.equal(core.grow(8), -1, "one too many");
    assert.equal(core.grow(-1), -1);
    assert.equal(core.grow(0), 1);
    assert.equal(core.grow(7), 1);
    assert.equal(core.grow(1), -1);
    assert.equal(core.size(), 8);
    again();
  }
});

Deno.test("rewindable: handles are given out from the first one on", () => {
  class Thing extends Resource {}
  const { table, again } = instance();
  for (let life = 0; life < 3; life++) {
    const resources = new ResourceRegistry(10);
    const things = Array.from({ length: 4 }, () => new Thing());
    assert.deepEqual(things.map((thing) => resources.create(table, thing)), [1, 2, 3, 4]);
    assert.equal(resources.take(table, 2), things[1]);
    assert.equal(resources.borrow(table, 4), things[3]);
    again();
    for (const handle of [1, 2, 3, 4]) assert.throws(() => resources.borrow(table, handle), /does not hold/);
  }
});

Deno.test("rewindable: an instance that took much memory is not worth clearing", () => {
  const big = module();
  // At most 8 pages becomes at most 2,000.
  const at = big.findIndex((_, i) =>
    big[i] === 5 && big[i + 1] === 4 && big[i + 2] === 1 && big[i + 3] === 1
  );
  const bytes = rewindable(
    Uint8Array.from([...big.subarray(0, at), 5, 5, 1, 1, 1, 0xd0, 0x0f, ...big.subarray(at + 6)]),
  );
  const { exports } = instanceOf(bytes!);
  const again = keepStart({} as GuestCode, { [CALL_HANDLER]: { cores: [exports], tables: [] } })!;
  const { grow } = exports as unknown as Functions;
  assert.equal(grow(1000), 1);
  assert.equal(again(), true);
  assert.equal(grow(1500), 1);
  assert.equal(again(), false);
});

Deno.test("rewindable: modules that change what cannot be put back are left as they are", () => {
  // Of `more` nothing runs: what stands there is enough.
  const changes = {
    "table.set": [0x41, 0, 0xd0, 0x70, 0x26, 0],
    "table.fill": [0x41, 0, 0xd0, 0x70, 0x41, 0, 0xfc, 17, 0],
    "elem.drop": [0xfc, 13, 0],
    "data.drop": [0xfc, 9, 0],
    "an unknown instruction": [0xff],
  };
  for (const [name, code] of Object.entries(changes)) {
    assert.equal(rewindable(module(code)), undefined, name);
  }
  // Nothing of these is kept by the instance.
  const harmless = {
    "memory.fill": [0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0],
    "a vector": [0xfd, 12, ...new Array(16).fill(0x3f), 0x1a],
    "a branch table": [0x02, 0x40, 0x41, 0, 0x0e, 1, 0, 0, 0x0b],
    "constants that look like it": [0x41, 0x40, 0x1a, 0x43, 0x3f, 0, 0x40, 0, 0x1a],
  };
  for (const [name, code] of Object.entries(harmless)) {
    const bytes = rewindable(module(code));
    assert.ok(bytes !== undefined && WebAssembly.validate(bytes), name);
  }
  assert.equal(rewindable(module().subarray(0, 60)), undefined, "one that is cut off");
});

Deno.test("rewindable: an instance whose guest holds handles from the start is not put back", () => {
  const tables: HandleTable[] = [[0, 0, 0, 5]];
  assert.equal(keepStart({} as GuestCode, { [CALL_HANDLER]: { cores: [], tables } }), undefined);
  assert.equal(keepStart({} as GuestCode, { [CALL_HANDLER]: { cores: undefined, tables: [] } }), undefined);
});
