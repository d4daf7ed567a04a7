/** Signals, cancellation and streams that fail. */
import {
  assert,
  assertBytes,
  assertEquals,
  assertRejects,
  type ConformanceCase,
} from "../../testing/assert.ts";
import { ObjectStoreError } from "../error.ts";
import { collectList } from "../list.ts";
import { failingStream, pattern, StopError, storeCase, type StoreContext, streamOf } from "./context.ts";

/** Cases of signals and streams. */
export const streamCases: readonly ConformanceCase<StoreContext>[] = [
  storeCase("every operation rejects with the reason of an aborted signal", async (t) => {
    const path = t.path("object");
    await t.store.put(path, "kept");
    const stop = new StopError("stop");
    const options = { signal: AbortSignal.abort(stop) };
    const { store } = t;
    const calls: Record<string, () => unknown> = {
      put: () => store.put(path, "x", options),
      get: () => store.get(path, options),
      getRange: () => store.getRange(path, { start: 0, end: 1 }, options),
      getRanges: () => store.getRanges(path, [{ start: 0, end: 1 }], options),
      head: () => store.head(path, options),
      delete: () => store.delete(path, options),
      deleteAll: () => collectList(store.deleteAll([path], options)),
      list: () => collectList(store.list(t.prefix, options)),
      listWithDelimiter: () => store.listWithDelimiter(t.prefix, options),
      copy: () => store.copy(path, t.path("copy"), options),
      rename: () => store.rename(path, t.path("moved"), options),
      writer: () => store.writer(path, options).result,
    };
    if (!t.lacks("multipart")) calls.putMultipart = () => store.putMultipart(path, options);
    for (const [name, call] of Object.entries(calls)) {
      let thrown: unknown = "nothing";
      try {
        await call();
      } catch (error) {
        thrown = error;
      }
      assert(thrown === stop, `${name}: got ${thrown}`);
    }
    assertEquals(await t.locations(), [path]);
    assertEquals(await t.text(path), "kept");
  }),

  storeCase("a stream of declared size is written whole, or not at all where it has another", async (t) => {
    const path = t.path("object");
    const bytes = pattern(3_000_000);
    const pieces = () => streamOf([bytes.subarray(0, 1_000_000), bytes.subarray(1_000_000)]);
    await t.store.put(path, pieces(), { size: bytes.byteLength });
    assertBytes(await (await t.store.get(path)).bytes(), bytes);
    for (const size of [bytes.byteLength - 1, bytes.byteLength + 1, -1, 0.5]) {
      await assertRejects(() => t.store.put(path, pieces(), { size }), ObjectStoreError, `Size ${size}`);
    }
    assertBytes(await (await t.store.get(path)).bytes(), bytes, "The object after puts of another size");
  }),

  storeCase("a signal ends a body on its way", async (t) => {
    const path = t.path("object");
    await t.store.put(path, pattern(4_000_000));
    const controller = new AbortController();
    const stop = new StopError("stop");
    const { body } = await t.store.get(path, { signal: controller.signal });
    const reader = body.getReader();
    assert((await reader.read()).value, "no first chunk");
    controller.abort(stop);
    let thrown: unknown;
    try {
      while (!(await reader.read()).done) { /* what had arrived may still be delivered */ }
    } catch (error) {
      thrown = error;
    }
    assert(thrown === stop, `got ${thrown}`);
  }),

  storeCase("a signal ends a listing on its way", async (t) => {
    for (const name of ["1", "2", "3"]) await t.store.put(t.path(name), "x");
    const controller = new AbortController();
    const stop = new StopError("stop");
    let thrown: unknown;
    let seen = 0;
    try {
      for await (const _ of t.store.list(t.prefix, { signal: controller.signal })) {
        seen++;
        controller.abort(stop);
      }
    } catch (error) {
      thrown = error;
    }
    assert(thrown === stop, `got ${thrown}`);
    assertEquals(seen, 1);
  }),

  storeCase("a signal ends a put of a stream, which then leaves nothing", async (t) => {
    const path = t.path("object");
    await t.store.put(path, "kept");
    const controller = new AbortController();
    const stop = new StopError("stop");
    let cancelled = false;
    // Endless, and slow enough for the signal to come in between.
    const endless = new ReadableStream<Uint8Array>({
      async pull(inner) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        inner.enqueue(new Uint8Array(1000));
        controller.abort(stop);
      },
      cancel() {
        cancelled = true;
      },
    }, { highWaterMark: 0 });
    let thrown: unknown;
    await t.store.put(path, endless, { signal: controller.signal }).catch((error) => thrown = error);
    assert(thrown === stop, `got ${thrown}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert(cancelled, "the stream was not cancelled");
    assertEquals(await t.text(path), "kept");
  }),

  storeCase("a put whose stream fails leaves what was there", async (t) => {
    const broken = new StopError("broken");
    for (const before of ["kept", undefined]) {
      const path = t.path(`object-${before}`);
      if (before !== undefined) await t.store.put(path, before);
      let thrown: unknown;
      await t.store.put(path, failingStream([pattern(100_000)], broken)).catch((error) => thrown = error);
      assert(thrown instanceof Error, "the put succeeded");
      if (before !== undefined) assertEquals(await t.text(path), before);
      else await t.leavesNothing(path);
    }
  }),

  storeCase("a body may be cancelled before, during and after it is read", async (t) => {
    const path = t.path("object");
    const bytes = pattern(2_000_000);
    await t.store.put(path, bytes);
    await (await t.store.get(path)).body.cancel();
    const reader = (await t.store.get(path)).body.getReader();
    await reader.read();
    await reader.cancel("enough");
    for await (const _ of (await t.store.get(path)).body) break;
    assertBytes(await (await t.store.get(path)).bytes(), bytes);
  }),

  storeCase("a body can be put under another path as it comes", async (t) => {
    const bytes = pattern(2_000_000);
    await t.store.put(t.path("from"), bytes);
    const { body } = await t.store.get(t.path("from"));
    await t.store.put(t.path("to"), body);
    assertBytes(await (await t.store.get(t.path("to"))).bytes(), bytes);
  }),

  storeCase("a put reads a stream of many chunks to its end", async (t) => {
    let given = 0;
    function* chunks(): Generator<Uint8Array> {
      for (let i = 0; i < 40; i++) {
        given++;
        yield pattern(10_000, i);
      }
    }
    await t.store.put(t.path("object"), streamOf(chunks()));
    assertEquals(given, 40);
    assertEquals((await t.store.head(t.path("object"))).size, 400_000);
  }),

  storeCase("a put tells how far it is", async (t) => {
    let last = { transferred: -1, total: undefined as number | undefined };
    await t.store.put(t.path("object"), pattern(100_000), {
      onProgress: ({ transferred, total }) => {
        assert(transferred >= last.transferred, "progress went back");
        last = { transferred, total };
      },
    });
    assertEquals(last, { transferred: 100_000, total: 100_000 });
  }),

  storeCase("many operations at once", async (t) => {
    await Promise.all(Array.from({ length: 40 }, async (_, i) => {
      const path = t.path(`dir-${i % 5}/object-${i}`);
      await t.store.put(path, pattern(5000, i));
      assertBytes(await (await t.store.get(path)).bytes(), pattern(5000, i));
      if (i % 2) await t.store.delete(path);
    }));
    assertEquals((await t.list()).length, 20);
  }),
];
