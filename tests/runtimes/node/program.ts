/** The program for runtimes with `node:process` (Deno, Node, Bun): an assignment as argument, outcomes as lines. */
import process from "node:process";
import { hostTrials } from "../lists/host.ts";
import { runAssignment } from "../lists/run.ts";
import { OUTCOME } from "../lines.ts";

for await (const outcome of runAssignment(JSON.parse(process.argv[2]!), hostTrials)) {
  process.stdout.write(`${OUTCOME}${JSON.stringify(outcome)}\n`);
}
// Connections that are kept for later would hold the process for a while.
process.exit(0);
