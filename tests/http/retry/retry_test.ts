import assert from "node:assert/strict";
import fc from "fast-check";
import { Backoff } from "../../../src/http/retry/backoff.ts";
import { RetryBudget } from "../../../src/http/retry/budget.ts";
import { systemClock } from "../../../src/http/retry/clock.ts";
import type { HttpRequest, HttpService } from "../../../src/http/service.ts";
import { HttpError, type HttpErrorKind } from "../../../src/http/error.ts";
import { withHeader } from "../../../src/http/headers.ts";
import { isIdempotent, isRetryableError } from "../../../src/http/retry/rules.ts";
import { isRetryableStatus } from "../../../src/http/retry/status.ts";
import { RetryError, retryHistory } from "../../../src/http/retry/error.ts";
import { withRetry } from "../../../src/http/retry/layer.ts";
import { parseRetryAfter } from "../../../src/http/retry/retry_after.ts";
import { resolveRetry, type RetryEvent } from "../../../src/http/retry/options.ts";
import { RetryState } from "../../../src/http/retry/state.ts";
import { get } from "../calls.ts";
import { fails, fakeBody, FakeClock, FakeService, respond, settle } from "../fakes.ts";

function failure(kind: HttpErrorKind): HttpError {
  return new HttpError(kind, `Cannot GET "https://example.com/a": ${kind}`);
}

Deno.test("statuses: 408, 429 and passing 5xx are retried, others never", () => {
  const retried = [408, 429, 500, 502, 503, 504, 509, 520, 524, 599];
  const final = [
    200,
    204,
    206,
    301,
    304,
    400,
    401,
    403,
    404,
    409,
    412,
    416,
    501,
    505,
    507,
    508,
    510,
    511,
    600,
  ];
  for (const status of retried) assert.equal(isRetryableStatus(status), true, `${status}`);
  for (const status of final) assert.equal(isRetryableStatus(status), false, `${status}`);
});

Deno.test("errors: by kind and idempotency", () => {
  const table: Array<[HttpErrorKind, idempotent: boolean, other: boolean]> = [
    ["connect", true, true],
    ["timeout", true, false],
    ["interrupted", true, false],
    ["unknown", true, false],
    ["denied", false, false],
    ["request", false, false],
    ["decode", false, false],
  ];
  for (const [kind, idempotent, other] of table) {
    assert.equal(isRetryableError({ method: "GET" }, failure(kind)), idempotent, kind);
    assert.equal(isRetryableError({ method: "POST" }, failure(kind)), other, `POST ${kind}`);
    assert.equal(isRetryableError({ method: "POST", idempotent: true }, failure(kind)), idempotent, kind);
    assert.equal(isRetryableError({ method: "PUT", idempotent: false }, failure(kind)), other, kind);
  }
  assert.equal(isRetryableError({ method: "GET" }, new TypeError("bug")), false);
});

Deno.test("idempotency follows the method, in its case", () => {
  for (const method of ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PROPFIND"]) {
    assert.equal(isIdempotent({ method }), true, method);
  }
  for (const method of ["POST", "PATCH", "COPY", "MOVE", "MKCOL", "LOCK", "get"]) {
    assert.equal(isIdempotent({ method }), false, method);
  }
});

Deno.test("a response that needs no retry passes through, with no history", async () => {
  const service = new FakeService(() => respond(404, "no"));
  const response = await withRetry()(service).call(get());
  assert.equal(response.status, 404);
  assert.equal(await response.text(), "no");
  assert.equal(service.requests.length, 1);
  assert.equal(retryHistory(response), undefined);
});

Deno.test("retries until it works; attempts are counted, pauses grow, the history is kept", async () => {
  const clock = new FakeClock();
  const service = new FakeService(
    fails(failure("connect")),
    () => respond(503, "later"),
    () => respond(429, "later"),
    () => respond(200, "here"),
  );
  const told: RetryEvent[] = [];
  const client = withRetry({ clock, onRetry: (event) => void told.push(event) })(service);
  const response = await client.call(get());
  assert.equal(await response.text(), "here");
  assert.deepEqual(service.requests.map((request) => request.attempt), [undefined, 1, 2, 3]);
  // random() is 1 here, so each pause is the longest it may be.
  assert.deepEqual(clock.slept, [100, 200, 400]);
  assert.deepEqual(told.map(({ attempt, delay, status, elapsed }) => [attempt, delay, status, elapsed]), [
    [1, 100, undefined, 0],
    [2, 200, 503, 100],
    [3, 400, 429, 300],
  ]);
  assert.equal((told[0]!.error as HttpError).kind, "connect");
  const history = retryHistory(response)!;
  assert.equal(history.attempts, 4);
  assert.equal(history.elapsed, 700);
  assert.equal(history.stopped, undefined);
  assert.equal(history.failures.length, 3);
});

