/** The store suite over {@linkcode S3Store}, against real servers. */
import { storeCases } from "../../src/store/conformance/mod.ts";
import { S3Store } from "../../src/stores/s3/mod.ts";
import { S3_SERVERS, startS3 } from "../servers/s3.ts";

/** The case that needs a bucket with versions; the others run in one without, as most buckets are. */
const VERSIONS = "an old version can be read by its id";

for (const server of S3_SERVERS) {
  Deno.test(`S3Store over ${server.name}`, async (t) => {
    const started = await startS3(server);
    if (started === undefined) return console.log(`SKIPPED: ${server.name} not installed`);
    await using running = started;
    const { lacks, fails } = server;
    const store = new S3Store(await running.bucket("conformance"));
    const versioned = lacks.includes("version")
      ? undefined
      : new S3Store(await running.bucket("versions", { versioning: true }));
    for (const { name, run } of storeCases) {
      if (Object.hasOwn(fails, name)) continue;
      if (name === VERSIONS && versioned === undefined) continue;
      await t.step(name, () => run({ store: name === VERSIONS ? versioned! : store, lacks }));
    }
    store.close();
    versioned?.close();
  });
}
