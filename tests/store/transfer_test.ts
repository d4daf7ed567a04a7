import assert from "node:assert/strict";
import fc from "fast-check";
import {
  collect,
  concatBytes,
  createPutWriter,
  createWriter,
  getRangesByGet,
  mergeRanges,
  type MultipartUpload,
  newlineDelimited,
  ObjectStoreError,
  partSizeAt,
  type Path,
  PreconditionError,
} from "../../src/store/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import { ForwardingStore } from "../../src/wrappers/mod.ts";

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 13 + (i >> 8)) & 0xff);
const tick = () => new Promise((resolve) => setTimeout(resolve, 0));

/** A store whose parts are finished by hand, and which can be told to fail. */
class SlowParts extends ForwardingStore {
  override readonly name = "SlowParts";
  running = 0;
  most = 0;
  bytesMost = 0;
  #bytes = 0;
  sizes: number[] = [];
  aborted = 0;
  completed = 0;
  puts = 0;
  failPart = -1;
  failComplete = false;
  gate: Promise<unknown> = Promise.resolve();

  override put(...args: Parameters<ForwardingStore["put"]>) {
    this.puts++;
    return super.put(...args);
  }

  override async putMultipart(path: string): Promise<MultipartUpload> {
    const upload = await super.putMultipart(path);
    return {
      putPart: async (part) => {
        const copy = concatBytes(part instanceof Uint8Array ? [part] : part);
        const index = this.sizes.push(copy.byteLength) - 1;
        this.most = Math.max(this.most, ++this.running);
        this.bytesMost = Math.max(this.bytesMost, this.#bytes += copy.byteLength);
        const done = upload.putPart(copy);
        await this.gate;
        await tick();
        this.running--;
        this.#bytes -= copy.byteLength;
        if (index === this.failPart) throw new Error("part lost");
        await done;
      },
      complete: async () => {
        this.completed++;
        if (this.failComplete) throw new Error("completion lost");
        return await upload.complete();
      },
      abort: () => {
        this.aborted++;
        return upload.abort();
      },
    };
  }
}

// SlowParts forwards writer() to the inner store, so it is made here over the slow one.
async function write(store: SlowParts, chunks: Uint8Array[], partSize: number, concurrency = 4) {
  const stream = createWriter(store, "a", { partSize, concurrency }, { store: "Test", path: "a" as Path });
  const writer = stream.getWriter();
  writer.closed.catch(() => {});
  try {
    for (const chunk of chunks) await writer.write(chunk);
    await writer.close();
  } catch (error) {
    await assert.rejects(stream.result, (result) => result === error);
    throw error;
  }
  return await stream.result;
}

Deno.test("a small body is one put, a large one equal parts", async () => {
  for (
    const [sizes, puts, parts] of [
      [[25], 1, []],
      [[29], 1, []],
      [[30], 0, [30]],
      [[40], 0, [30, 10]],
      [[10, 5, 70, 0, 1], 0, [30, 30, 26]],
      [[], 1, []],
    ] as const
  ) {
    const store = new SlowParts(new MemoryStore());
    await write(store, sizes.map(bytesOf), 30);
    assert.deepEqual([store.puts, store.sizes], [puts, parts], sizes.join());
    assert.equal(store.aborted, 0);
  }
});

Deno.test("a writer holds no more than its parts, and waits for room", async () => {
  const store = new SlowParts(new MemoryStore());
  let open!: () => void;
  store.gate = new Promise<void>((resolve) => open = resolve);
  let written = 0;
  const stream = createWriter(store, "a", { partSize: 100, concurrency: 3 }, {
    store: "T",
    path: "a" as Path,
  });
  const writer = stream.getWriter();
  const all = (async () => {
    for (let i = 0; i < 100; i++) {
      await writer.write(bytesOf(50));
      written += 50;
    }
    await writer.close();
  })();
  for (let i = 0; i < 20; i++) await tick();
  assert.ok(written <= 500, `${written} bytes taken while nothing could go out`);
  open();
  await all;
  assert.equal(store.most, 3);
  assert.equal(store.bytesMost, 300);
  assert.equal((await store.head("a")).size, 5000);
});

Deno.test("a part that fails, or the completion, aborts the upload and keeps the error", async () => {
  for (const failing of ["part", "complete"] as const) {
    const store = new SlowParts(new MemoryStore());
    if (failing === "part") store.failPart = 1;
    else store.failComplete = true;
    const error = await write(store, [bytesOf(1000)], 30).catch((error) => error);
    assert.ok(error instanceof ObjectStoreError, `${error}`);
    assert.match((error.cause as Error).message, failing === "part" ? /part lost/ : /completion lost/);
    assert.equal(store.aborted, 1);
    assert.equal(store.completed, failing === "part" ? 0 : 1);
    await assert.rejects(store.head("a"), { name: "NotFoundError" });
  }
});

Deno.test("part sizes grow so that 10,000 parts hold 5 TiB", () => {
  const MiB = 1024 * 1024;
  for (const first of [5 * MiB, 10 * MiB, 100 * MiB]) {
    let total = 0;
    for (let i = 0; i < 10_000; i++) {
      const size = partSizeAt(i, first);
      assert.ok(size <= 5 * 1024 * MiB);
      total += size;
    }
    assert.ok(total >= 5 * 1024 ** 4, `${total}`);
  }
  assert.equal(partSizeAt(899, 5), 5);
  assert.equal(partSizeAt(9999, 6 * 1024 ** 3), 6 * 1024 ** 3);
});

Deno.test("a writer over a streaming put: whole or not at all", async () => {
  const store = new MemoryStore();
  const context = { store: "Test", path: "a" as Path };
  const stream = createPutWriter(store, "a", {}, context);
  const writer = stream.getWriter();
  const buffer = new Uint8Array(2);
  for (const value of [1, 2]) {
    buffer.fill(value);
    await writer.write(buffer);
  }
  await writer.close();
  assert.equal((await stream.result).eTag, (await store.head("a")).eTag);
  assert.deepEqual([...await (await store.get("a")).bytes()], [1, 1, 2, 2]);

  const aborted = createPutWriter(store, "a", {}, context);
  const other = aborted.getWriter();
  await other.write(buffer);
  await other.abort(new Error("stop"));
  await assert.rejects(aborted.result, { message: "stop" });
  assert.equal((await store.head("a")).size, 4);

  const refused = createPutWriter(store, "a", { mode: { update: {} } }, context);
  await assert.rejects(refused.getWriter().write(buffer), { name: "GenericError" });
  await assert.rejects(refused.result, { name: "GenericError" });
});

Deno.test("a streaming put that fails, or stops reading, ends its writer", async () => {
  const context = { store: "Test", path: "a" as Path };
  type Put = (body: ReadableStream<Uint8Array>) => Promise<unknown>;
  const puts: Record<string, Put> = {
    "fails unread": async () => {
      await tick();
      throw new Error("put lost");
    },
    "fails after a chunk": async (body) => {
      await body.getReader().read();
      throw new Error("put lost");
    },
    "cancels": async (body) => {
      const reader = body.getReader();
      await reader.read();
      await reader.cancel();
      return {};
    },
  };
  for (const [name, put] of Object.entries(puts)) {
    const store = { put: (_: unknown, body: unknown) => put(body as ReadableStream<Uint8Array>) };
    const stream = createPutWriter(store as unknown as MemoryStore, "a", {}, context);
    const chunks = new ReadableStream<Uint8Array>({ pull: (c) => c.enqueue(bytesOf(10)) });
    await assert.rejects(chunks.pipeTo(stream), { name: "GenericError", path: "a" }, name);
    await assert.rejects(stream.result, { name: "GenericError", path: "a" }, name);
  }
});

Deno.test("property: a writer's object is what was written, however it was cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat({ max: 300 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 4 }),
      async (sizes, partSize, concurrency) => {
        const store = new MemoryStore();
        const whole = bytesOf(sizes.reduce((sum, size) => sum + size, 0));
        const stream = store.writer("a", { partSize, concurrency });
        const writer = stream.getWriter();
        let at = 0;
        for (const size of sizes) await writer.write(whole.subarray(at, at += size));
        await writer.close();
        assert.deepEqual(await (await store.get("a")).bytes(), whole);
      },
    ),
    { numRuns: 60 },
  );
});

