/** Which functions must check their epoch on entry, so that calls alone cannot go on for ever. */
import type { Code } from "./code.ts";

/** Bytes of code that may run from one question to the next, calls included, loops left aside. */
const STRETCH = 10_000;

const NEW = 0, UNDER_WAY = 1, DONE = 2;

/**
 * A 1 for each function that must ask: in each circle of calls one does, each that calls who knows whom, and each that
 * would do too much until the next one that asks, for twice as much at each of many levels is as good as for ever.
 */
export function checkedFunctions({ functions }: Code, imported: number): Uint8Array {
  const checked = new Uint8Array(functions.length), state = new Uint8Array(functions.length);
  const cost = new Float64Array(functions.length);
  const path: { readonly at: number; next: number }[] = [];
  const enter = (at: number) => {
    const { calls, callsOthers, entry, end } = functions[at]!;
    // An imported function may belong to another module that calls this one.
    if (callsOthers || calls.some((index) => index < imported)) checked[at] = 1;
    cost[at] = end - entry;
    state[at] = UNDER_WAY;
    path.push({ at, next: 0 });
  };
  for (let first = 0; first < functions.length; first++) {
    if (state[first] === NEW) enter(first);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { at } = top;
      const index = functions[at]!.calls[top.next];
      if (index === undefined) {
        if (cost[at]! > STRETCH) checked[at] = 1;
        state[at] = DONE;
        path.pop();
        continue;
      }
      const called = index - imported;
      if (called >= 0 && state[called] === NEW) {
        enter(called);
        continue;
      }
      top.next++;
      if (called < 0) continue;
      if (state[called] === UNDER_WAY) checked[called] = 1;
      else if (checked[called] === 0) cost[at]! += cost[called]!;
    }
  }
  return checked;
}
