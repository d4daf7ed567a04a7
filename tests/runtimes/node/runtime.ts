/** Node, with the package from its tarball. */
import { run } from "../../../scripts/npm/process.ts";
import { runProgram } from "../command.ts";
import { installNode } from "../install.ts";
import { NODE_HTTP, type RunningRuntime, type Runtime, UNDICI, type Without } from "../runtime.ts";
import { preparedProject } from "./prepare.ts";

function node(line: 22 | 24 | 26, host: Runtime["host"], without: Without = {}): Runtime {
  return {
    name: `Node ${line}`,
    connectors: { fetch: { ...UNDICI, without }, node: NODE_HTTP },
    host,
    async start(): Promise<RunningRuntime> {
      const [binary, { folder, program }] = await Promise.all([installNode(line), preparedProject()]);
      return {
        version: (await run(binary, ["--version"], folder)).trim().slice(1),
        run: (assignment) => runProgram(binary, [program], assignment, folder),
        close: () => Promise.resolve(),
      };
    },
  };
}

const LOST_IN_UNDICI_6: Without = {
  "a body that does not decode is raw, or an error by name": {
    sometimes:
      "its fetch loses the decoder's error when the coded bytes come after the head; the read timer ends it",
  },
};

const POOLS =
  "its fetch takes the end of a connection of a pool that it has closed for one of the next pool, and closes that too";
const CLOSES_POOLS_IN_UNDICI_7: Without = {
  "connections are used again": { sometimes: POOLS },
  "responses without a body that nobody looked at hold no connection": { sometimes: POOLS },
};

/** The lines that are maintained. */
export const nodes: readonly Runtime[] = [
  node(22, { refuses: "no JSPI" }, LOST_IN_UNDICI_6),
  node(24, {}, CLOSES_POOLS_IN_UNDICI_7),
  node(26, {}),
];
