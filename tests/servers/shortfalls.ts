/**
 * Runs what real servers are said to fail, and prints what each passes all the same, as JSON: `{ "moto": ["…"] }`. A
 * process of its own, as what fails halfway leaves connections and timers behind.
 */
import { storeCases } from "../../src/store/conformance/mod.ts";
import { S3Store } from "../../src/stores/s3/mod.ts";
import { STEPS } from "../stores/s3_steps/mod.ts";
import { type RunningS3, S3_SERVERS, type S3Server, startS3 } from "./s3.ts";

const passed: Record<string, string[]> = {};
for (const server of S3_SERVERS) {
  await using running = await startS3(server);
  if (running !== undefined) passed[server.name] = await passes(server, running);
}
console.log(JSON.stringify(passed));
// What hangs must not keep us.
Deno.exit();

async function passes(server: S3Server, running: RunningS3): Promise<string[]> {
  const found: string[] = [];
  let bucket = 0;
  for (const [name, shortfall] of Object.entries(server.fails)) {
    if (typeof shortfall !== "string") continue;
    const options = await running.bucket(`shortfall-${++bucket}`);
    const store = new S3Store(options);
    try {
      const step = STEPS[name];
      if (step !== undefined) await step({ store, options, running, server });
      else {
        const { lacks } = server;
        await storeCases.find((each) => each.name === name)!.run({ store, lacks });
      }
      found.push(name);
    } catch {
      // As is said of it.
    } finally {
      store.close();
    }
  }
  return found;
}
