/** Hosts the program: `host.ts COMPONENT ASSIGNMENT`. A process of its own, so that the servers' is left alone. */
import { allowAll } from "../../../src/http/mod.ts";
import { loadGuest } from "../../../src/wasi/mod.ts";

const [component = "", assignment = ""] = Deno.args;
const guest = await loadGuest(component);
const { exitCode } = await guest.run({
  args: [assignment],
  net: allowAll,
  stdout: "inherit",
  stderr: "inherit",
  // Some cases make hundreds of requests at once, and the engine keeps all of each until it collects garbage.
  limits: { handles: 1_000_000, concurrentRequests: 1000 },
});
Deno.exit(exitCode);
