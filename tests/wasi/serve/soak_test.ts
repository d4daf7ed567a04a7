/** The soak of `scripts/soak_serve.ts`, for as long as a test may take. */
import assert from "node:assert/strict";
import { soak } from "../../../scripts/soak/soak.ts";
import type { Isolation } from "../../../src/wasi/mod.ts";

const connections = 16, slowReaders = 20;

for (const isolation of ["inline", "worker"] satisfies Isolation[]) {
  Deno.test(`soak: 2,500 requests, ${isolation}: every answer is whole, and nothing is left open`, async () => {
    const { tally, after, faults } = await soak({
      guest: new URL("../../guests/serve/serve.wasm", import.meta.url).href,
      listener: "node",
      serve: {
        isolation,
        maxInstances: 100,
        maxInstanceReuseCount: 5,
        ...isolation === "worker" && { workers: 2, workerConcurrency: 100 },
      },
      requests: 2500,
      connections,
      slowReaders,
      slowBytes: 4 << 20,
      slowPause: 10,
      disconnects: 0.2,
      traps: 0.01,
      seed: 7,
      interval: 1000,
    });
    assert.deepEqual(faults, []);
    assert.ok(tally.whole > 1500 && tally.dropped > 300 && tally.trapped > 5, JSON.stringify(tally));
    assert.ok(tally.slowWhole >= slowReaders);
    assert.equal(after.stats.refused["queue-full"], 0);
  });
}
