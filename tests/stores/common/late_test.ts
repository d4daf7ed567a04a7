import { strict as assert } from "node:assert";
import { lateIterable } from "../../../src/stores/common/late.ts";

function counted(): { opened: number; ended: number; open: () => Promise<AsyncGenerator<number>> } {
  const seen = { opened: 0, ended: 0, open };
  // deno-lint-ignore require-await -- opening is asynchronous
  async function open(): Promise<AsyncGenerator<number>> {
    seen.opened++;
    return numbers();
  }
  async function* numbers(): AsyncGenerator<number> {
    try {
      for (let n = 1; n <= 3; n++) yield n;
    } finally {
      seen.ended++;
    }
  }
  return seen;
}

Deno.test("what is opened late is opened once, with the first step, and ended with its user", async () => {
  const seen = counted();
  const late = lateIterable(seen.open);
  assert.equal(seen.opened, 0);
  assert.deepEqual(await Promise.all([late.next(), late.next()]), [
    { done: false, value: 1 },
    { done: false, value: 2 },
  ]);
  for await (const n of late) {
    assert.equal(n, 3);
    break;
  }
  assert.deepEqual([seen.opened, seen.ended], [1, 1]);
  assert.deepEqual(await late.next(), { done: true, value: undefined });
});

Deno.test("what is ended before its first step is never opened", async () => {
  const seen = counted();
  const late = lateIterable(seen.open);
  assert.deepEqual(await late.return!(), { done: true, value: undefined });
  assert.deepEqual(await late.next(), { done: true, value: undefined });
  assert.equal(seen.opened, 0);
});

Deno.test("opening that fails is told by the step, and is the end", async () => {
  const late = lateIterable(() => Promise.reject(new Error("no network")));
  await assert.rejects(late.next(), { message: "no network" });
  assert.deepEqual(await late.next(), { done: true, value: undefined });
  assert.deepEqual(await late.return!(), { done: true, value: undefined });
});

Deno.test("calls are answered in their order, also those made before others have ended", async () => {
  const end = { done: true, value: undefined };
  const early = lateIterable(counted().open);
  const calls = [early.next(), early.return!(), early.next()];
  assert.deepEqual(await Promise.all(calls), [{ done: false, value: 1 }, end, end]);
  const seen = counted();
  const late = lateIterable(seen.open);
  await late.next();
  assert.deepEqual(await Promise.all([late.next(), late.return!(), late.next()]), [
    { done: false, value: 2 },
    end,
    end,
  ]);
  assert.equal(seen.ended, 1);
});

Deno.test("ending what is being opened, and cannot be, is no failure of the end", async () => {
  const late = lateIterable(() => Promise.reject(new Error("no network")));
  const [step, end] = await Promise.allSettled([late.next(), late.return!()]);
  assert.equal(step.status, "rejected");
  assert.deepEqual(end, { status: "fulfilled", value: { done: true, value: undefined } });
});
