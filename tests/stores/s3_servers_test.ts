/**
 * What S3 is beside a store, against real servers: other clients, signed URLs, uploads taken up again, streams,
 * versions, tags.
 */
import { S3Store } from "../../src/stores/s3/mod.ts";
import { S3_SERVERS, startS3 } from "../servers/s3.ts";
import { STEPS } from "./s3_steps/mod.ts";

for (const server of S3_SERVERS) {
  Deno.test(`S3 beside the store, over ${server.name}`, async (t) => {
    const started = await startS3(server);
    if (started === undefined) return console.log(`SKIPPED: ${server.name} not installed`);
    await using running = started;
    const options = await running.bucket("beside");
    const store = new S3Store(options);
    for (const [name, run] of Object.entries(STEPS)) {
      if (Object.hasOwn(server.fails, name)) continue;
      await t.step(name, () => run({ store, options, running, server }));
    }
    store.close();
  });
}