const range = fc.tuple(fc.nat({ max: 60 }), fc.integer({ min: 1, max: 20 }))
  .map(([start, length]) => ({ start, end: start + length }));

Deno.test("property: merged ranges cover what was wanted, apart from each other", () => {
  fc.assert(fc.property(fc.array(range), fc.nat({ max: 10 }), (ranges, gap) => {
    const merged = mergeRanges(ranges, gap);
    merged.forEach((block, i) => {
      for (const member of block.members) {
        assert.ok(block.start <= ranges[member]!.start && ranges[member]!.end <= block.end);
      }
      if (i > 0) assert.ok(block.start - merged[i - 1]!.end > gap, "could have been merged");
    });
    assert.deepEqual(merged.flatMap((block) => block.members).sort((a, b) => a - b), ranges.map((_, i) => i));
  }));
  assert.equal(mergeRanges([{ start: 0, end: 1 }, { start: 0, end: 1 }], false).length, 2);
  assert.equal(mergeRanges([{ start: 0, end: 1 }, { start: 1, end: 2 }], 0).length, 1);
  assert.equal(mergeRanges([{ start: 0, end: 1 }, { start: 2, end: 3 }], 0).length, 2);
});

Deno.test("property: merged reads equal single ones, errors too", async () => {
  const store = new MemoryStore();
  const data = bytesOf(64);
  await store.put("a", data);
  const gap = fc.oneof(fc.constant(false as const), fc.nat({ max: 30 }));
  await fc.assert(
    fc.asyncProperty(fc.array(range), gap, fc.integer({ min: 1, max: 5 }), async (ranges, gap, n) => {
      const merged = getRangesByGet(store, "a", ranges, { coalesce: gap, concurrency: n });
      if (ranges.some(({ start }) => start >= data.length)) {
        return await assert.rejects(merged, { name: "InvalidRangeError", size: 64 });
      }
      assert.deepEqual(await merged, ranges.map(({ start, end }) => data.slice(start, end)));
    }),
  );
});

