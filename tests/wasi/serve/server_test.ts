/** The server over a backend that is played by the test. */
import assert from "node:assert/strict";
import type { BodySource } from "../../../src/wasi/serve/exchange.ts";
import { ServeFailure } from "../../../src/wasi/serve/failure.ts";
import type { Backend, Job } from "../../../src/wasi/serve/job.ts";
import { resolveServeOptions } from "../../../src/wasi/serve/options.ts";
import { GuestServer } from "../../../src/wasi/serve/server.ts";
import { Counters } from "../../../src/wasi/serve/stats.ts";

function serverOver(start: ((job: Job) => void) | undefined): GuestServer {
  const backend: Backend = {
    available: start !== undefined,
    start: (job) => start?.(job),
    stats: () => ({ instances: 0, idle: 0, created: 0, outgoingRefused: 0, workers: 0, workersLost: 0 }),
    close: () => Promise.resolve(),
  };
  return new GuestServer(resolveServeOptions({}), {}, new Counters(), () => backend);
}

function upload() {
  const state = { cancelled: 0 };
  const body: BodySource = { read: () => new Promise(() => {}), cancel: () => void state.cancelled++ };
  return {
    state,
    request: { method: "POST", scheme: "http", authority: "a", path: "/", headers: [], body } as const,
  };
}

Deno.test("server: the body of a request for which no instance could be made is given up", async () => {
  await using server = serverOver((job) => {
    job.failed(new ServeFailure("start", "No worker can be started"));
    job.returned();
  });
  const { request, state } = upload();
  assert.equal((await server.exchange(request)).status, 500);
  assert.ok(state.cancelled > 0);
});

Deno.test("server: the bodies of requests that wait when it is stopped are given up", async () => {
  const server = serverOver(undefined);
  const { request, state } = upload();
  const answer = server.exchange(request);
  await server.shutdown(0);
  assert.equal((await answer).status, 503);
  assert.ok(state.cancelled > 0);
});
