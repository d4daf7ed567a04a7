/** Writing and reading whole objects. */
import { assert, assertBytes, assertEquals, type ConformanceCase } from "../../testing/assert.ts";
import { GenericError, InvalidPathError, NotFoundError } from "../error.ts";
import { collect, concatBytes } from "../collect.ts";
import type { PutPayload } from "../types.ts";
import { pattern, storeCase, type StoreContext, streamOf } from "./context.ts";

const PAYLOADS: readonly [string, () => PutPayload, string][] = [
  ["bytes", () => new TextEncoder().encode("bytes ä"), "bytes ä"],
  ["a string", () => "text ä🦀", "text ä🦀"],
  ["chunks", () => ["a", "", "bc"].map((text) => new TextEncoder().encode(text)), "abc"],
  ["a blob", () => new Blob(["blob ", "two"]), "blob two"],
  ["a stream", () => streamOf(["x", "yz"].map((text) => new TextEncoder().encode(text))), "xyz"],
  ["a window into a larger buffer", () => new TextEncoder().encode("--window--").subarray(2, 8), "window"],
  ["an empty string", () => "", ""],
  ["no chunks", () => [], ""],
  ["an empty stream", () => streamOf([]), ""],
];

/** Cases of `put`, `get` and `head`. */
export const objectCases: readonly ConformanceCase<StoreContext>[] = [
  ...PAYLOADS.map(([what, payload, text]) =>
    storeCase(`put takes ${what}`, async (t) => {
      const path = t.path("dir/object");
      await t.store.put(path, payload());
      assertEquals(await t.text(path), text);
      assertEquals((await t.store.head(path)).size, new TextEncoder().encode(text).byteLength);
    })
  ),

  storeCase("get tells the metadata of the object and the range delivered", async (t) => {
    const path = t.path("object");
    const before = Date.now();
    await t.store.put(path, "arbitrary data");
    const result = await t.store.get(path);
    assertEquals(result.meta.location, path);
    assertEquals(result.meta.size, 14);
    assertEquals(result.range, { start: 0, end: 14 });
    // An hour apart: this is about units and time zones, not about clocks.
    assert(Math.abs(result.meta.lastModified.getTime() - before) < 3_600_000, "lastModified is far off");
    assertEquals(await result.text(), "arbitrary data");
  }),

  storeCase("head agrees with get", async (t) => {
    const path = t.path("object");
    await t.store.put(path, "arbitrary data");
    const result = await t.store.get(path);
    await result.body.cancel();
    assertEquals(await t.store.head(path), result.meta);
  }),

  storeCase("get with head delivers no bytes", async (t) => {
    const path = t.path("object");
    await t.store.put(path, "arbitrary data");
    const result = await t.store.get(path, { head: true });
    assertEquals(result.meta.size, 14);
    assertEquals((await result.bytes()).byteLength, 0);
  }),

  storeCase("put tells the ETag that head shows", async (t) => {
    const path = t.path("object");
    const put = await t.store.put(path, "one");
    assert(put.eTag, "put returned no ETag");
    assertEquals((await t.store.head(path)).eTag, put.eTag);
  }, ["etag"]),

  storeCase("an ETag changes with the object", async (t) => {
    const path = t.path("object");
    await t.store.put(path, "one");
    const first = (await t.store.head(path)).eTag;
    await t.store.put(path, "two, longer");
    assert(first !== (await t.store.head(path)).eTag, "the ETag stayed the same");
  }, ["etag"]),

  storeCase("put replaces the whole object", async (t) => {
    const path = t.path("object");
    await t.store.put(path, "a long first content");
    await t.store.put(path, "short");
    assertEquals(await t.text(path), "short");
    assertEquals((await t.list()).map((meta) => meta.size), [5]);
  }),

  storeCase("an empty object has size 0 and a body that ends", async (t) => {
    const path = t.path("empty");
    await t.store.put(path, new Uint8Array(0));
    const result = await t.store.get(path);
    assertEquals([result.meta.size, result.range], [0, { start: 0, end: 0 }]);
    assertEquals((await collect(result.body)).byteLength, 0);
    assertEquals((await (await t.store.get(path)).bytes()).byteLength, 0);
  }),

  storeCase("a body of some MiB arrives whole, as a stream and as bytes", async (t) => {
    const path = t.path("large");
    const bytes = pattern(3 * 1024 * 1024 + 17);
    await t.store.put(path, bytes);
    assertBytes(await (await t.store.get(path)).bytes(), bytes);
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await t.store.get(path)).body) chunks.push(chunk);
    assertBytes(concatBytes(chunks), bytes);
  }),

  storeCase("changing what was put or got does not change the object", async (t) => {
    const path = t.path("object");
    const bytes = pattern(1000);
    await t.store.put(path, bytes);
    bytes.fill(0);
    (await (await t.store.get(path)).bytes()).fill(1);
    for await (const chunk of (await t.store.get(path)).body) chunk.fill(2);
    (await t.store.getRange(path, { start: 0, end: 1000 })).fill(3);
    assertBytes(await (await t.store.get(path)).bytes(), pattern(1000));
  }),

  storeCase("a result is read once", async (t) => {
    const path = t.path("object");
    await t.store.put(path, "once");
    const result = await t.store.get(path);
    await result.text();
    await t.fails(() => result.bytes(), GenericError, path);
    const other = await t.store.get(path);
    await collect(other.body);
    await t.fails(() => other.bytes(), GenericError, path);
  }),

  storeCase("a missing object is not found", async (t) => {
    const path = t.path("does/not/exist");
    await t.fails(() => t.store.get(path), NotFoundError, path);
    await t.fails(() => t.store.head(path), NotFoundError, path);
    await t.fails(() => t.store.getRange(path, { start: 0, end: 1 }), NotFoundError, path);
    await t.fails(() => t.store.getRanges(path, [{ start: 0, end: 1 }]), NotFoundError, path);
  }),

  storeCase("a directory is no object", async (t) => {
    await t.store.put(t.path("dir/sub/object"), "x");
    for (const name of ["dir", "dir/sub"]) {
      await t.fails(() => t.store.get(t.path(name)), NotFoundError, t.path(name));
      await t.fails(() => t.store.head(t.path(name)), NotFoundError, t.path(name));
    }
  }),

  storeCase("one slash at either end of a path does not matter", async (t) => {
    const path = t.path("dir/object");
    await t.store.put(`/${path}/`, "same");
    assertEquals(await t.text(path), "same");
    assertEquals((await t.store.head(`/${path}`)).location, path);
  }),

  storeCase("invalid paths are refused by every operation", async (t) => {
    const { store } = t;
    for (const name of ["a//b", "a/./b", "a/../b", "../a", "a/\u0000", "a\nb", "a\u007f", "a\ud800"]) {
      const bad = `${t.prefix}/${name}`;
      const calls: (() => unknown)[] = [
        () => store.put(bad, "x"),
        () => store.get(bad),
        () => store.head(bad),
        () => store.getRange(bad, { start: 0, end: 1 }),
        () => store.getRanges(bad, [{ start: 0, end: 1 }]),
        () => store.delete(bad),
        () => store.copy(bad, t.path("to")),
        () => store.copy(t.path("from"), bad),
        () => store.rename(bad, t.path("to")),
        () => store.putMultipart(bad),
        () => store.writer(bad),
        () => store.listWithDelimiter(bad),
        () => store.list(bad)[Symbol.asyncIterator]().next(),
      ];
      for (const call of calls) {
        if (t.lacks("multipart") && call === calls[9]) continue;
        await t.fails(call, InvalidPathError);
      }
    }
    assertEquals(await t.locations(), []);
  }),

  storeCase("the root is no object", async (t) => {
    for (const root of ["", "/"]) {
      const calls = [
        () => t.store.put(root, "x"),
        () => t.store.get(root),
        () => t.store.head(root),
        () => t.store.delete(root),
        () => t.store.copy(root, t.path("to")),
        () => t.store.rename(root, t.path("to")),
        () => t.store.writer(root),
      ];
      for (const call of calls) await t.fails(call, [InvalidPathError, NotFoundError]);
      for await (const outcome of t.store.deleteAll([root])) assertEquals(outcome.ok, false);
    }
  }),

  storeCase("what cannot be put is refused", async (t) => {
    const path = t.path("object");
    for (const bad of [1, null, {}, ["text"]]) {
      await t.fails(() => t.store.put(path, bad as unknown as PutPayload), GenericError);
    }
    await t.fails(() => t.store.head(path), NotFoundError);
  }),

  storeCase("racing puts leave one of the contents whole", async (t) => {
    const path = t.path("raced");
    const contents = Array.from({ length: 8 }, (_, i) => pattern(200_000 + i, i));
    await Promise.all(contents.map((bytes) => t.store.put(path, bytes)));
    const found = await (await t.store.get(path)).bytes();
    const winner = contents.find((bytes) => bytes.byteLength === found.byteLength);
    assert(winner, `no content has ${found.byteLength} bytes`);
    assertBytes(found, winner);
  }),

  storeCase("readers see an old or a new object, never a mixture", async (t) => {
    const path = t.path("object");
    const contents = [0, 1].map((seed) => pattern(300_000, seed));
    await t.store.put(path, contents[0]!);
    const write = (async () => {
      for (let i = 1; i <= 6; i++) await t.store.put(path, contents[i % 2]!);
    })();
    const read = async () => {
      const found = await (await t.store.get(path)).bytes();
      assertBytes(found, contents[found[0] === contents[0]![0] ? 0 : 1]!, "Torn read");
    };
    for (let i = 0; i < 6; i++) await read();
    await write;
  }),

  storeCase("results carry the response", async (t) => {
    const path = t.path("object");
    const put = await t.store.put(path, "x");
    const get = await t.store.get(path);
    await get.body.cancel();
    const level = await t.store.listWithDelimiter(t.prefix);
    for (const { response } of [put, get, level]) {
      assert(response && response.status >= 200 && response.status < 300, "no response");
      assert(response.headers.length > 0, "no response headers");
    }
  }, ["response"]),
];
