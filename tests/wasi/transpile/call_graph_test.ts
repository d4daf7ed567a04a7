/** Which functions ask whether their epoch is over. */
import assert from "node:assert/strict";
import { checkedFunctions } from "../../../src/wasi/transpile/call_graph.ts";
import type { FunctionCode } from "../../../src/wasi/transpile/code.ts";

/** Functions by what they call, the first of which is imported; each has as many bytes of code as it says. */
function checked(graph: readonly (readonly number[])[], size = 10, others: readonly number[] = []): string {
  const functions = graph.map((calls, at): FunctionCode => ({
    start: 0,
    body: 0,
    entry: 0,
    end: size,
    calls,
    callsOthers: others.includes(at),
    places: [],
  }));
  return checkedFunctions({ functions, lasting: false }, 1).join("");
}

Deno.test("call graph: functions that call none, or only others that end, need not ask", () => {
  assert.equal(checked([[], [1], [1, 2], [3, 3]]), "0000");
});

Deno.test("call graph: one in each circle asks", () => {
  assert.equal(checked([[1]]), "1");
  assert.equal(checked([[2], [3], [1]]), "100");
  assert.equal(checked([[2], [3, 2], [2], [1]]), "0100");
});

Deno.test("call graph: those ask that call other modules, or who knows whom", () => {
  assert.equal(checked([[0], [], [1]]), "100");
  assert.equal(checked([[], [], [1]], 10, [1]), "010");
});

Deno.test("call graph: who would do too much until the next question, asks", () => {
  const doubling = Array.from({ length: 64 }, (_, at) => at === 63 ? [] : [at + 2, at + 2]);
  const asks = checked(doubling);
  // 10 bytes, doubled ten times, are more than 10,000: so often, and from the last one on.
  assert.match(asks, /^(0*1){5,7}0{9,11}$/);
  assert.equal(checked([[], [1]], 20_000), "11");
});
