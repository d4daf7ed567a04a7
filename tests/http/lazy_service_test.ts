import assert from "node:assert/strict";
import { LazyService } from "../../src/http/lazy_service.ts";
import { get } from "./calls.ts";
import { FakeService, respond } from "./fakes.ts";

Deno.test("all requests go to one service, loaded with the first of them", async () => {
  const made: FakeService[] = [];
  const service = new LazyService(() => {
    made.push(new FakeService(() => respond(204)));
    return Promise.resolve(made.at(-1)!);
  });
  assert.equal(made.length, 0);
  await Promise.all([service.call(get("https://h/a")), service.call(get("https://h/b"))]);
  const before = made.length;
  await service.call(get("https://h/c"));
  assert.equal(made.length, before);
  assert.deepEqual(made.map(({ requests }) => requests.length), [3, ...made.slice(1).map(() => 0)]);
});

Deno.test("closing reaches what is loaded later, and loads nothing itself", async () => {
  const inner = new FakeService(() => respond(204));
  let loads = 0;
  const service = new LazyService(() => {
    loads++;
    return Promise.resolve(inner);
  });
  service.close();
  assert.equal(loads, 0);
  await service.call(get("https://h/"));
  assert.equal(inner.closed, 1);
  service.close();
  assert.equal(inner.closed, 2);
});

Deno.test("where loading fails, the request says so and its body is cancelled; the next loads again", async () => {
  const reason = new Error("no code");
  const inner = new FakeService(() => respond(204));
  const loads = [Promise.reject(reason), Promise.resolve(inner)];
  const service = new LazyService(() => loads.shift()!);
  let cancelled: unknown;
  const stream = new ReadableStream<Uint8Array>({ cancel: (why) => void (cancelled = why) });
  const request = { ...get("https://h/"), method: "PUT", body: { stream } };
  await assert.rejects(service.call(request), (error) => error === reason);
  assert.equal(cancelled, reason);
  assert.equal((await service.call(get("https://h/"))).status, 204);
});

Deno.test("who has the code already opens it, once for all", async () => {
  const inner = new FakeService(() => respond(204));
  const service = new LazyService(() => assert.fail("It was loaded"));
  assert.equal(service.open(() => inner), inner);
  assert.equal(service.open(() => assert.fail("It was made twice")), inner);
  await service.call(get("https://h/"));
  assert.equal(inner.requests.length, 1);
});
