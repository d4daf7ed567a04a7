/** The store suite over {@linkcode S3Store}, against real servers. */
import { storeCases } from "../../src/store/conformance/mod.ts";
import { S3Store } from "../../src/stores/s3/mod.ts";
import { S3_SERVERS, startS3 } from "../servers/s3.ts";

for (const server of S3_SERVERS) {
  Deno.test(`S3Store over ${server.name}`, async (t) => {
    const started = await startS3(server);
    if (started === undefined) return console.log(`SKIPPED: ${server.name} not installed`);
    await using running = started;
    const versioning = !server.lacks.includes("version");
    const store = new S3Store(await running.bucket("conformance", { versioning }));
    for (const { name, run } of storeCases) {
      if (!Object.hasOwn(server.fails, name)) {
        await t.step(name, () => run({ store, lacks: server.lacks }));
      }
    }
    store.close();
  });
}
