import assert from "node:assert/strict";
import { LazyService } from "../../src/http/lazy_service.ts";
import { get } from "./calls.ts";
import { FakeService, respond } from "./fakes.ts";

Deno.test("what is loaded is loaded once, with the first request", async () => {
  const inner = new FakeService(() => respond(204));
  let loads = 0;
  const service = new LazyService(() => {
    loads++;
    return Promise.resolve(inner);
  });
  assert.equal(loads, 0);
  await Promise.all([service.call(get("https://h/a")), service.call(get("https://h/b"))]);
  await service.call(get("https://h/c"));
  assert.equal(loads, 1);
  assert.equal(inner.requests.length, 3);
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

Deno.test("where loading fails, the request says so and its body is cancelled", async () => {
  const reason = new Error("no code");
  const service = new LazyService(() => Promise.reject(reason));
  let cancelled: unknown;
  const stream = new ReadableStream<Uint8Array>({ cancel: (why) => void (cancelled = why) });
  const request = { ...get("https://h/"), method: "PUT", body: { stream } };
  await assert.rejects(service.call(request), (error) => error === reason);
  assert.equal(cancelled, reason);
});