Deno.test("ranges of two versions are never handed out together", async () => {
  const inner = new MemoryStore();
  await inner.put("a", bytesOf(1000));
  let gets = 0;
  class Changing extends ForwardingStore {
    override readonly name = "Changing";
    override async get(...args: Parameters<ForwardingStore["get"]>) {
      if (++gets === 3) await inner.put("a", bytesOf(1000).fill(1));
      return await super.get(...args);
    }
  }
  const ranges = Array.from({ length: 6 }, (_, i) => ({ start: i * 100, end: i * 100 + 10 }));
  for (const concurrency of [1, 2, 6]) {
    gets = 0;
    const read = getRangesByGet(new Changing(inner), "a", ranges, { coalesce: 0, concurrency });
    await assert.rejects(read, PreconditionError, `concurrency ${concurrency}`);
  }
});

Deno.test("records are kept whole", async () => {
  const stream = (parts: string[]) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
        controller.close();
      },
    });
  const split = async (...parts: string[]) => {
    const out: string[] = [];
    for await (const chunk of newlineDelimited(stream(parts))) out.push(new TextDecoder().decode(chunk));
    return out;
  };
  assert.deepEqual(await split("hello\nworld"), ["hello\n", "world"]);
  assert.deepEqual(await split("hel", "lo\nwo", "rld\nfoo\n", "bar"), ["hello\n", "world\nfoo\n", "bar"]);
  assert.deepEqual(await split('a,"new\nli', 'ne"\nb'), ['a,"new\nline"\n', "b"]);
  assert.deepEqual(await split('\\"a\nb\\\nc\nd'), ['\\"a\nb\\\nc\n', "d"]);
  assert.deepEqual(await split("a\r\n"), ["a\r\n"]);
  assert.deepEqual(await split(), []);
  for (const bad of ['"open', "dangling\\"]) {
    await assert.rejects(split(bad), { name: "GenericError", store: "LineDelimiter" });
  }
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("line\n")),
    cancel: () => void (cancelled = true),
  });
  for await (const _ of newlineDelimited(endless)) break;
  assert.equal(cancelled, true);
});

Deno.test("property: re-chunking records loses nothing and cuts nothing", async () => {
  const part = fc.string({ unit: fc.constantFrom("a", "\n", "b"), maxLength: 10 });
  await fc.assert(fc.asyncProperty(fc.array(part), async (parts) => {
    const body = new Blob(parts).stream();
    const whole = parts.join("");
    let text = "";
    const read = newlineDelimited(
      body.pipeThrough(
        new TransformStream({
          transform(chunk, controller) {
            for (let i = 0; i < chunk.byteLength; i += 3) controller.enqueue(chunk.subarray(i, i + 3));
          },
        }),
      ),
    );
    for await (const chunk of read) {
      assert.ok(text === "" || text.endsWith("\n"), "cut within a record");
      text += new TextDecoder().decode(chunk);
    }
    assert.equal(text, whole);
  }));
});

Deno.test("collect reads short and long streams of a declared size", async () => {
  for (const size of [undefined, 0, 50, 100, 150]) {
    assert.deepEqual(await collect(new Blob([bytesOf(100)]).stream(), { size }), bytesOf(100));
  }
});
