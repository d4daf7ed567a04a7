import assert from "node:assert/strict";
import fc from "fast-check";
import type { HttpResponse, HttpService } from "../../../src/http/service.ts";
import { Semaphore } from "../../../src/http/layers/semaphore.ts";
import { withLimit } from "../../../src/http/layers/limit.ts";
import { ConfigurationError } from "../../../src/store/error.ts";
import { get } from "../calls.ts";
import { fails, fakeBody, FakeService, respond, settle } from "../fakes.ts";

/** Which of the calls have got their response head. */
async function arrived(calls: Promise<HttpResponse>[]): Promise<number[]> {
  const heads = new Set<number>();
  calls.forEach((call, i) => call.then(() => heads.add(i), () => {}));
  await settle();
  return [...heads].sort((a, b) => a - b);
}

Deno.test("a permit is held until the body is over, in each way a body can be over", async () => {
  const finish: Array<[string, (response: HttpResponse) => Promise<unknown>]> = [
    ["bytes", (response) => response.bytes()],
    ["text", (response) => response.text()],
    ["cancel", (response) => response.cancel()],
    ["read to the end", async (response) => {
      const reader = response.body.getReader();
      while (!(await reader.read()).done);
    }],
    ["iterated", async (response) => {
      for await (const _ of response.body);
    }],
    ["left half-way", async (response) => {
      for await (const _ of response.body) break;
    }],
    ["stream cancelled unread", (response) => response.body.cancel()],
    ["cancelled while streaming", async (response) => {
      const reader = response.body.getReader();
      await reader.read();
      await response.cancel();
    }],
  ];
  for (const [how, over] of finish) {
    const service = new FakeService(() => fakeBody(200, ["some", "thing"]).response);
    const client = withLimit({ maxConcurrency: 1 })(service);
    const first = await client.call(get());
    const second = client.call(get());
    assert.deepEqual(await arrived([second]), [], how);
    assert.equal(service.requests.length, 1, how);
    await over(first);
    assert.deepEqual(await arrived([second]), [0], how);
    await (await second).cancel();
  }
});

Deno.test("a permit comes back when the request or its body fails", async () => {
  const service = new FakeService(
    fails(new Error("no head")),
    () => fakeBody(200, ["x", new Error("reset")]).response,
    () => fakeBody(200, ["x", new Error("reset")]).response,
    () => respond(200),
  );
  const client = withLimit({ maxConcurrency: 1 })(service);
  await assert.rejects(client.call(get()), /no head/);
  await assert.rejects((await client.call(get())).bytes());
  const stream = (await client.call(get())).body.getReader();
  await stream.read();
  await assert.rejects(stream.read());
  assert.equal((await client.call(get())).status, 200);
});

Deno.test("responses without a body give their permit back at once", async () => {
  const service = new FakeService(
    () => fakeBody(204).response,
    () => fakeBody(304).response,
    () => fakeBody(200, [], [], 0).response,
    () => fakeBody(200).response,
    () => respond(200),
  );
  const client = withLimit({ maxConcurrency: 1 })(service);
  for (let i = 0; i < 3; i++) await client.call(get());
  await client.call(get(undefined, { method: "HEAD" }));
  await client.call(get());
  assert.equal(service.requests.length, 5);
});

Deno.test("a permit is given back once, however often the body is ended", async () => {
  const service = new FakeService(() => fakeBody(200, ["x"]).response);
  const client = withLimit({ maxConcurrency: 1 })(service);
  const first = await client.call(get());
  await first.bytes();
  await first.cancel();
  await first.cancel();
  await assert.rejects(first.bytes());
  const calls = [client.call(get()), client.call(get())];
  assert.deepEqual(await arrived(calls), [0]);
  await (await calls[0]!).cancel();
  await (await calls[1]!).cancel();
});

Deno.test("a second consumer's refusal does not end the first one's permit", async () => {
  const service = new FakeService(() => fakeBody(200, ["x", "y"]).response);
  const client = withLimit({ maxConcurrency: 1 })(service);
  const first = await client.call(get());
  const reader = first.body.getReader();
  await reader.read();
  await assert.rejects(first.bytes());
  const second = client.call(get());
  assert.deepEqual(await arrived([second]), []);
  await reader.cancel();
  await (await second).cancel();
});

Deno.test("first come, first served", async () => {
  const order: string[] = [];
  const service: HttpService = {
    call: ({ url }) => {
      order.push(url.slice(-1));
      return Promise.resolve(fakeBody(200, ["x"]).response);
    },
  };
  const client = withLimit({ maxConcurrency: 2 })(service);
  const read = async (name: string) => await (await client.call(get(`https://h/${name}`))).bytes();
  await Promise.all([..."abcdefgh"].map(read));
  assert.equal(order.join(""), "abcdefgh");
});

