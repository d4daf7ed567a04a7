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

/** The lines that are maintained. */
export const nodes: readonly Runtime[] = [
  node(22, { refuses: "no JSPI" }, LOST_IN_UNDICI_6),
  node(24, {}),
  node(26, {}),
];
