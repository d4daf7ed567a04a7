import assert from "node:assert/strict";
import {
  collect,
  deleteEach,
  type GetResult,
  makeGetResult,
  mapConcurrent,
  mapOrdered,
  type Path,
  SequencedUpload,
  withErrorPath,
  wrapGetResult,
} from "../../src/store/mod.ts";
import { InvalidRangeError, NotFoundError, PreconditionError } from "../../src/store/mod.ts";

const META = { location: "a" as Path, lastModified: new Date(0), size: 10 };
const tick = () => new Promise((resolve) => setTimeout(resolve, 0));

function result(chunks: number[], fail?: Error, signal?: AbortSignal): GetResult {
  const stream = () => {
    const queue = [...chunks];
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        const size = queue.shift();
        if (size !== undefined) controller.enqueue(new Uint8Array(size));
        else if (fail) controller.error(fail);
        else controller.close();
      },
    }, { highWaterMark: 0 });
  };
  return makeGetResult({
    meta: META,
    range: { start: 0, end: 10 },
    attributes: {},
    store: "Test",
    body: { stream },
    signal,
  });
}

Deno.test("a body of another length than declared fails, read either way", async () => {
  for (const chunks of [[], [9], [5, 4], [11], [5, 6]]) {
    const message = chunks.reduce((a, b) => a + b, 0) < 10
      ? /ended after \d of 10 bytes/
      : /beyond its 10 bytes/;
    await assert.rejects(result(chunks).bytes(), { name: "GenericError", path: "a", message });
    await assert.rejects(collect(result(chunks).body), { name: "GenericError", path: "a", message });
  }
  assert.equal((await result([4, 6]).bytes()).byteLength, 10);
  assert.equal((await collect(result([10]).body)).byteLength, 10);
});

Deno.test("what a source fails with becomes an error of the store", async () => {
  const broken = new Error("reset");
  for (const read of [(r: GetResult) => r.bytes(), (r: GetResult) => collect(r.body)]) {
    await assert.rejects(read(result([5], broken)), { name: "GenericError", store: "Test", cause: broken });
  }
});

Deno.test("a result is read once, and its body is one stream", async () => {
  const each = result([10]);
  const { body } = each;
  assert.equal(each.body, body);
  await assert.rejects(each.bytes(), { name: "GenericError" });
  await body.cancel();
  const wrapped = wrapGetResult(result([10]), { hooks: { done: () => {} } });
  assert.equal(wrapped.body, wrapped.body);
  await assert.rejects(wrapped.text(), { name: "GenericError" });
  await wrapped.body.cancel();
});

Deno.test("hooks of a wrapped result run once, however it ends", async () => {
  const ends: Record<string, (r: GetResult) => Promise<unknown>> = {
    bytes: (r) => r.bytes(),
    text: (r) => r.text(),
    body: (r) => collect(r.body),
    cancel: (r) => r.body.cancel(),
    "cancel midway": async (r) => {
      const reader = r.body.getReader();
      await reader.read();
      await reader.cancel();
    },
  };
  for (const [name, end] of Object.entries(ends)) {
    for (const chunks of [[4, 6], [4]]) {
      let done = 0;
      const wrapped = wrapGetResult(result(chunks), { hooks: { done: () => done++ } });
      await end(wrapped).catch(() => {});
      assert.equal(done, 1, name);
    }
  }
});

Deno.test("mapConcurrent keeps to its limit, aborts the others at a failure and waits for them", async () => {
  let running = 0;
  let most = 0;
  const doubled = await mapConcurrent([1, 2, 3, 4, 5, 6], 2, async (item) => {
    most = Math.max(most, ++running);
    await tick();
    running--;
    return item * 2;
  });
  assert.deepEqual([doubled, most], [[2, 4, 6, 8, 10, 12], 2]);
  let ended = 0;
  const failing = mapConcurrent([0, 1, 2, 3], 3, async (item, _, signal) => {
    if (item === 1) throw new Error("one");
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    await tick();
    ended++;
  });
  await assert.rejects(failing, { message: "one" });
  assert.equal(ended, 2);
  assert.deepEqual(await mapConcurrent([], 2, () => Promise.resolve(1)), []);
});

