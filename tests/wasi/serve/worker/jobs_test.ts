/** The worker's side of its jobs, with nobody at the other end. */
import assert from "node:assert/strict";
import type { Backend, Job } from "../../../../src/wasi/serve/job.ts";
import { sharedClaims } from "../../../../src/wasi/serve/worker/claims.ts";
import { Claims } from "../../../../src/wasi/serve/worker/claims.ts";
import { WorkerJobs } from "../../../../src/wasi/serve/worker/jobs.ts";
import { batching } from "../../../../src/wasi/serve/worker/line.ts";
import type { FromWorker, ToWorker } from "../../../../src/wasi/serve/worker/protocol.ts";
import { jobRecord } from "../../../../src/wasi/serve/worker/record.ts";
import { RingWriter, sharedRing } from "../../../../src/wasi/serve/worker/ring.ts";

type JobMessage = Extract<ToWorker, { t: "job" }>;

const message = (id: number): JobMessage => ({
  ...{ t: "job", id, name: `a-${id}`, place: id - 1 },
  ...{ method: "GET", scheme: "http", authority: "a", path: "/", headers: [], body: undefined },
});

Deno.test("jobs: what is said of one in the ring is heard while the event loop's turn is waited for", async () => {
  const rings = { toWorker: sharedRing(), fromWorker: sharedRing() };
  const claims = sharedClaims(8);
  const writer = new RingWriter(rings.toWorker);
  const told: FromWorker[] = [];
  const started: Job[] = [];
  const pool: Backend = {
    available: true,
    start(job) {
      started.push(job);
      // Longer than jobs may follow on each other.
      for (const since = performance.now(); performance.now() - since < 3;);
    },
    stats: () => ({ instances: 0, idle: 0, created: 0, outgoingRefused: 0, workers: 0, workersLost: 0 }),
    close: () => Promise.resolve(),
  };
  const send = batching({ post: (messages) => void told.push(...messages), onMessage: () => {} });
  const jobs = new WorkerJobs(send, { claims, rings }, () => pool);
  const offered = new Claims(claims);
  const put = (id: number) => {
    offered.offer(id - 1, id);
    assert.ok(writer.put(jobRecord(message(id))!));
  };
  put(1);
  jobs.look();
  put(2);
  // As the worker does with each list of messages.
  jobs.look();
  jobs.tell({ t: "gone", id: 2 });
  while (started.length < 2) await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(started.map(({ id, gone }) => [id, gone]), [["a-1", false], ["a-2", true]]);
});
