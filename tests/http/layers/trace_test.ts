import assert from "node:assert/strict";
import { HttpError } from "../../../src/http/error.ts";
import { type TraceHooks, withTrace } from "../../../src/http/layers/trace.ts";
import type { HttpRequest } from "../../../src/http/service.ts";
import { get } from "../calls.ts";
import { fails, fakeBody, FakeService, respond } from "../fakes.ts";

/** Hooks that write down what they are told. */
function recorder(): { hooks: TraceHooks; seen: string[]; elapsed: number[] } {
  const seen: string[] = [];
  const elapsed: number[] = [];
  let spans = 0;
  const hooks: TraceHooks = {
    start: (request) => {
      seen.push(`start ${request.method}`);
      return `span ${++spans}`;
    },
    headers: (event) => {
      elapsed.push(event.elapsed);
      seen.push(`${event.context} headers ${event.response.status}`);
    },
    end: (event) => {
      elapsed.push(event.elapsed);
      seen.push(`${event.context} end ${event.bytesReceived} ${event.complete}`);
    },
    error: (event) => {
      elapsed.push(event.elapsed);
      seen.push(`${event.context} error ${(event.error as Error).message} ${event.bytesReceived}`);
    },
  };
  return { hooks, seen, elapsed };
}

Deno.test("hooks see start, head and end with the bytes, for every way of reading", async () => {
  for (const how of ["bytes", "text", "body"] as const) {
    const { hooks, seen, elapsed } = recorder();
    const client = withTrace(hooks)(new FakeService(() => fakeBody(200, ["über", "all"]).response));
    const response = await client.call(get());
    if (how === "body") {
      for await (const _ of response.body);
    } else if (how === "text") assert.equal(await response.text(), "überall");
    else assert.equal((await response.bytes()).byteLength, 8);
    await response.cancel();
    assert.deepEqual(seen, ["start GET", "span 1 headers 200", "span 1 end 8 true"], how);
    assert.ok(elapsed[0]! >= 0 && elapsed[1]! >= elapsed[0]!);
  }
});

Deno.test("a body given up ends incomplete, with the bytes until then", async () => {
  const { hooks, seen } = recorder();
  const client = withTrace(hooks)(new FakeService(() => fakeBody(200, ["abc", "def"]).response));
  for await (const _ of (await client.call(get())).body) break;
  await (await client.call(get())).cancel();
  assert.deepEqual(seen.filter((line) => line.includes(" end ")), [
    "span 1 end 3 false",
    "span 2 end 0 false",
  ]);
});

Deno.test("failures are told once, before or after the head", async () => {
  const { hooks, seen } = recorder();
  const refused = new HttpError("connect", "refused");
  const client = withTrace(hooks)(
    new FakeService(
      fails(refused),
      () => fakeBody(200, ["abc", new HttpError("interrupted", "reset")]).response,
    ),
  );
  await assert.rejects(client.call(get()), (error) => error === refused);
  const response = await client.call(get());
  const reader = response.body.getReader();
  await reader.read();
  await assert.rejects(reader.read());
  await response.cancel();
  assert.deepEqual(seen, [
    "start GET",
    "span 1 error refused 0",
    "start GET",
    "span 2 headers 200",
    "span 2 error reset 3",
  ]);
});

Deno.test("a response without a body ends with its head", async () => {
  const { hooks, seen } = recorder();
  const client = withTrace(hooks)(new FakeService(() => fakeBody(204).response));
  await client.call(get(undefined, { method: "DELETE" }));
  assert.deepEqual(seen, ["start DELETE", "span 1 headers 204", "span 1 end 0 true"]);
});

Deno.test("hooks that throw disturb nothing", async () => {
  const bug = fails(new Error("hook"));
  const hooks: TraceHooks = { start: bug, headers: bug, end: bug, error: bug };
  const refused = new HttpError("connect", "refused");
  const client = withTrace(hooks)(new FakeService(() => respond(200, "fine"), fails(refused)));
  assert.equal(await (await client.call(get())).text(), "fine");
  await assert.rejects(client.call(get()), (error) => error === refused);
});

Deno.test("any hook may be missing, and the request goes on untouched", async () => {
  const service = new FakeService(() => respond(200, "fine"));
  const request: HttpRequest = get();
  const seen: unknown[] = [];
  for (
    const hooks of [{}, { start: (r: HttpRequest) => seen.push(r) }, { error: () => {} }, { end: () => {} }]
  ) {
    const client = withTrace(hooks)(service);
    assert.equal(await (await client.call(request)).text(), "fine");
    client.close?.();
  }
  assert.ok(service.requests.every((sent) => sent === request));
  assert.deepEqual(seen, [request]);
  assert.equal(service.closed, 4);
});

Deno.test("the traced response is the response", async () => {
  const fake = fakeBody(206, ["abc"], [["a", "b"]], 3);
  const client = withTrace({ end: () => {} })(new FakeService(() => fake.response));
  const response = await client.call(get());
  assert.equal(response.status, 206);
  assert.deepEqual(response.headers, [["a", "b"]]);
  assert.equal(response.contentLength, 3);
  assert.equal(response.decoded, false);
  // Looking at the stream is not reading it.
  assert.equal(response.body, response.body);
  assert.equal(await response.text(), "abc");
  assert.deepEqual(await response.trailers, []);
});