Deno.test("the option that decides the last error is named after retries too", async () => {
  const denied = new HttpError("denied", "no", { key: "allowHttp", detail: { tag: "HTTP-request-denied" } });
  const service = new FakeService(fails(failure("connect")), fails(denied));
  const error = await withRetry({ clock: new FakeClock() })(service).call(get())
    .then(() => assert.fail(), (error) => error);
  assert.ok(error instanceof RetryError);
  assert.deepEqual([error.kind, error.key, error.detail], [denied.kind, denied.key, denied.detail]);
});

Deno.test("maxRetries: the last error says what was tried, and is still the last error", async () => {
  const clock = new FakeClock();
  const service = new FakeService(() => respond(500), fails(failure("connect")));
  const client = withRetry({ clock, maxRetries: 3 })(service);
  const error = await client.call(get()).then(() => assert.fail(), (error) => error);
  assert.ok(error instanceof RetryError && error instanceof HttpError);
  assert.equal(error.kind, "connect");
  assert.equal((error.cause as HttpError).message, 'Cannot GET "https://example.com/a": connect');
  assert.equal(
    error.message,
    'Cannot GET "https://example.com/a": connect (3 retries in 0.7 s, maxRetries 3 reached; ' +
      "failures: status 500, 3 × connect)",
  );
  assert.equal(error.history.attempts, 4);
  assert.equal(error.history.stopped, "max-retries");
  assert.equal(retryHistory(error), error.history);
  assert.equal(service.requests.length, 4);
});

Deno.test("maxRetries: a last bad status is a response, readable, with its history", async () => {
  const service = new FakeService(() => respond(503, "still busy"));
  const response = await withRetry({ clock: new FakeClock(), maxRetries: 2 })(service).call(get());
  assert.equal(response.status, 503);
  assert.equal(await response.text(), "still busy");
  assert.equal(retryHistory(response)?.attempts, 3);
  assert.equal(retryHistory(response)?.stopped, "max-retries");
});

Deno.test("maxRetries 0 tries once and leaves the error alone", async () => {
  const thrown = failure("connect");
  const service = new FakeService(fails(thrown));
  await assert.rejects(withRetry({ maxRetries: 0 })(service).call(get()), (error) => error === thrown);
  assert.equal(service.requests.length, 1);
});

Deno.test("retryTimeout: no retry starts later than that", async () => {
  const clock = new FakeClock();
  const service = new FakeService(() => {
    clock.time += 1000; // each attempt takes a second
    throw failure("timeout");
  });
  const client = withRetry({ clock, retryTimeout: 2_500, initBackoff: 200, maxBackoff: 200 })(service);
  const error = await client.call(get()).then(() => assert.fail(), (error) => error);
  assert.equal(error.history.stopped, "retry-timeout");
  // 1000 fail, 200 pause, 2200 fail; 200 more still starts in time; 3400 fails too late.
  assert.equal(service.requests.length, 3);
  assert.match(error.message, /retryTimeout 2500 ms reached/);
});

Deno.test("a retry that ends in what cannot be retried tells that error, with the history", async () => {
  const service = new FakeService(() => respond(500), fails(failure("denied")));
  const error = await withRetry({ clock: new FakeClock() })(service).call(get())
    .then(() => assert.fail(), (error) => error);
  assert.equal(error.kind, "denied");
  assert.equal(error.history.attempts, 2);
  assert.equal(error.history.stopped, undefined);
});

Deno.test("a request that is not idempotent is sent once where the server may have acted", async () => {
  const service = new FakeService(fails(failure("interrupted")));
  await assert.rejects(
    withRetry({ clock: new FakeClock() })(service).call(get(undefined, { method: "POST" })),
    (error) => error instanceof HttpError && !(error instanceof RetryError),
  );
  assert.equal(service.requests.length, 1);
});

