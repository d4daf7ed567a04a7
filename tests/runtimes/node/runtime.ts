/** Node, with the package from its tarball. */
import { run } from "../../../scripts/npm/process.ts";
import { runProgram } from "../command.ts";
import { installNode } from "../install.ts";
import { NODE_HTTP, type RunningRuntime, type Runtime, UNDICI } from "../runtime.ts";
import { preparedProject } from "./prepare.ts";

function node(line: 22 | 24 | 26, host: Runtime["host"]): Runtime {
  return {
    name: `Node ${line}`,
    connectors: { fetch: UNDICI, node: NODE_HTTP },
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

/** The lines that are maintained. */
export const nodes: readonly Runtime[] = [node(22, { refuses: "no JSPI" }), node(24, {}), node(26, {})];
