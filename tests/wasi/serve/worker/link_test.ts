/** The serving thread's side of a worker, with nobody at the other end: what it says, and what it does when told. */
import assert from "node:assert/strict";
import type { BodySource, ServedResponse } from "../../../../src/wasi/serve/exchange.ts";
import { Job } from "../../../../src/wasi/serve/job.ts";
import { Claims, sharedClaims } from "../../../../src/wasi/serve/worker/claims.ts";
import { WorkerLink } from "../../../../src/wasi/serve/worker/link.ts";
import type { FromWorker, ToWorker } from "../../../../src/wasi/serve/worker/protocol.ts";

/** A link to a worker that is played by the test. */
function linked(concurrency: number, timeout = Infinity) {
  const told: ToWorker[] = [];
  const unstarted: Job[] = [];
  let tell!: (messages: readonly FromWorker[]) => void;
  let fail!: (reason: string) => void;
  const claims = sharedClaims(concurrency + 7);
  const link = new WorkerLink(
    {
      epoch: undefined as never,
      // What a channel does: what moves is gone here.
      post: (messages, transfer = []) => void told.push(...structuredClone(messages, { transfer })),
      onMessage: (listener) => tell = listener,
      onFailure: (listener) => fail = listener,
      terminate: () => {},
    },
    { returned: () => {}, lost: (_, jobs) => void unstarted.push(...jobs), other: () => {} },
    { timeout, claims, concurrency, rings: undefined },
  );
  return { link, told, unstarted, claims: new Claims(claims), tell, fail };
}

function jobWith(body: Uint8Array | BodySource | undefined) {
  const events: string[] = [];
  const answers: ServedResponse[] = [];
  const job = new Job(
    "a-1",
    { method: "POST", scheme: "http", authority: "a", path: "/", headers: [], body },
    {
      answered: (response) => void answers.push(response),
      failed: ({ kind }) => void events.push(kind),
      returned: () => void events.push("returned"),
    },
  );
  return { job, events, answers };
}

/** Lets microtasks run. */
const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

const streamed = (id: number) =>
  ({ t: "answer", id, status: 200, headers: [], body: "stream", trailers: [] }) as const;

Deno.test("links: a job that its worker never began keeps its body for the next one", async () => {
  const body = new Uint8Array(40_000).fill(7);
  const { link, told, unstarted } = linked(2);
  const { job } = jobWith(body);
  link.start(job);
  await settled();
  assert.deepEqual(told.map(({ t }) => t), ["job"]);
  link.end("The worker was ended for another request's sake");
  assert.deepEqual(unstarted, [job]);
  const again = linked(1);
  again.link.start(job);
  await settled();
  assert.deepEqual((again.told[0] as { body?: unknown }).body, new Uint8Array(40_000).fill(7));
});

Deno.test("links: pieces of a request's body stay whole for whoever made them", async () => {
  const piece = new Uint8Array(1000).fill(3);
  let left = 4;
  const { link, told, tell } = linked(1);
  const { job } = jobWith({ read: () => Promise.resolve(left-- > 0 ? piece : undefined), cancel() {} });
  link.start(job);
  await settled();
  tell([{ t: "more", id: 1, pieces: 3 }]);
  await settled();
  assert.deepEqual(told.map(({ t }) => t), ["job", "piece", "piece", "piece", "piece", "end"]);
  for (const message of told) if (message.t === "piece") assert.equal(message.bytes.length, 1000);
  link.end("over");
});

Deno.test("links: an answer that comes when the client has been told of a time-out is given up", async () => {
  const { link, told, claims, tell } = linked(1, 5);
  const { job, events, answers } = jobWith(undefined);
  tell([{ t: "ready" }]);
  link.start(job);
  assert.ok(claims.take(0, 1));
  claims.begin(0);
  while (events.length === 0) await settled();
  assert.deepEqual(events, ["timeout"]);
  tell([streamed(1)]);
  await settled();
  assert.deepEqual(answers, []);
  assert.deepEqual(told.map(({ t }) => t), ["job", "cancel"]);
  link.end("over");
});

Deno.test("links: the body of an answer that is late is given up at both ends", async () => {
  const { link, told, claims, tell } = linked(1, 5);
  const { job, events, answers } = jobWith(undefined);
  tell([{ t: "ready" }]);
  link.start(job);
  assert.ok(claims.take(0, 1));
  claims.begin(0);
  tell([streamed(1)]);
  while (events.length === 0) await settled();
  await settled();
  await assert.rejects((answers[0]!.body as BodySource).read(), /did not end its answer/);
  assert.deepEqual(told.map(({ t }) => t), ["job", "cancel"]);
  link.end("over");
});

Deno.test("links: a worker that dies breaks what it was saying and gives up what it was told", async () => {
  const { link, unstarted, claims, tell, fail } = linked(1);
  let cancelled = 0;
  const { job, events, answers } = jobWith({
    read: () => new Promise(() => {}),
    cancel: () => void cancelled++,
  });
  const { job: waiting } = jobWith(new Uint8Array(9));
  link.start(job);
  link.start(waiting);
  assert.ok(claims.take(0, 1));
  tell([streamed(1), { t: "piece", id: 1, bytes: Uint8Array.of(1) }]);
  const body = answers[0]!.body as BodySource;
  assert.deepEqual(await body.read(), Uint8Array.of(1));
  const rest = body.read();
  fail("out of memory");
  await assert.rejects(rest, /did not end its answer/);
  assert.deepEqual(events, ["stopped", "returned"]);
  assert.deepEqual(unstarted, [waiting]);
  assert.ok(cancelled > 0);
  // Nothing more is said to it, nor heard of it.
  job.clientGone();
  body.cancel();
  tell([{ t: "broken", id: 1 }]);
});

Deno.test("links: jobs do not pile up before a worker that never comes to them", async () => {
  const { link, told, claims, tell } = linked(1);
  const { job: busy } = jobWith(undefined);
  link.start(busy);
  assert.ok(claims.take(0, 1));
  let given = 0;
  while (given < 1000 && link.available) {
    given++;
    link.start(jobWith(undefined).job);
    assert.ok(link.steal() !== undefined);
  }
  await settled();
  assert.ok(told.length < 100, `${told.length} messages wait in the worker's line`);
  assert.equal(link.idle, false);
  // It has come to them after all.
  const stats = { instances: 1, idle: 1, created: 1, outgoingRefused: 0, workers: 0, workersLost: 0 };
  tell([{ t: "returned", id: 1, stats }]);
  link.start(busy);
  assert.equal(link.available, true);
  link.end("over");
});
