/** JavaScript inside a WebAssembly component (StarlingMonkey), hosted by our own host. */
import { join } from "node:path";
import { runProgram } from "../command.ts";
import { ROOT } from "../places.ts";
import type { Runtime } from "../runtime.ts";
import { buildGuest } from "./build.ts";
import { CONNECTOR, S3 } from "./exceptions.ts";

export const guest: Runtime = {
  name: "WASI guest",
  connectors: { fetch: { features: ["extension-methods", "latin1-headers"], without: CONNECTOR, s3: S3 } },
  host: { refuses: "no JSPI" },
  async start() {
    const component = await buildGuest();
    const host = join(ROOT, "tests/runtimes/guest/host.ts");
    return {
      version: "StarlingMonkey",
      run: (assignment) =>
        runProgram(Deno.execPath(), ["run", "--quiet", "-A", host, component], assignment, ROOT),
      close: () => Promise.resolve(),
    };
  },
};
