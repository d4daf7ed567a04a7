/** A set of which nothing remains that was taken out. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Link, LinkedSet } from "../../src/wasi/linked.ts";

Deno.test("linked set: holds what a set holds, the oldest first", () => {
  const step = fc.oneof(fc.constant("add" as const), fc.nat({ max: 50 }));
  fc.assert(fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
    const linked = new LinkedSet<number>(), plain = new Set<number>(), links: Link<number>[] = [];
    for (const step of steps) {
      if (step === "add") {
        plain.add(links.length);
        links.push(linked.add(links.length));
      } else if (links[step] !== undefined) {
        assert.equal(linked.take(links[step]), plain.delete(step));
      }
      assert.deepEqual(linked.values(), [...plain]);
      assert.equal(linked.size, plain.size);
      assert.equal(linked.first?.value, [...plain][0]);
    }
    assert.deepEqual(linked.drain(), [...plain]);
    assert.equal(linked.size, 0);
    assert.ok(links.every(({ previous, next }) => previous === undefined && next === undefined));
  }));
});
