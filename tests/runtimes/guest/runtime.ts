/** JavaScript inside a WebAssembly component (StarlingMonkey), hosted by our own host. */
import { loadGuest } from "../../../src/wasi/mod.ts";
import { allowAll } from "../../../src/http/mod.ts";
import type { Assignment, Outcome } from "../assignment.ts";
import { outcomesIn } from "../lines.ts";
import type { RunningRuntime, Runtime } from "../runtime.ts";
import { buildGuest } from "./build.ts";
import { CONNECTOR, S3 } from "./exceptions.ts";

export const guest: Runtime = {
  name: "WASI guest",
  connectors: { fetch: { features: ["extension-methods", "latin1-headers"], without: CONNECTOR, s3: S3 } },
  host: { refuses: "no JSPI" },
  start,
};

async function start(): Promise<RunningRuntime> {
  const program = await loadGuest(await buildGuest());
  const run = async (assignment: Assignment): Promise<readonly Outcome[]> => {
    const failures: Outcome[] = [];
    const decoder = new TextDecoder();
    let output = "";
    const stdout = new WritableStream<Uint8Array>({
      write: (chunk) => void (output += decoder.decode(chunk, { stream: true })),
    });
    try {
      const { exitCode } = await program.run({
        args: [JSON.stringify(assignment)],
        net: allowAll,
        stdout,
        stderr: "inherit",
        // Some cases make hundreds of requests at once, and the engine keeps all of each until it collects garbage.
        limits: { handles: 1_000_000, concurrentRequests: 1000 },
      });
      if (exitCode !== 0) {
        failures.push({ name: "the program runs to its end", error: `it ended with ${exitCode}` });
      }
    } catch (error) {
      failures.push({ name: "the program runs to its end", error: String(error) });
    }
    return [...outcomesIn(output).outcomes, ...failures];
  };
  return { version: "StarlingMonkey", run, close: () => Promise.resolve() };
}
