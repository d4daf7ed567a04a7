// The program for guests: storeport inside a component, over the engine's `fetch`, which our host carries.
import "../../guests/js-storeport/engine.js";
import { getArguments } from "wasi:cli/environment@0.2.12";
import { OUTCOME } from "../lines.ts";
import { runAssignment } from "../lists/run.ts";

export const run = {
  async run() {
    const [, assignment] = getArguments();
    for await (const outcome of runAssignment(JSON.parse(assignment))) {
      console.log(`${OUTCOME}${JSON.stringify(outcome)}`);
    }
  },
};
