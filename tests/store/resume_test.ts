import assert from "node:assert/strict";
import fc from "fast-check";
import {
  collect,
  GenericError,
  NotFoundError,
  ObjectStoreError,
  PreconditionError,
  resumableBody,
  type ResumableInit,
} from "../../src/store/mod.ts";

const DATA = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) & 0xff);
const BREAK = new Error("connection reset");

/** A stream of `DATA` from `start` that breaks, ends, or goes on, after `length` bytes. */
function part(start: number, length: number, end: "break" | "end", chunk = 100, onCancel?: () => void) {
  let at = start;
  const stop = start + length;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at < stop) controller.enqueue(DATA.slice(at, at = Math.min(stop, at + chunk)));
      else if (end === "break") controller.error(BREAK);
      else controller.close();
    },
    cancel: onCancel,
  }, { highWaterMark: 0 });
}

const always = { next: () => Promise.resolve(true) };

function init(changes: Partial<ResumableInit>): ResumableInit {
  return {
    first: part(0, 1000, "end"),
    range: { start: 0, end: 1000 },
    eTag: '"1"',
    reopen: () => assert.fail("asked again without need"),
    policy: always,
    store: "Test",
    path: "a/b",
    ...changes,
  };
}

const rest = (range: { start: number; end: number }) => ({
  body: part(range.start, range.end - range.start, "end"),
  range,
  eTag: '"1"',
});

Deno.test("a body that breaks, or ends short, goes on where it was", async () => {
  for (const end of ["break", "end"] as const) {
    const asked: unknown[] = [];
    const body = resumableBody(init({
      first: part(0, 250, end),
      reopen: (range, ifMatch) => {
        asked.push([range, ifMatch]);
        // Breaks a second time.
        if (asked.length === 1) {
          return Promise.resolve({ body: part(250, 100, "break"), range, eTag: '"1"' });
        }
        return Promise.resolve(rest(range));
      },
    }));
    assert.deepEqual(await collect(body), DATA);
    assert.deepEqual(asked, [[{ start: 250, end: 1000 }, '"1"'], [{ start: 350, end: 1000 }, '"1"']]);
  }
});

Deno.test("a break after the last byte is no break", async () => {
  assert.deepEqual(await collect(resumableBody(init({ first: part(0, 1000, "break") }))), DATA);
  const some = resumableBody(init({ first: part(10, 90, "break"), range: { start: 10, end: 100 } }));
  assert.deepEqual(await collect(some), DATA.slice(10, 100));
});

Deno.test("a response with more than was asked for is cut to it", async () => {
  let cancelled = false;
  const body = resumableBody(init({
    first: part(100, 250, "break"),
    range: { start: 100, end: 900 },
    reopen: () =>
      Promise.resolve({
        body: part(50, 950, "end", 77, () => cancelled = true),
        range: { start: 50, end: 1000 },
        eTag: '"1"',
      }),
  }));
  assert.deepEqual(await collect(body), DATA.slice(100, 900));
  assert.equal(cancelled, true);
});

Deno.test("a changed object fails the body, never mixes", async () => {
  const changes: [Partial<ResumableInit>, new (...args: never[]) => Error][] = [
    [{
      reopen: () => Promise.reject(new PreconditionError("412", { store: "Test", path: "a/b" })),
    }, PreconditionError],
    [{ reopen: (range) => Promise.resolve({ ...rest(range), eTag: '"2"' }) }, PreconditionError],
    [
      { reopen: () => Promise.reject(new NotFoundError("404", { store: "Test", path: "a/b" })) },
      NotFoundError,
    ],
    [{ reopen: (range) => Promise.resolve({ ...rest(range), eTag: undefined }) }, GenericError],
    [
      { reopen: (range) => Promise.resolve({ ...rest(range), range: { start: 300, end: 1000 } }) },
      GenericError,
    ],
    [{ reopen: (range) => Promise.resolve({ ...rest(range), range: { start: 0, end: 999 } }) }, GenericError],
    [{ eTag: undefined }, GenericError],
    [{ eTag: 'W/"1"' }, GenericError],
    [{ policy: { next: () => Promise.resolve(false) } }, GenericError],
  ];
  for (const [change, expected] of changes) {
    const error = await collect(resumableBody(init({ first: part(0, 250, "break"), ...change }))).then(
      () => assert.fail("it went on"),
      (error) => error,
    );
    assert.ok(error instanceof expected, `${error}`);
    assert.equal((error as ObjectStoreError).path, "a/b");
  }
});

