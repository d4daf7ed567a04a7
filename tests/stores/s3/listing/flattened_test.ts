/** Pages as what they hold: order, ends and failures, one call after the other and many at once. */
import { strict as assert } from "node:assert";
import { Flattened } from "../../../../src/stores/s3/listing/flattened.ts";

/** Pages, and whether they were closed. */
function source(pages: readonly Iterable<number>[]): { flat: Flattened<number>; closed: () => boolean } {
  let closed = false;
  async function* all(): AsyncGenerator<Iterable<number>, void, undefined> {
    try {
      for (const page of pages) {
        await new Promise((resolve) => setTimeout(resolve));
        yield page;
      }
    } finally {
      closed = true;
    }
  }
  return { flat: new Flattened(all()), closed: () => closed };
}

Deno.test("items come in the order of their pages, empty ones passed over", async () => {
  const { flat, closed } = source([[], [1, 2], [], [3], []]);
  assert.deepEqual(await Array.fromAsync(flat), [1, 2, 3]);
  assert.ok(closed());
  assert.deepEqual(await flat.next(), { done: true, value: undefined });
});

Deno.test("many calls at once lose nothing", async () => {
  const { flat } = source([[1, 2], [3], [4, 5, 6]]);
  const steps = await Promise.all(Array.from({ length: 8 }, () => flat.next()));
  assert.deepEqual(steps.map(({ value }) => value), [1, 2, 3, 4, 5, 6, undefined, undefined]);
});

Deno.test("leaving early closes the pages, also between two and before the first", async () => {
  for (const taken of [0, 1, 2]) {
    const { flat, closed } = source([[1, 2], [3]]);
    for (let i = 0; i < taken; i++) await flat.next();
    assert.deepEqual(await flat.return(), { done: true, value: undefined });
    assert.equal(closed(), taken > 0);
    assert.deepEqual(await flat.next(), { done: true, value: undefined });
  }
});

Deno.test("a failure of an item closes the pages, and ends it all", async () => {
  function* broken(): Generator<number> {
    yield 1;
    throw new Error("broken");
  }
  for (const page of [[], [0]]) {
    const { flat, closed } = source([page, broken(), [2]]);
    const seen: number[] = [];
    await assert.rejects(async () => {
      for await (const item of flat) seen.push(item);
    }, /broken/);
    assert.deepEqual(seen, [...page, 1]);
    assert.ok(closed());
    assert.deepEqual(await flat.next(), { done: true, value: undefined });
  }
});