Deno.test("an abort while waiting gives up the place, and only that", async () => {
  const service = new FakeService(() => fakeBody(200, ["x"]).response);
  const client = withLimit({ maxConcurrency: 1, maxConcurrencyPerHost: 1 })(service);
  const first = await client.call(get());
  const abort = new AbortController();
  const second = client.call(get(undefined, { signal: abort.signal }));
  const third = client.call(get());
  await settle();
  const reason = new Error("enough");
  abort.abort(reason);
  await assert.rejects(second, (error) => error === reason);
  await first.cancel();
  await (await third).cancel();
  assert.equal(service.requests.length, 2);
  await assert.rejects(
    client.call(get(undefined, { signal: AbortSignal.abort(reason) })),
    (error) => error === reason,
  );
  await (await client.call(get())).cancel();
});

Deno.test("an abort while waiting for the common permit gives the host's back", async () => {
  const service = new FakeService(() => fakeBody(200, ["x"]).response);
  const client = withLimit({ maxConcurrency: 1, maxConcurrencyPerHost: 1 })(service);
  const first = await client.call(get("https://b.example/"));
  const abort = new AbortController();
  const second = client.call(get("https://a.example/", { signal: abort.signal }));
  await settle();
  abort.abort();
  await assert.rejects(second);
  await first.cancel();
  await (await client.call(get("https://a.example/"))).cancel();
});

Deno.test("no listener stays on a signal, granted or aborted", async () => {
  const signal = new AbortController().signal;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal), remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: unknown[]) => {
    listeners++;
    add(...args as Parameters<typeof add>);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    listeners--;
    remove(...args as Parameters<typeof remove>);
  };
  const semaphore = new Semaphore(1);
  const release = await semaphore.acquire(signal);
  const next = semaphore.acquire(signal);
  assert.equal(listeners, 1);
  release();
  (await next)();
  assert.equal(listeners, 0);
});

Deno.test("per host: one host's queue does not hold up another", async () => {
  const service = new FakeService(() => fakeBody(200, ["x"]).response);
  const client = withLimit({ maxConcurrency: 3, maxConcurrencyPerHost: 1 })(service);
  const calls = [
    client.call(get("https://a.example/1")),
    client.call(get("https://A.example/2?x")),
    client.call(get("https://a.example:444/3")),
    client.call(get("https://b.example")),
  ];
  assert.deepEqual(await arrived(calls), [0, 2, 3]);
  await (await calls[0]!).cancel();
  assert.deepEqual(await arrived(calls), [0, 1, 2, 3]);
  for (const call of calls) await (await call).cancel();
});

Deno.test("no limit, no layer; nonsense is refused", () => {
  const service = new FakeService(() => respond(200));
  assert.equal(withLimit({})(service), service);
  assert.equal(withLimit({ maxConcurrency: Infinity })(service), service);
  for (const bad of [0, -1, 1.5, NaN]) {
    assert.throws(() => withLimit({ maxConcurrency: bad }), ConfigurationError);
    assert.throws(() => withLimit({ maxConcurrencyPerHost: bad }), ConfigurationError);
    assert.throws(() => new Semaphore(bad), RangeError);
  }
  const limited = withLimit({ maxConcurrency: 1 })(service);
  limited.close?.();
  assert.equal(service.closed, 1);
});

Deno.test("semaphore: under any use never more than its permits, in order, and none lost", async () => {
  const action = fc.oneof(
    fc.constant("acquire" as const),
    fc.record({ release: fc.nat(20) }),
    fc.record({ abort: fc.nat(20) }),
  );
  await fc.assert(fc.asyncProperty(
    fc.integer({ min: 1, max: 4 }),
    fc.array(action, { maxLength: 60 }),
    async (permits, actions) => {
      const semaphore = new Semaphore(permits);
      const held: Array<() => void> = [];
      const waiting: Array<{ id: number; abort: AbortController }> = [];
      let granted: number[] = [];
      let expected: number[] = [];
      let model = permits;
      let id = 0;
      for (const action of actions) {
        if (action === "acquire") {
          const mine = id++;
          const abort = new AbortController();
          semaphore.acquire(abort.signal).then((release) => {
            granted.push(mine);
            held.push(release);
          }, () => {});
          if (model > 0) {
            model--;
            expected.push(mine);
          } else waiting.push({ id: mine, abort });
        } else if ("release" in action) {
          const release = held.splice(action.release % Math.max(1, held.length), 1)[0];
          if (release === undefined) continue;
          release();
          release(); // the second time does nothing
          const next = waiting.shift();
          if (next === undefined) model++;
          else expected.push(next.id);
        } else {
          const gone = waiting.splice(action.abort % Math.max(1, waiting.length), 1)[0];
          gone?.abort.abort();
        }
        await settle();
        assert.deepEqual(granted, expected);
        assert.ok(held.length <= permits);
        assert.equal(semaphore.free, model);
        assert.equal(semaphore.waiting, waiting.length);
      }
      granted = expected = [];
    },
  ));
});