Deno.test("mapOrdered keeps order and limit, and does not wait for input that waits for it", async () => {
  let running = 0;
  let most = 0;
  const found: number[] = [];
  let seen = -1;
  // Each item is given only when the one two before has been seen.
  async function* source() {
    for (let i = 0; i < 20; i++) {
      while (seen < i - 2) await tick();
      yield i;
    }
  }
  for await (
    const item of mapOrdered(source(), 5, async (item) => {
      most = Math.max(most, ++running);
      await tick();
      running--;
      return item;
    })
  ) found.push(seen = item);
  assert.deepEqual(found, Array.from({ length: 20 }, (_, i) => i));
  assert.ok(most <= 5);
});

Deno.test("deleteEach: a failure, an invalid path and an abort", async () => {
  const outcomes = [];
  const fail = (path: Path) => path === "b" ? Promise.reject(new Error("lost")) : Promise.resolve();
  for await (const each of deleteEach(["a", "b", "x//y", "c"], fail, { store: "T" })) outcomes.push(each);
  assert.deepEqual(outcomes.map((o) => [o.path, o.ok || o.error.name]), [
    ["a", true],
    ["b", "GenericError"],
    ["x//y", "InvalidPathError"],
    ["c", true],
  ]);
  const controller = new AbortController();
  const iterate = async () => {
    for await (
      const _ of deleteEach(["a", "b", "c"], () => Promise.resolve(), {
        store: "T",
        signal: controller.signal,
      })
    ) {
      controller.abort(new Error("stop"));
    }
  };
  await assert.rejects(iterate(), { message: "stop" });
});

Deno.test("an upload hands on index and offset by call, and ends parts under way when it is aborted", async () => {
  const seen: unknown[] = [];
  const aborted: unknown[] = [];
  const upload = new SequencedUpload<number>({
    uploadPart: ({ index, offset, length, options }) => {
      seen.push([index, offset, length]);
      if (index !== 2) return Promise.resolve(index);
      return new Promise((_, reject) =>
        options.signal!.addEventListener("abort", () => reject(options.signal!.reason))
      );
    },
    complete: () => assert.fail("completed"),
    abort: () => Promise.resolve(void aborted.push("abort")),
  }, { store: "T", path: "a" as Path });
  await Promise.all([
    upload.putPart(new Uint8Array(5)),
    upload.putPart([new Uint8Array(1), new Uint8Array(2)]),
  ]);
  const hanging = upload.putPart(new Uint8Array(1));
  await assert.rejects(upload.complete(), { message: /Missing part at index 2/ });
  const refused = assert.rejects(hanging, { name: "GenericError", path: "a" });
  await upload.abort();
  await refused;
  assert.deepEqual(seen, [[0, 0, 5], [1, 5, 3], [2, 8, 1]]);
  assert.deepEqual(aborted, ["abort"]);
});

Deno.test("an error for another path is the same error", () => {
  const original = new InvalidRangeError("too far", {
    store: "T",
    path: "p/a",
    size: 7,
    code: "InvalidRange",
    status: 416,
  });
  const copy = withErrorPath(original, "a");
  assert.ok(copy instanceof InvalidRangeError && copy instanceof Error);
  assert.deepEqual([copy.name, copy.message, copy.path, copy.size, copy.code, copy.status, copy.cause], [
    "InvalidRangeError",
    "too far",
    "a",
    7,
    "InvalidRange",
    416,
    original,
  ]);
  assert.equal(original.path, "p/a");
  assert.ok(!(copy instanceof NotFoundError) && !((copy as Error) instanceof PreconditionError));
  assert.match(String(copy.stack), /too far/);
});
