/** Ten thousand operations over a network that fails: nothing lost, nothing wrong, no upload left behind. */
import { strict as assert } from "node:assert";
import { S3Store } from "../../../src/stores/s3/mod.ts";
import { FaultConnector, randomFaults } from "../../../src/testing/fault_connector.ts";
import { FakeS3, KEYS } from "./fake/s3.ts";
import { runWorkload } from "./workload.ts";

const OPERATIONS = 10_000;

Deno.test("10,000 operations through faults: nothing lost or wrong, no upload left behind", async () => {
  const service = new FakeS3({ pageSize: 5 });
  const chance = randomFaults({
    seed: 7,
    refuse: 0.03,
    reset: 0.06,
    truncate: 0.04,
    status: 0.06,
    corrupt: 0.03,
    maxOffset: 3000,
  });
  const connector = new FaultConnector(service, (request, index) => {
    const fault = chance(request, index);
    // Objects have checksums; what holds documents together is TLS.
    const object = request.method === "GET" && !request.url.includes("?");
    return fault?.kind === "corrupt" && !object ? undefined : fault;
  });
  const store = new S3Store({
    bucket: "bucket",
    ...KEYS,
    connector,
    client: { retry: { initBackoff: 1, maxBackoff: 2, maxRetries: 30, budget: false } },
  });
  const { damaged } = await runWorkload(store, { operations: OPERATIONS, workers: 20, firstPart: 1500 });
  assert.equal(service.objects.size, 0, "objects left");
  assert.ok(damaged > 10, `only ${damaged} damaged bodies were found: the faults did not bite`);
  assert.ok(connector.counts.reset > 300 && connector.counts.truncate > 100 && connector.counts.status > 300);

  // Only where the answer to the very start of an upload was lost does nobody know its id: the sweep does.
  for (const { path, id } of await store.abortUploads("", new Date(Date.now() + 1000))) {
    assert.equal(service.uploads.has(id), false, path);
  }
  assert.equal(service.uploads.size, 0);
  const reads = service.requests.filter(({ method }) => method === "GET").length;
  assert.ok(reads > 1000);
});