Deno.test("a stream body is never sent twice, bytes and chunks are", async () => {
  const stream = () => new ReadableStream<Uint8Array>();
  for (const step of [fails(failure("connect")), () => respond(503)]) {
    const service = new FakeService(step);
    const client = withRetry({ clock: new FakeClock(), maxRetries: 1, shouldRetry: () => true })(service);
    await client.call(get(undefined, { method: "PUT", body: { stream: stream() } })).catch(() => {});
    assert.equal(service.requests.length, 1);
    await client.call(get(undefined, { method: "PUT", body: new Uint8Array(3) })).catch(() => {});
    assert.equal(service.requests.length, 3);
    await client.call(get(undefined, { method: "PUT", body: [new Uint8Array(3)] })).catch(() => {});
    assert.equal(service.requests.length, 5);
  }
});

Deno.test("a layer below signs each attempt anew", async () => {
  let signature = 0;
  const signing = (inner: HttpService): HttpService => ({
    call: (request) =>
      inner.call({ ...request, headers: withHeader(request.headers, "authorization", `${++signature}`) }),
  });
  const service = new FakeService(() => respond(503), () => respond(503), () => respond(200));
  await withRetry({ clock: new FakeClock() })(signing(service)).call(get());
  assert.deepEqual(service.requests.map(({ headers }) => headers), [
    [["authorization", "1"]],
    [["authorization", "2"]],
    [["authorization", "3"]],
  ]);
});

Deno.test("a discarded response is drained where short and cancelled otherwise, before the next attempt", async () => {
  const short = fakeBody(503, ["busy"], [], 4);
  const long = fakeBody(503, ["busy"], [], 1 << 20);
  const unknown = fakeBody(503, ["busy"]);
  const stalled = fakeBody(503, [new Promise<string>(() => {})], [], 4);
  const broken = fakeBody(503, [new Error("reset")], [], 4);
  const all = [short, long, unknown, stalled, broken];
  const service = new FakeService(
    ...all.map((fake, i) => () => {
      for (const earlier of all.slice(0, i)) assert.equal(earlier.closed, true);
      return fake.response;
    }),
    () => respond(200),
  );
  const response = await withRetry({ clock: new FakeClock() })(service).call(get());
  assert.equal(response.status, 200);
  assert.deepEqual(all.map(({ cancelled }) => cancelled), [false, true, true, true, false]);
  assert.deepEqual(all.map(({ closed }) => closed), [true, true, true, true, true]);
});

Deno.test({
  name: "an abort during the pause ends it at once, and no timer stays",
  sanitizeOps: true,
  sanitizeResources: true,
  fn: abortDuringPause,
});

async function abortDuringPause(): Promise<void> {
  const abort = new AbortController();
  const service = new FakeService(() => respond(503));
  const call = withRetry({ initBackoff: 60_000, maxBackoff: 60_000 })(service).call(
    get(undefined, { signal: abort.signal }),
  );
  await settle();
  const reason = new Error("enough");
  abort.abort(reason);
  await assert.rejects(call, (error) => error === reason);
  assert.equal(service.requests.length, 1);
}

Deno.test("an aborted request is not retried, even if a hook wants to", async () => {
  const abort = new AbortController();
  const service = new FakeService(() => {
    abort.abort();
    throw failure("connect");
  });
  const client = withRetry({ clock: new FakeClock(), shouldRetry: () => true })(service);
  await assert.rejects(
    client.call(get(undefined, { signal: abort.signal })),
    (error) => error instanceof HttpError && !(error instanceof RetryError),
  );
  assert.equal(service.requests.length, 1);
});

Deno.test("the platform's sleep ends by time, and at once for a signal that is aborted already", async () => {
  await systemClock.sleep(1, new AbortController().signal);
  const reason = new Error("before");
  await assert.rejects(systemClock.sleep(1e9, AbortSignal.abort(reason)), (error) => error === reason);
});

Deno.test("shouldRetry overrides both ways and sees what the rules say", async () => {
  const seen: Array<[number | undefined, boolean]> = [];
  const service = new FakeService(() => respond(409), () => respond(500));
  const client = withRetry({
    clock: new FakeClock(),
    shouldRetry: ({ response, wouldRetry, attempt }) => {
      seen.push([response?.status, wouldRetry]);
      assert.equal(attempt, seen.length - 1);
      return response?.status === 409;
    },
  })(service);
  assert.equal((await client.call(get())).status, 500);
  assert.deepEqual(seen, [[409, false], [500, true]]);
});

Deno.test("hooks that throw: shouldRetry ends the call and frees the response, onRetry changes nothing", async () => {
  const fake = fakeBody(503, ["x"]);
  const thrown = new Error("hook");
  await assert.rejects(
    withRetry({ shouldRetry: fails(thrown) })(new FakeService(() => fake.response)).call(get()),
    (error) => error === thrown,
  );
  assert.equal(fake.closed, true);
  const service = new FakeService(() => respond(503), () => respond(200));
  const client = withRetry({ clock: new FakeClock(), onRetry: fails(thrown) })(service);
  assert.equal((await client.call(get())).status, 200);
});