Deno.test("the error that broke the body stays the cause, and the last one counts", async () => {
  let attempts = 0;
  const failing = resumableBody(init({
    first: part(0, 250, "break"),
    policy: { next: () => Promise.resolve(++attempts <= 3) },
    reopen: () => Promise.reject(new Error(`refused ${attempts}`)),
  }));
  const error = await collect(failing).catch((error) => error);
  assert.ok(error instanceof GenericError);
  assert.equal((error.cause as Error).message, "refused 3");
  const plain = resumableBody(init({ first: part(0, 250, "break"), eTag: undefined }));
  assert.equal((await collect(plain).catch((error) => error)).cause, BREAK);
});

Deno.test("a body that goes on beyond its range fails", async () => {
  const body = resumableBody(init({ first: part(0, 1000, "end"), range: { start: 0, end: 900 } }));
  await assert.rejects(collect(body), { name: "GenericError", message: /went beyond its 900 bytes/ });
});

Deno.test("signal and cancel end the body and the waiting for its rest", async () => {
  for (const by of ["signal", "cancel"] as const) {
    const controller = new AbortController();
    let waiting!: () => void;
    const started = new Promise<void>((resolve) => waiting = resolve);
    const body = resumableBody(init({
      first: part(0, 250, "break"),
      signal: controller.signal,
      policy: {
        next: (_error, signal) =>
          new Promise((_, reject) => {
            waiting();
            signal.addEventListener("abort", () => reject(signal.reason));
          }),
      },
    }));
    const reader = body.getReader();
    for (let i = 0; i < 3; i++) await reader.read();
    const stop = new Error("stop");
    const next = reader.read();
    await started;
    if (by === "signal") {
      controller.abort(stop);
      await assert.rejects(next, stop);
    } else {
      await reader.cancel(stop);
      assert.equal((await next).done, true);
    }
  }
});

Deno.test("property: whatever breaks, a body delivers exactly its bytes or fails with a typed error", async () => {
  const attempt = fc.record({
    bytes: fc.nat({ max: 700 }),
    end: fc.constantFrom("break" as const, "end" as const),
    chunk: fc.integer({ min: 1, max: 300 }),
    lead: fc.nat({ max: 50 }),
    kind: fc.constantFrom("good", "good", "good", "good", "refused", "changed", "wrong range"),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: 500 }),
      fc.nat({ max: 500 }),
      fc.array(attempt, { maxLength: 8 }),
      async (start, length, attempts) => {
        const range = { start, end: start + length };
        const queue = [...attempts];
        const open = (from: number, fallback: "break" | "end" = "end") => {
          const next = queue.shift();
          const wanted = range.end - from;
          return next
            ? { ...next, body: part(from, Math.min(next.bytes, wanted), next.end, next.chunk) }
            : { kind: "good", lead: 0, body: part(from, wanted, fallback) };
        };
        const body = resumableBody(init({
          first: open(start).body,
          range,
          policy: { next: () => Promise.resolve(true) },
          reopen: ({ start: from, end }) => {
            const { kind, lead } = queue[0] ?? { kind: "good", lead: 0 };
            const begin = Math.max(0, from - lead);
            const next = open(begin);
            if (kind === "refused") {
              return next.body.cancel().then(() => Promise.reject(new Error("refused")));
            }
            return Promise.resolve({
              body: next.body,
              range: { start: kind === "wrong range" ? from + 1 : begin, end },
              eTag: kind === "changed" ? '"2"' : '"1"',
            });
          },
        }));
        const chunks: Uint8Array[] = [];
        let failure: unknown;
        try {
          for await (const chunk of body) chunks.push(chunk);
        } catch (error) {
          failure = error;
        }
        const got = chunks.flatMap((chunk) => [...chunk]);
        assert.deepEqual(got, [...DATA.slice(start, start + got.length)], "wrong bytes");
        if (failure === undefined) assert.equal(got.length, length);
        else assert.ok(failure instanceof ObjectStoreError, `${failure}`);
        const bad = attempts.some((each) => each.kind === "changed" || each.kind === "wrong range");
        if (!bad) assert.equal(failure, undefined);
      },
    ),
    { numRuns: 300 },
  );
});
