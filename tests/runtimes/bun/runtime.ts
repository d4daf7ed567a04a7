/** Bun, with the package from its tarball. */
import { join } from "node:path";
import { run } from "../../../scripts/npm/process.ts";
import { runProgram } from "../command.ts";
import { npmInstall } from "../install.ts";
import { preparedProject } from "../node/prepare.ts";
import { FETCH, NODE_HTTP, type Runtime } from "../runtime.ts";

export const bun: Runtime = {
  name: "Bun",
  connectors: {
    // It sends GET for methods that it does not know.
    fetch: { features: FETCH.features.filter((feature) => feature !== "extension-methods") },
    node: NODE_HTTP,
  },
  host: {
    without: {
      "traps: a panic is told with the guest's own words and its frames":
        "JavaScriptCore tells no frames of WebAssembly",
    },
  },
  async start() {
    const [modules, { folder, program }] = await Promise.all([
      npmInstall("bun", ["bun@1"]),
      preparedProject(),
    ]);
    const binary = join(modules, ".bin", "bun");
    return {
      version: (await run(binary, ["--version"], folder)).trim(),
      run: (assignment) => runProgram(binary, ["run", program], assignment, folder),
      close: () => Promise.resolve(),
    };
  },
};
