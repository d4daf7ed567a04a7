// The response that connectors share, over sources made by hand.
import { strict as assert } from "node:assert";
import { DeadlineQueue } from "../../src/http/deadlines.ts";
import { HttpError } from "../../src/http/error.ts";
import { type BodyPiece, type BodySource, ConnectorResponse } from "../../src/http/response.ts";

interface Spy extends BodySource {
  log: string[];
}

/** A source of these pieces; an `Error` is thrown, `"never"` never comes. */
function source(pieces: readonly (Uint8Array | Error | "never")[], more: Partial<BodySource> = {}): Spy {
  const left = [...pieces];
  let stop: (piece: BodyPiece) => void = () => {};
  const spy: Spy = {
    log: [],
    async read() {
      const next = left.shift();
      if (next === "never") return await new Promise<BodyPiece>((resolve) => stop = resolve);
      await Promise.resolve();
      if (next instanceof Error) throw next;
      return next === undefined ? { done: true } : { done: false, value: next };
    },
    cancel(reason) {
      spy.log.push(`cancel ${reason instanceof Error ? reason.name : reason}`);
      stop({ done: true });
    },
    closed: () => void spy.log.push("closed"),
    ...more,
  };
  return spy;
}

function response(
  from: BodySource | undefined,
  contentLength?: number,
  readTimeout?: number,
): ConnectorResponse {
  return new ConnectorResponse({ status: 200, headers: [], source: from, contentLength, readTimeout });
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

Deno.test("pieces are collected into one plain array", async () => {
  for (const length of [undefined, 5]) {
    const from = source([bytes(1, 2), bytes(), bytes(3), bytes(4, 5)]);
    assert.deepEqual(await response(from, length).bytes(), bytes(1, 2, 3, 4, 5));
    assert.deepEqual(from.log, ["closed"]);
  }
});

Deno.test("a single piece is handed on, a slice of a larger buffer is copied", async () => {
  const whole = bytes(1, 2, 3);
  for (const length of [undefined, 3]) assert.equal(await response(source([whole]), length).bytes(), whole);
  const slice = new Uint8Array(8).subarray(2, 5);
  for (const length of [undefined, 3]) {
    assert.equal((await response(source([slice]), length).bytes()).buffer.byteLength, 3);
  }
  const { Buffer } = await import("node:buffer");
  const pooled = await response(source([Buffer.from("abc")]), 3).bytes();
  assert.equal(pooled.constructor, Uint8Array);
});

Deno.test("a body that is short or long is an error, and its source given up", async () => {
  for (const way of ["bytes", "body"] as const) {
    const read = (from: ConnectorResponse) => way === "bytes" ? from.bytes() : Array.fromAsync(from.body);
    const short = source([bytes(1, 2)]);
    await assert.rejects(read(response(short, 3)), (error: HttpError) => {
      assert.deepEqual([error.kind, error.detail?.tag], ["interrupted", "HTTP-response-incomplete"]);
      return true;
    });
    const long = source([bytes(1, 2), bytes(3, 4)]);
    await assert.rejects(read(response(long, 3)), (error: HttpError) => {
      assert.deepEqual([error.kind, error.detail], ["decode", { tag: "HTTP-response-body-size", size: 4n }]);
      return true;
    });
    assert.deepEqual([short.log, long.log], [["closed", "cancel HttpError"], ["closed", "cancel HttpError"]]);
  }
});

Deno.test("a declared length for which there is no memory does not take any", async () => {
  // 8 EiB are declared, five bytes come: believed up to a bound, then found short.
  const huge = response(source([bytes(1, 2), bytes(3, 4, 5)]), Number.MAX_SAFE_INTEGER);
  await assert.rejects(huge.bytes(), (error: HttpError) => error.detail?.tag === "HTTP-response-incomplete");
});

Deno.test("a small body of known length is taken whole where the source can", async () => {
  const whole = () => Promise.resolve(new Uint8Array([1, 2, 3]).buffer);
  const from = source([new Error("not by pieces")], { whole });
  assert.deepEqual(await response(from, 3).bytes(), bytes(1, 2, 3));
  assert.deepEqual(from.log, ["closed"]);
  await assert.rejects(response(source([], { whole }), 4).bytes(), HttpError);
  await assert.rejects(response(source([], { whole }), 2).bytes(), HttpError);
  // A timer shorter than seconds is kept to the letter, which needs pieces.
  await assert.rejects(response(source([new Error("pieces")], { whole }), 3, 100).bytes(), /pieces/);
  await assert.rejects(response(source([new Error("pieces")], { whole })).bytes(), /pieces/);
});

Deno.test("what the source fails with goes through its failure()", async () => {
  const seen = new Error("seen");
  const from = source([bytes(1), new Error("raw")], { failure: () => seen });
  const over = response(from, 5);
  const trailers = over.trailers;
  await assert.rejects(over.bytes(), (error) => error === seen);
  await assert.rejects(trailers, (error) => error === seen);
  assert.deepEqual(from.log, ["closed"]);
});

Deno.test("the stream fails as bytes() does, and again for whoever reads on", async () => {
  const over = response(source([bytes(1), new Error("raw")]));
  const reader = over.body.getReader();
  assert.deepEqual((await reader.read()).value, bytes(1));
  await assert.rejects(reader.read(), /raw/);
  await assert.rejects(reader.read(), /raw/);
});

Deno.test("the stream reads nothing before it is read", async () => {
  let reads = 0;
  const from = source([], { read: () => (reads++, Promise.resolve({ done: false, value: bytes(reads) })) });
  const { body } = response(from);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(reads, 0);
  const reader = body.getReader();
  await reader.read();
  assert.equal(reads, 1);
  await reader.cancel("enough");
  assert.deepEqual(from.log, ["closed", "cancel enough"]);
});

Deno.test("cancel: before, during and after reading", async () => {
  const unread = source(["never"]);
  const before = response(unread);
  await before.cancel("why");
  await before.cancel("again");
  assert.deepEqual(unread.log, ["closed", "cancel why"]);
  await assert.rejects(before.bytes(), (error) => error === "why");
  assert.deepEqual(await before.trailers, []);

  const during = response(source(["never"]));
  const reading = during.bytes();
  await during.cancel();
  await assert.rejects(reading, (error: DOMException) => error.name === "AbortError");

  const streamed = response(source(["never"]));
  const pulled = streamed.body.getReader().read();
  await streamed.cancel();
  await assert.rejects(pulled, (error: DOMException) => error.name === "AbortError");

  const read = source([bytes(1)]);
  const after = response(read);
  await after.bytes();
  await after.cancel();
  assert.deepEqual(read.log, ["closed"]);
});

Deno.test("a cancel that the platform rejects is a cancel", async () => {
  await response(source(["never"], { cancel: () => Promise.reject(new Error("no")) })).cancel();
  await response(source(["never"], {
    cancel: () => {
      throw new Error("no");
    },
  })).cancel();
});

Deno.test("one consumer", async () => {
  const over = response(source([bytes(104, 105)]));
  assert.equal(await over.text(), "hi");
  await assert.rejects(over.bytes(), TypeError);
  assert.throws(() => over.body, TypeError);
  const streamed = response(source([bytes(1)]));
  assert.equal(streamed.body, streamed.body);
  await assert.rejects(streamed.text(), TypeError);
  assert.equal((await Array.fromAsync(streamed.body)).length, 1);
});

Deno.test("no source is an empty body", async () => {
  assert.deepEqual(await response(undefined).bytes(), new Uint8Array(0));
  assert.deepEqual(await Array.fromAsync(response(undefined).body), []);
  const over = response(undefined);
  await over.text();
  assert.deepEqual(await over.trailers, []);
});

Deno.test("trailers come with the end, asked for before or after", async () => {
  const trailers = () => [["x-sum", "1"]] as const;
  const over = response(source([bytes(1)], { trailers }));
  const before = over.trailers;
  await over.bytes();
  assert.deepEqual([await before, await over.trailers], [[["x-sum", "1"]], [["x-sum", "1"]]]);
});

Deno.test("headers are made when they are asked for, once", () => {
  let made = 0;
  const over = new ConnectorResponse({ status: 200, headers: () => (made++, [["a", "b"]]) });
  assert.equal(made, 0);
  assert.deepEqual([over.headers, over.headers], [[["a", "b"]], [["a", "b"]]]);
  assert.equal(made, 1);
});

Deno.test("the read timer gives up a source that says nothing", async () => {
  for (const way of ["bytes", "body"] as const) {
    const from = source([bytes(1), "never"]);
    const over = response(from, undefined, 20);
    const reading = way === "bytes" ? over.bytes() : Array.fromAsync(over.body);
    await assert.rejects(reading, (error: HttpError) => {
      assert.deepEqual([error.kind, error.detail?.tag], ["timeout", "connection-read-timeout"]);
      return true;
    });
    assert.deepEqual(from.log, ["closed", "cancel HttpError"]);
  }
});

Deno.test("a queue of deadlines: met, moved, paused, missed, in order", async () => {
  const queue = new DeadlineQueue();
  const expired: string[] = [];
  const start = (name: string, ms: number) => queue.start(ms, () => expired.push(name));
  start("second", 40);
  const first = start("first", 10);
  const met = start("met", 10);
  const paused = start("paused", 10);
  const moved = start("moved", 10);
  met.stop();
  paused.set(Infinity);
  moved.set(70);
  assert.notEqual(first.at, Infinity);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual(expired, ["first", "second", "moved"]);
  paused.set(1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(expired, ["first", "second", "moved", "paused"]);
});

Deno.test("a queue of deadlines that were all met holds no timer", () => {
  // The leak sanitizer would tell.
  const queue = new DeadlineQueue();
  for (const deadline of [1000, 10, 2 ** 40].map((ms) => queue.start(ms, () => {}))) deadline.stop();
});

Deno.test("a large body is read into place, and what came before a break is told", async () => {
  const size = 2 ** 20;
  const one = new Uint8Array(size / 2).fill(7);
  const filled = source([], {
    // deno-lint-ignore require-await -- fails as a platform does
    fill: async (target, arrived) => {
      target.set(one);
      arrived(one.length, one.length);
      arrived(5, one.length);
      throw new HttpError("interrupted", "broken");
    },
  });
  for (const from of [filled, source([one, new HttpError("interrupted", "broken")])]) {
    const target = new Uint8Array(size);
    let placed = -1;
    await assert.rejects(response(from, size).bytesInto(target, (now) => placed = now), /broken/);
    assert.equal(placed, one.length);
    assert.equal(target[placed - 1], 7);
    assert.deepEqual(from.log, ["closed"]);
  }
});

Deno.test("the read timer runs between the bytes that are read into place", async () => {
  let stop = () => {};
  const from = source([], {
    fill: async (_target, arrived) => {
      arrived(1, 1);
      await new Promise<void>((resolve) => stop = resolve);
    },
    cancel: () => stop(),
  });
  const failure = await response(from, 2 ** 20, 20).bytesInto(new Uint8Array(2 ** 20), () => {}).catch((e) =>
    e
  );
  assert.equal((failure as HttpError).kind, "timeout");
});