Deno.test("retry-after is obeyed beyond maxBackoff, and refuses at once what lies beyond retryTimeout", async () => {
  const clock = new FakeClock();
  const wait = (seconds: string) => () => respond(503, "", [["Retry-After", seconds]]);
  const service = new FakeService(wait("30"), wait("0"), wait("200"));
  const response = await withRetry({ clock })(service).call(get());
  assert.equal(response.status, 503);
  assert.deepEqual(clock.slept, [30_000, 200]);
  assert.equal(retryHistory(response)?.stopped, "retry-timeout");
});

Deno.test("retry-after: seconds, dates in the three forms, against the server's own clock", () => {
  const now = Date.UTC(2026, 0, 1);
  const parse = (value: string, date?: string) =>
    parseRetryAfter([["retry-after", value], ...(date === undefined ? [] : [["date", date] as const])], now);
  assert.equal(parse("120"), 120_000);
  assert.equal(parse(" 0 "), 0);
  assert.equal(parse("Thu, 01 Jan 2026 00:00:10 GMT"), 10_000);
  assert.equal(parse("Thursday, 01-Jan-26 00:00:10 GMT"), 10_000);
  assert.equal(parse("Thu Jan  1 00:00:10 2026"), 10_000);
  assert.equal(parse("Wed, 31 Dec 2025 23:00:00 GMT"), 0);
  assert.equal(parse("Thu, 01 Jan 2026 05:00:30 GMT", "Thu, 01 Jan 2026 05:00:00 GMT"), 30_000);
  for (const bad of ["", "soon", "-1", "1.5", "1e3", "Thu, 01 Jan", "2026-01-01"]) {
    assert.equal(parse(bad), undefined, bad);
  }
  assert.equal(parseRetryAfter([], now), undefined);
  assert.equal(parseRetryAfter([["x-ms-retry-after-ms", "250"], ["retry-after", "1"]], now), 250);
});

Deno.test("back-off: first pause exact, then within the jitter's bounds and never above the longest", () => {
  fc.assert(fc.property(
    fc.record({
      initBackoff: fc.integer({ min: 1, max: 1000 }),
      maxBackoff: fc.integer({ min: 1, max: 20_000 }),
      base: fc.double({ min: 1, max: 5, noNaN: true }),
    }),
    fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1, maxLength: 30 }),
    (options, draws) => {
      let at = 0;
      const backoff = new Backoff(options, () => draws[at++ % draws.length]!);
      const init = Math.min(options.initBackoff, options.maxBackoff);
      let last = backoff.next();
      assert.equal(last, init);
      for (let i = 0; i < 30; i++) {
        const pause = backoff.next();
        assert.ok(pause >= init && pause <= options.maxBackoff);
        assert.ok(pause <= Math.max(init, last * options.base) + 1e-6);
        last = pause;
      }
      backoff.reset();
      assert.equal(backoff.next(), init);
    },
  ));
});

Deno.test("budget: a dead server sees a burst and then a trickle, however many wait", async () => {
  const clock = new FakeClock();
  const budget = new RetryBudget({ capacity: 20, refillPerSecond: 10 });
  let calls = 0;
  const service: HttpService = {
    call: () => {
      calls++;
      return Promise.reject(failure("connect"));
    },
  };
  // Sleeping here does not move the clock: all operations fail in the same instant.
  const frozen = Object.assign(new FakeClock(), { sleep: () => Promise.resolve() });
  const client = withRetry({ clock: frozen, budget, maxRetries: 100, retryTimeout: 5_000 })(service);
  const errors = await Promise.all(
    Array.from({ length: 50 }, () => client.call(get()).then(() => assert.fail(), (error) => error)),
  );
  // 20 at once, and those of the next 5 s at 10 a second.
  assert.equal(calls - 50, 20 + 50);
  assert.ok(errors.every((error) => error instanceof HttpError));
  assert.ok(errors.some((error) => error instanceof RetryError && error.history.stopped === "budget"));
  assert.equal(clock.slept.length, 0);
});

