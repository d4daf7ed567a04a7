/** Writers, parallel reads and readers: what is made of a store's own operations. */
import { assert, assertBytes, assertEquals, type ConformanceCase } from "../../testing/assert.ts";
import { concatBytes } from "../collect.ts";
import {
  AlreadyExistsError,
  InvalidRangeError,
  NotFoundError,
  NotSupportedError,
  PreconditionError,
} from "../error.ts";
import { parallelGet } from "../parallel_get.ts";
import { openReader } from "../reader.ts";
import { failingStream, pattern, StopError, storeCase, type StoreContext, streamOf } from "./context.ts";

function* slices(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

/** Cases of `writer`, `parallelGet` and `openReader`. */
export const transferCases: readonly ConformanceCase<StoreContext>[] = [
  storeCase("a writer puts what is written, nothing before it is closed", async (t) => {
    const path = t.path("object");
    const stream = t.store.writer(path);
    const writer = stream.getWriter();
    for (const text of ["one ", "", "two"]) await writer.write(new TextEncoder().encode(text));
    await t.fails(() => t.store.head(path), NotFoundError);
    await writer.close();
    const result = await stream.result;
    assertEquals(await t.text(path), "one two");
    if (!t.lacks("etag")) assertEquals((await t.store.head(path)).eTag, result.eTag);
  }),

  storeCase("a writer that gets nothing makes an empty object", async (t) => {
    await t.store.writer(t.path("empty")).close();
    assertEquals((await t.store.head(t.path("empty"))).size, 0);
  }),

  storeCase("a writer takes any amount in any pieces", async (t) => {
    const bytes = pattern(t.partSize * 3 + 4321);
    for (const size of [t.partSize * 4, t.partSize, Math.ceil(t.partSize / 3), 100_003]) {
      const path = t.path(`pieces-of-${size}`);
      const target = t.store.writer(path, { partSize: t.partSize, concurrency: 2 });
      await streamOf(slices(bytes, size)).pipeTo(target);
      assertBytes(await (await t.store.get(path)).bytes(), bytes, `Pieces of ${size}`);
    }
  }),

  storeCase("a writer copies what it is given", async (t) => {
    const writer = t.store.writer(t.path("object")).getWriter();
    const buffer = new Uint8Array(4);
    for (const value of [1, 2, 3]) {
      buffer.fill(value);
      await writer.write(buffer);
    }
    buffer.fill(9);
    await writer.close();
    assertEquals([...await (await t.store.get(t.path("object"))).bytes()], [
      1,
      1,
      1,
      1,
      2,
      2,
      2,
      2,
      3,
      3,
      3,
      3,
    ]);
  }),

  storeCase("a writer tells how far it is", async (t) => {
    const seen: number[] = [];
    const target = t.store.writer(t.path("object"), {
      partSize: t.partSize,
      concurrency: 1,
      onProgress: ({ transferred }) => seen.push(transferred),
    });
    const bytes = pattern(t.partSize * 2 + 5);
    await streamOf(slices(bytes, 65_536)).pipeTo(target);
    assertEquals(seen.at(-1), bytes.byteLength);
    assert(seen.every((value, i) => i === 0 || value >= seen[i - 1]!), `not monotonic: ${seen}`);
  }),

  storeCase("an aborted writer leaves nothing, small or large", async (t) => {
    for (const size of [10, t.partSize * 2]) {
      const path = t.path(`object-${size}`);
      const stream = t.store.writer(path, { partSize: t.partSize });
      const writer = stream.getWriter();
      await writer.write(pattern(size));
      const stop = new StopError("stop");
      await writer.abort(stop);
      assertEquals(await stream.result.catch((error) => error === stop), true, "result");
      await t.leavesNothing(path);
    }
    assertEquals(await t.locations(), []);
  }),

  storeCase("a source that fails aborts the writer", async (t) => {
    await t.store.put(t.path("object"), "kept");
    const broken = new StopError("broken source");
    const source = failingStream([pattern(t.partSize), pattern(t.partSize)], broken);
    const target = t.store.writer(t.path("object"), { partSize: t.partSize });
    assertEquals(await source.pipeTo(target).catch((error) => error === broken), true);
    assertEquals(await t.text(t.path("object")), "kept");
  }),

  storeCase("a signal ends a writer", async (t) => {
    const controller = new AbortController();
    const stream = t.store.writer(t.path("object"), { partSize: t.partSize, signal: controller.signal });
    const writer = stream.getWriter();
    writer.closed.catch(() => {});
    // Two writes: the second is taken only once the first is on its way. (Apache takes a PUT that is cut off before its
    // first byte for an empty one.)
    await writer.write(pattern(t.partSize));
    await writer.write(pattern(1));
    const stop = new StopError("stop");
    controller.abort(stop);
    assertEquals(await stream.result.catch((error) => error === stop), true, "result");
    assertEquals(await writer.write(pattern(1)).catch((error) => error === stop), true, "write");
    await t.leavesNothing(t.path("object"));
  }),

  storeCase("a writer in create mode replaces nothing", async (t) => {
    const path = t.path("object");
    await t.store.put(path, "kept");
    const sizes = t.lacks("multipart-mode") || t.lacks("multipart") ? [10] : [10, t.partSize + 1];
    for (const size of sizes) {
      const stream = t.store.writer(path, { mode: "create", partSize: t.partSize });
      const expected = t.lacks("put-create") ? NotSupportedError : AlreadyExistsError;
      await t.fails(() => streamOf([pattern(size)]).pipeTo(stream), expected);
      await t.fails(() => stream.result, expected);
      assertEquals(await t.text(path), "kept");
    }
  }),

  storeCase("a chunk that is no bytes fails a writer", async (t) => {
    const stream = t.store.writer(t.path("object"));
    const writer = stream.getWriter();
    writer.closed.catch(() => {});
    await writer.write("text" as unknown as Uint8Array).then(
      () => assert(false, "a string was taken"),
      () => {},
    );
    await stream.result.then(() => assert(false, "the writer went on"), () => {});
    await t.leavesNothing(t.path("object"));
  }),

  storeCase("parallelGet equals get, as a stream and as bytes", async (t) => {
    const path = t.path("object");
    const bytes = pattern(300_007);
    await t.store.put(path, bytes);
    for (const [partSize, concurrency] of [[1000, 8], [100_000, 2], [300_007, 3], [1_000_000, 4]] as const) {
      const options = { partSize, concurrency };
      const result = await parallelGet(t.store, path, options);
      assertEquals([result.meta.size, result.range], [300_007, { start: 0, end: 300_007 }]);
      assertBytes(await result.bytes(), bytes, `bytes() in parts of ${partSize}`);
      const chunks: Uint8Array[] = [];
      for await (const chunk of (await parallelGet(t.store, path, options)).body) chunks.push(chunk);
      assertBytes(concatBytes(chunks), bytes, `body in parts of ${partSize}`);
    }
  }),

  storeCase("parallelGet takes ranges, empty objects and missing ones", async (t) => {
    const path = t.path("object");
    const bytes = pattern(10_000);
    await t.store.put(path, bytes);
    const options = { partSize: 700, concurrency: 3 };
    const some = await parallelGet(t.store, path, { ...options, range: { start: 100, end: 99_999 } });
    assertEquals(some.range, { start: 100, end: 10_000 });
    assertBytes(await some.bytes(), bytes.subarray(100));
    const rest = await parallelGet(t.store, path, { ...options, range: { offset: 5000 } });
    assertBytes(await rest.bytes(), bytes.subarray(5000));
    const last = await parallelGet(t.store, path, { ...options, range: { suffix: 3000 } });
    assertBytes(await last.bytes(), bytes.subarray(7000));
    await t.fails(
      () => parallelGet(t.store, path, { ...options, range: { offset: 10_000 } }),
      InvalidRangeError,
    );
    await t.fails(() => parallelGet(t.store, t.path("missing")), NotFoundError, t.path("missing"));
    await t.store.put(t.path("empty"), "");
    assertEquals((await (await parallelGet(t.store, t.path("empty"), options)).bytes()).byteLength, 0);
  }),

  storeCase("parallelGet may be left early, and tells how far it is", async (t) => {
    await t.store.put(t.path("object"), pattern(50_000));
    const seen: number[] = [];
    const { body } = await parallelGet(t.store, t.path("object"), {
      partSize: 1000,
      concurrency: 4,
      onProgress: ({ transferred, total }) => seen.push(transferred, total!),
    });
    const reader = body.getReader();
    for (let got = 0; got < 2000;) got += (await reader.read()).value!.byteLength;
    await reader.cancel();
    assertEquals(seen.slice(0, 2), [1000, 50_000]);
  }),

  storeCase("parallelGet of an object that changes fails, and mixes nothing", async (t) => {
    const path = t.path("object");
    await t.store.put(path, pattern(20_000, 1));
    const result = await parallelGet(t.store, path, { partSize: 1000, concurrency: 2 });
    await t.store.put(path, pattern(20_000, 2));
    await t.fails(() => result.bytes(), PreconditionError);
  }, ["etag"]),

  storeCase("a reader goes anywhere, and sees one version", async (t) => {
    const path = t.path("object");
    const bytes = pattern(10_000);
    await t.store.put(path, bytes);
    const reader = await openReader(t.store, path, { bufferSize: 1000 });
    const target = new Uint8Array(300);
    for (const at of [0, 9_950, 4000, 4100, 3990, 0]) {
      reader.seek(at);
      const count = await reader.read(target);
      assertEquals(count, Math.min(300, 10_000 - at));
      assertBytes(target.subarray(0, count!), bytes.subarray(at, at + count!));
      assertEquals(reader.position, at + count!);
    }
    reader.seek(10_001);
    assertEquals(await reader.read(target), null);
    assertEquals(reader.seek(-4, "end"), 9_996);
    const large = new Uint8Array(5000);
    assertEquals(await reader.readAt(large, 2000), 5000);
    assertBytes(large, bytes.subarray(2000, 7000));
    if (t.lacks("etag")) return;
    await t.store.put(path, pattern(10_000, 2));
    reader.seek(0);
    await t.fails(() => reader.read(large), PreconditionError);
  }),
];
