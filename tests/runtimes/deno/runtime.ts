/** Deno, from the sources, as JSR serves them. */
import { join } from "node:path";
import { runProgram } from "../command.ts";
import { ROOT } from "../places.ts";
import { FETCH, NODE_HTTP, type Runtime } from "../runtime.ts";

export const deno: Runtime = {
  name: "Deno",
  connectors: { fetch: FETCH, node: NODE_HTTP },
  host: {},
  start() {
    const program = join(ROOT, "tests/runtimes/node/program.ts");
    return Promise.resolve({
      version: Deno.version.deno,
      run: (assignment) => runProgram(Deno.execPath(), ["run", "--quiet", "-A", program], assignment, ROOT),
      close: () => Promise.resolve(),
    });
  },
};