Deno.test("budget: tokens come back by success and by time, never above capacity", () => {
  const budget = new RetryBudget({ capacity: 2, deposit: 1, refillPerSecond: 1 });
  assert.equal(budget.take(0, 5, 100), 5);
  assert.equal(budget.take(0, 5, 100), 5);
  assert.equal(budget.take(0, 5, 100), undefined);
  assert.equal(budget.take(0, 5, 1000), 1000);
  assert.equal(budget.tokens, -1);
  budget.put();
  budget.put();
  assert.equal(budget.take(0, 5, 100), 5);
  assert.equal(budget.take(10_000, 5, 100), 5);
  assert.equal(budget.tokens, 1);
  for (let i = 0; i < 5; i++) budget.put();
  assert.equal(budget.tokens, 2);
  const dry = new RetryBudget({ capacity: 0, refillPerSecond: 0 });
  assert.equal(dry.take(0, 0, Infinity), undefined);
});

Deno.test("budget: half of all attempts may fail for ever without anybody noticing", async () => {
  let n = 0;
  const service: HttpService = { call: () => Promise.resolve(respond(n++ % 2 === 0 ? 503 : 200)) };
  const budget = new RetryBudget({ capacity: 10, refillPerSecond: 0 });
  const client = withRetry({ clock: new FakeClock(), budget })(service);
  for (let i = 0; i < 500; i++) assert.equal((await client.call(get())).status, 200);
});

Deno.test("budget false: nothing but count and time bounds the retries", async () => {
  const service = new FakeService(fails(failure("connect")));
  const client = withRetry({
    clock: new FakeClock(),
    budget: false,
    maxRetries: 900,
    retryTimeout: Infinity,
  })(
    service,
  );
  await assert.rejects(client.call(get()));
  assert.equal(service.requests.length, 901);
});

Deno.test("a state shared by a request and its resumption counts once, and progress starts it anew", async () => {
  const clock = new FakeClock();
  const retry = resolveRetry({ clock, maxRetries: 3 });
  assert.equal(resolveRetry(retry).budget, retry.budget);
  const service = new FakeService(() => respond(503), () => respond(503), () => respond(200));
  const client = withRetry(retry)(service);
  const retries = new RetryState(retry);
  assert.equal((await client.call(get(undefined, { retries }))).status, 200);
  assert.equal(retries.retries, 2);
  assert.equal(await retries.next({ error: failure("interrupted") }), true);
  assert.equal(await retries.next({ error: failure("interrupted") }), false);
  retries.progress();
  assert.equal(await retries.next({ error: failure("interrupted") }), true);
  assert.equal(retries.history().attempts, 5);
  clock.time += 200_000; // beyond retryTimeout, but the download goes on
  retries.progress();
  assert.equal(retries.plan({}), 100);
  assert.equal(retries.history().stopped, undefined);
  // The pause after progress is the first one again.
  assert.deepEqual(clock.slept, [100, 200, 400, 100]);
  const reason = new Error("stop");
  await assert.rejects(retries.next({}, AbortSignal.abort(reason)), (error) => error === reason);
});

Deno.test("whatever happens: sent at most maxRetries + 1 times, and never again after an answer", async () => {
  const outcome = fc.oneof(
    fc.constantFrom(200, 404, 500, 503, 429, 501),
    fc.constantFrom<HttpErrorKind>(
      "connect",
      "timeout",
      "interrupted",
      "unknown",
      "denied",
      "decode",
      "request",
    ),
  );
  await fc.assert(fc.asyncProperty(
    fc.array(outcome, { minLength: 1, maxLength: 12 }),
    fc.integer({ min: 0, max: 5 }),
    fc.constantFrom("GET", "POST"),
    async (outcomes, maxRetries, method) => {
      const service = new FakeService(
        ...outcomes.map((outcome) =>
          typeof outcome === "number" ? () => respond(outcome, "x") : fails(failure(outcome))
        ),
      );
      const request: HttpRequest = get(undefined, { method });
      await withRetry({ clock: new FakeClock(0.3), maxRetries })(service).call(request).catch((error) =>
        assert.ok(error instanceof HttpError)
      );
      const sent = service.requests.length;
      assert.ok(sent <= maxRetries + 1);
      for (let i = 0; i < sent - 1; i++) {
        const outcome = outcomes[Math.min(i, outcomes.length - 1)]!;
        assert.ok(
          typeof outcome === "number"
            ? isRetryableStatus(outcome)
            : isRetryableError(request, failure(outcome)),
        );
      }
    },
  ));
});

Deno.test("close reaches the connection", () => {
  const service = new FakeService(() => respond(200));
  withRetry()(service).close?.();
  assert.equal(service.closed, 1);
});
