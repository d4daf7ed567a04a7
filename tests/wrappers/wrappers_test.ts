import assert from "node:assert/strict";
import { collect, collectList, GenericError, type ObjectStore } from "../../src/store/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import {
  ChunkedStore,
  LimitStore,
  PrefixStore,
  ReadOnlyStore,
  ThrottledStore,
} from "../../src/wrappers/mod.ts";

/** Whether a promise is still pending after everything that can go on has gone on. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(() => settled = true, () => settled = true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  return !settled;
}

async function filled(count = 3): Promise<MemoryStore> {
  const store = new MemoryStore();
  for (let i = 0; i < count; i++) await store.put(`object-${i}`, `content ${i}`);
  return store;
}

Deno.test("prefix: only what lies below is seen, and paths come back without the prefix", async () => {
  const inner = new MemoryStore();
  await inner.put("outside", "x");
  await inner.put("pre", "the object with the prefix's name");
  const { eTag } = await inner.put("pre/a/b", "inside");
  const store = new PrefixStore(inner, "pre");
  assert.deepEqual((await collectList(store.list())).map((meta) => meta.location), ["a/b"]);
  assert.equal((await store.head("a/b")).eTag, eTag);
  assert.equal((await store.head((await store.get("a/b", { head: true })).meta.location)).size, 6);
  assert.deepEqual((await store.listWithDelimiter()).commonPrefixes, ["a"]);
  await assert.rejects(store.get("a/c"), { name: "NotFoundError", path: "a/c", store: "InMemory" });
  await assert.rejects(store.get("../outside"), { name: "InvalidPathError" });
  await store.put("new", "y");
  assert.equal((await inner.head("pre/new")).size, 1);
  assert.deepEqual(await collectList(store.deleteAll(["a/b", "", "/"])).then((all) => all.map((o) => o.ok)), [
    true,
    false,
    false,
  ]);
  assert.equal((await inner.head("pre")).size, 33);
  await assert.rejects(store.signedUrl("GET", "a", 1), { name: "NotSupportedError" });
});

Deno.test("limit: the next operation waits until a body has been read or cancelled", async () => {
  for (const end of ["read", "bytes", "cancel", "abort"] as const) {
    const store = new LimitStore(await filled(), 1);
    const controller = new AbortController();
    const first = await store.get("object-0", { signal: controller.signal });
    const second = store.head("object-1");
    assert.equal(await isPending(second), true, end);
    if (end === "read") await collect(first.body);
    if (end === "bytes") await first.bytes();
    if (end === "cancel") await first.body.cancel();
    if (end === "abort") controller.abort(new Error("stop"));
    assert.equal((await second).size, 9, end);
    assert.equal((await store.head("object-2")).size, 9, "one permit, not two");
  }
});

Deno.test("limit: a failed operation, an empty body and an aborted wait give their permits back", async () => {
  const inner = await filled();
  await inner.put("empty", "");
  const store = new LimitStore(inner, 1);
  await assert.rejects(store.get("missing"), { name: "NotFoundError" });
  await store.get("empty");
  await store.get("object-0", { head: true });
  const open = await store.get("object-0");
  const controller = new AbortController();
  const waiting = store.get("object-1", { signal: controller.signal });
  controller.abort(new Error("stop"));
  await assert.rejects(waiting, { message: "stop" });
  await open.body.cancel();
  assert.equal((await store.head("object-1")).size, 9);
});

Deno.test("limit: one permit is enough to delete what is listed, and open listings block nobody", async () => {
  const store = new LimitStore(await filled(20), 1);
  const listing = store.list()[Symbol.asyncIterator]();
  await listing.next();
  const locations = (async function* () {
    for await (const { location } of store.list()) yield location;
  })();
  const outcomes = await collectList(store.deleteAll(locations));
  assert.equal(outcomes.filter((outcome) => outcome.ok).length, 20);
  await listing.return?.();
  assert.deepEqual(await collectList(store.list()), []);
});

Deno.test("limit: a writer and parts take permits and give them back", async () => {
  const store = new LimitStore(new MemoryStore(), 1);
  const stream = store.writer("a");
  const writer = stream.getWriter();
  await writer.write(new Uint8Array(3));
  const other = store.put("b", "x");
  assert.equal(await isPending(other), true);
  await writer.close();
  await other;
  const aborted = store.writer("c").getWriter();
  await aborted.write(new Uint8Array(3));
  await aborted.abort();
  const upload = await store.putMultipart("d");
  await Promise.all([1, 2, 3].map((value) => upload.putPart(new Uint8Array([value]))));
  await upload.complete();
  assert.deepEqual([...await (await store.get("d")).bytes()], [1, 2, 3]);

  const held = await store.get("d");
  const waiting = store.writer("e").getWriter();
  const write = waiting.write(new Uint8Array(1));
  assert.equal(await isPending(write), true);
  const gone = waiting.abort(new Error("stop"));
  await assert.rejects(write, { message: "stop" });
  await gone;
  await held.body.cancel();
  await store.head("d");
});

Deno.test("throttle: every knob waits, and a signal ends the waiting", async () => {
  const hour = 3_600_000;
  const throttled = async (times: ConstructorParameters<typeof ThrottledStore>[1]) =>
    new ThrottledStore(await filled(), times);
  type Call = (store: ObjectStore, signal: AbortSignal) => Promise<unknown>;
  const calls: [keyof ConstructorParameters<typeof ThrottledStore>[1], Call][] = [
    ["getPerCall", (s, signal) => s.get("object-0", { signal })],
    ["getPerCall", (s, signal) => s.head("object-0", { signal })],
    ["getPerCall", (s, signal) => s.getRange("object-0", { start: 0, end: 1 }, { signal })],
    ["getPerByte", (s, signal) => s.get("object-0", { signal }).then((result) => result.bytes())],
    ["getPerByte", (s, signal) => s.get("object-0", { signal }).then((result) => collect(result.body))],
    ["getPerByte", (s, signal) => s.getRanges("object-0", [{ start: 0, end: 1 }], { signal })],
    ["putPerCall", (s, signal) => s.put("a", "x", { signal })],
    ["putPerCall", (s, signal) => s.copy("object-0", "a", { signal })],
    ["putPerCall", (s, signal) => s.rename("object-0", "a", { signal })],
    ["putPerCall", async (s, signal) => (await s.putMultipart("a")).putPart(new Uint8Array(1), { signal })],
    ["deletePerCall", (s, signal) => s.delete("object-0", { signal })],
    ["deletePerCall", (s, signal) => collectList(s.deleteAll(["object-0"], { signal }))],
    ["listPerCall", (s, signal) => collectList(s.list("none", { signal }))],
    ["listPerEntry", (s, signal) => collectList(s.list("", { signal }))],
    ["listWithDelimiterPerCall", (s, signal) => s.listWithDelimiter("none", { signal })],
    ["listWithDelimiterPerEntry", (s, signal) => s.listWithDelimiter("", { signal })],
  ];
  for (const [knob, call] of calls) {
    await call(await throttled({}), new AbortController().signal);
    const controller = new AbortController();
    const waiting = call(await throttled({ [knob]: hour }), controller.signal);
    assert.equal(await isPending(waiting), true, `${knob} does not wait in ${call}`);
    controller.abort(new Error("stop"));
    await assert.rejects(waiting, { message: "stop" }, `${knob} goes on in ${call}`);
  }
  const slow = await throttled({ deletePerCall: hour, listPerEntry: hour, listWithDelimiterPerEntry: hour });
  assert.deepEqual(await collectList(slow.deleteAll([])), []);
  assert.deepEqual(await collectList(slow.list("none")), []);
});

Deno.test("read-only: reads go through, writes are refused and change nothing", async () => {
  const inner = await filled();
  const store = new ReadOnlyStore(inner);
  assert.equal(await (await store.get("object-1")).text(), "content 1");
  assert.equal((await store.head("object-1")).size, 9);
  assert.equal((await store.getRange("object-1", { start: 0, end: 3 })).byteLength, 3);
  assert.equal((await store.getRanges("object-1", [{ start: 0, end: 3 }])).length, 1);
  assert.equal((await collectList(store.list())).length, 3);
  assert.equal((await store.listWithDelimiter()).objects.length, 3);
  assert.equal((await store.listPage("object-", { maxKeys: 2 })).result.objects.length, 2);
  let cancelled: unknown;
  const stream = new ReadableStream<Uint8Array>({ cancel: (reason) => void (cancelled = reason) });
  const refused: [string, () => unknown][] = [
    ["a", () => store.put("a", stream)],
    ["object-0", () => store.delete("object-0")],
    ["b", () => store.copy("object-0", "b")],
    ["object-0", () => store.rename("object-0", "b")],
    ["a", () => store.putMultipart("a")],
    ["a", () => store.writer("a")],
    ["a", () => store.createMultipart("a")],
    ["a", () => store.putPart("a", "1", 0, new Uint8Array(1))],
    ["a", () => store.completeMultipart("a", "1", [])],
    ["a", () => store.abortMultipart("a", "1")],
    ["a", () => store.signedUrl("PUT", "a", 1)],
  ];
  for (const [path, call] of refused) {
    await assert.rejects(async () => await call(), {
      name: "PermissionDeniedError",
      path,
      store: "ReadOnlyStore",
    });
  }
  assert.ok(cancelled instanceof Error, "the payload was left open");
  const outcomes = await collectList(store.deleteAll(["object-0", "x//y"]));
  assert.deepEqual(outcomes.map((outcome) => !outcome.ok && outcome.error.name), [
    "PermissionDeniedError",
    "InvalidPathError",
  ]);
  assert.equal((await collectList(inner.list())).length, 3);
});

Deno.test("chunked: bodies come in chunks of one size", async () => {
  const inner = new MemoryStore();
  await inner.put("a", Uint8Array.from({ length: 1001 }, (_, i) => i));
  for (const size of [10, 20, 31, 1001, 5000]) {
    const sizes: number[] = [];
    let next = 0;
    for await (const chunk of (await new ChunkedStore(inner, size).get("a")).body) {
      sizes.push(chunk.byteLength);
      for (const byte of chunk) assert.equal(byte, next++ & 0xff);
    }
    assert.equal(next, 1001);
    assert.ok(sizes.slice(0, -1).every((each) => each === size), String(sizes));
  }
});

Deno.test("wrappers refuse nonsense, and show what they are around", async () => {
  const inner = new MemoryStore();
  for (const bad of [0, -1, 1.5, NaN]) {
    assert.throws(() => new LimitStore(inner, bad), GenericError);
    assert.throws(() => new ChunkedStore(inner, bad), GenericError);
  }
  assert.equal(new LimitStore(inner, 2).name, "LimitStore(2, InMemory)");
  assert.equal(new PrefixStore(inner, "/a/b/").name, "PrefixObjectStore(a/b)");
  assert.equal(
    new ThrottledStore(new ReadOnlyStore(inner), {}).name,
    "ThrottledStore(ReadOnlyStore(InMemory))",
  );
  await assert.rejects(new ChunkedStore(inner, 1).signedUrl("GET", "a", 1), { name: "NotSupportedError" });
});
