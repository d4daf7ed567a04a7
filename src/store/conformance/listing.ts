/** Listing by segment, level and offset. */
import { assert, assertEquals, type ConformanceCase } from "../../testing/assert.ts";
import { InvalidPathError } from "../error.ts";
import { comparePaths, concatPaths, parsePath, rawPath } from "../path.ts";
import { storeCase, type StoreContext, type StoreTrial } from "./context.ts";

// No name is a directory of another: file systems could not hold both.
const AWKWARD = [
  "a a/object",
  "a%2Fa/object",
  "a/a b",
  "a/a%2F",
  "a/a-file",
  "a/😀",
  "a/\uff5e",
  "aa",
  "b/a",
  "ab%",
];

async function fill(t: StoreTrial, names: readonly string[]): Promise<string[]> {
  await Promise.all(names.map((name) => t.store.put(t.path(name), name)));
  return names.map((name) => t.path(name)).sort(comparePaths);
}

/** Cases of `list` and `listWithDelimiter`. */
export const listCases: readonly ConformanceCase<StoreContext>[] = [
  storeCase("a prefix with nothing below lists nothing", async (t) => {
    assertEquals(await t.locations(), []);
    assertEquals(await t.locations(t.path("missing/dir")), []);
    const level = await t.store.listWithDelimiter(t.path("missing"));
    assertEquals([level.commonPrefixes, level.objects], [[], []]);
  }),

  storeCase("an object is listed below each of its directories and the root", async (t) => {
    const [path] = await fill(t, ["test_dir/test_file.json"]);
    assertEquals(await t.locations(t.prefix), [path]);
    assertEquals(await t.locations(t.path("test_dir")), [path]);
    assertEquals(await t.locations(parsePath(`/${t.prefix}/`)), [path]);
    assertEquals(await t.locations(t.path("something")), []);
    for (const root of [undefined, "", "/"]) {
      let seen = false;
      // Whatever else the store holds is none of this case's business.
      const options = { invalidPaths: "skip" as const };
      for await (const meta of t.store.list(root, options)) if (meta.location === path) seen = true;
      assert(seen, `not listed below ${root}`);
      const { commonPrefixes } = await t.store.listWithDelimiter(root, options);
      assert(commonPrefixes.includes(parsePath(t.prefix.split("/")[0]!)), `no common prefix below ${root}`);
    }
  }),

  storeCase("listed metadata agree with head", async (t) => {
    await fill(t, ["dir/one", "dir/three"]);
    for (const meta of await t.list()) {
      const head = await t.store.head(meta.location);
      assertEquals([meta.location, meta.size], [head.location, head.size]);
      assertEquals(meta.version, undefined, "Version in a listing");
      // Listings may be coarser than heads; and services quote ETags differently there.
      assert(
        Math.abs(meta.lastModified.getTime() - head.lastModified.getTime()) < 1000,
        "lastModified differs",
      );
    }
  }),

  storeCase("prefixes go by whole segments", async (t) => {
    await fill(t, ["foo/x.json", "foo.bar/y.json", "foobar"]);
    assertEquals(await t.locations(t.path("foo")), [t.path("foo/x.json")]);
    assertEquals(await t.locations(t.path("foo/x")), [], "A partial segment");
    assertEquals(await t.locations(t.path("foo/x.json")), [], "The object itself");
    for (const name of ["foo/x", "foo/x.json"]) {
      const { objects, commonPrefixes } = await t.store.listWithDelimiter(t.path(name));
      assertEquals([objects, commonPrefixes], [[], []], name);
    }
  }),

  storeCase("a level has its objects and its prefixes", async (t) => {
    await fill(t, [
      "mydb/wb/000/000/000.segment",
      "mydb/wb/000/000/001.segment",
      "mydb/wb/000/000/002.segment",
      "mydb/wb/001/001/000.segment",
      "mydb/wb/foo.json",
      "mydb/wbwbwb/111/222/333.segment",
      "mydb/data/whatevs",
    ]);
    const level = await t.store.listWithDelimiter(t.path("mydb/wb"));
    assertEquals(level.commonPrefixes, [t.path("mydb/wb/000"), t.path("mydb/wb/001")]);
    assertEquals(level.objects.map(({ location, size }) => [location, size]), [[
      t.path("mydb/wb/foo.json"),
      16,
    ]]);
    const leaf = await t.store.listWithDelimiter(t.path("mydb/wb/000/000"));
    assertEquals(leaf.commonPrefixes, []);
    assertEquals(leaf.objects.length, 3);
    const partial = await t.store.listWithDelimiter(t.path("mydb/wb/000/000/001"));
    assertEquals([partial.commonPrefixes, partial.objects], [[], []]);
    const top = await t.store.listWithDelimiter(t.path("mydb"));
    assertEquals(top.commonPrefixes, ["data", "wb", "wbwbwb"].map((name) => t.path(`mydb/${name}`)));
  }),

  storeCase("common prefixes come once and sorted by bytes", async (t) => {
    await fill(t, ["\uff5e/1", "😀/1", "B/1", "a/1", "a/2", "a b/1", "a%/x/y"]);
    const { commonPrefixes, objects } = await t.store.listWithDelimiter(t.prefix);
    const names = ["B", "a", "a b", "a%", "\uff5e", "😀"];
    assertEquals(commonPrefixes, names.map((name) => t.path(name)));
    assertEquals(objects, []);
  }),

  storeCase("an offset is exclusive, need not exist, and compares bytes", async (t) => {
    const all = await fill(t, AWKWARD);
    const offsets = ["a", "a a", "a%2Fa", "a/😀", "a/\uff5e", "aa", "a/nothing", "b/a", "zzz", "0"];
    for (const offset of offsets.map((name) => t.path(name))) {
      for (const prefix of [t.prefix, t.path("a"), t.path("a%2Fa"), t.path("none")]) {
        const expected = all.filter((path) =>
          path.startsWith(`${prefix}/`) && comparePaths(path, offset) > 0
        );
        assertEquals(await t.locations(prefix, { offset }), expected, `${prefix} after ${offset}`);
      }
    }
  }),

  storeCase("an offset before or after the prefix shows all or nothing", async (t) => {
    const all = await fill(t, ["m/1", "m/2"]);
    assertEquals(await t.locations(t.path("m"), { offset: t.path("a") }), all);
    assertEquals(await t.locations(t.path("m"), { offset: t.path("z") }), []);
    assertEquals(await t.locations(t.path("m"), { offset: t.path("m") }), all);
  }),

  storeCase("a level takes an offset", async (t) => {
    await fill(t, ["a", "b", "c", "d/1"]);
    const level = await t.store.listWithDelimiter(t.prefix, { offset: t.path("b") });
    assertEquals(level.objects.map((meta) => meta.location), [t.path("c")]);
    assertEquals(level.commonPrefixes, [t.path("d")]);
  }),

  storeCase("listings are in byte order", async (t) => {
    const all = await fill(t, [...AWKWARD, "Z", "0"]);
    const found: string[] = [];
    for await (const meta of t.store.list(t.prefix)) found.push(meta.location);
    assertEquals(found, all);
  }, ["list-order"]),

  storeCase("many objects are all listed, once", async (t) => {
    const all = await fill(t, Array.from({ length: 150 }, (_, i) => `d${i % 7}/object-${i}`));
    assertEquals(await t.locations(), all);
  }),

  storeCase("a listing may be left early, and walked again", async (t) => {
    const all = await fill(t, ["1", "2", "3", "4"]);
    for await (const meta of t.store.list(t.prefix)) {
      assert(all.includes(meta.location), meta.location);
      break;
    }
    const unused = t.store.list(t.prefix);
    assert(unused !== undefined, "no listing");
    assertEquals(await t.locations(), all);
  }),

  storeCase("a listing does not change with its arguments", async (t) => {
    await fill(t, ["1", "2"]);
    const options = { offset: t.path("1") as string };
    const listing = t.store.list(t.prefix, options);
    const found: string[] = [];
    for await (const meta of listing) {
      options.offset = t.path("9");
      found.push(meta.location);
    }
    assertEquals(found, [t.path("2")]);
  }),

  storeCase("listed locations can be read, copied and deleted as they are", async (t) => {
    await fill(t, AWKWARD);
    for (const { location, size } of await t.list()) {
      assertEquals((await (await t.store.get(location)).bytes()).byteLength, size);
      await t.store.copy(location, concatPaths(t.path("copies"), parsePath(location)));
      await t.store.delete(location);
    }
    assertEquals((await t.list(t.path("copies"))).length, AWKWARD.length);
    assertEquals((await t.list()).length, AWKWARD.length);
  }),

  storeCase("a listing shows nothing written after it began", async (t) => {
    const all = await fill(t, ["1", "3"]);
    const listing = t.store.list(t.prefix);
    const found: string[] = [];
    for await (const meta of listing) {
      if (found.length === 0) await t.store.put(t.path("2"), "late");
      found.push(meta.location);
    }
    assertEquals(found, all);
  }, ["snapshot"]),

  storeCase("an object may have the name of a prefix", async (t) => {
    const all = await fill(t, ["a", "a/b", "a/b/c"]);
    assertEquals(await t.locations(), all);
    assertEquals(await t.locations(t.path("a")), all.slice(1));
    const { commonPrefixes, objects } = await t.store.listWithDelimiter(t.prefix);
    assertEquals(commonPrefixes, [t.path("a")]);
    assertEquals(objects.map((meta) => meta.location), [t.path("a")]);
    await t.store.delete(t.path("a"));
    assertEquals(await t.locations(), all.slice(1));
  }, ["no-directories"]),

  storeCase("a prefix vanishes with its last object", async (t) => {
    await fill(t, ["dir/sub/object"]);
    await t.store.delete(t.path("dir/sub/object"));
    const { commonPrefixes, objects } = await t.store.listWithDelimiter(t.prefix);
    assertEquals([commonPrefixes, objects], [[], []]);
  }, ["no-directories"]),

  storeCase("keys that are no paths: read, written, listed and passed over", async (t) => {
    const key = rawPath(`${t.prefix}/a//b`);
    if (t.lacks("raw-keys")) return await t.refused(() => t.store.put(key, "raw"));
    await t.store.put(key, "raw");
    try {
      await t.store.put(t.path("valid"), "x");
      assertEquals(await (await t.store.get(key)).text(), "raw");
      assertEquals((await t.store.head(key)).location, key.key);
      await t.fails(() => t.list(), InvalidPathError);
      await t.fails(() => t.store.listWithDelimiter(t.path("a")), InvalidPathError);
      assertEquals(await t.locations(t.prefix, { invalidPaths: "skip" }), [t.path("valid")]);
      assertEquals(await t.locations(t.prefix, { invalidPaths: "raw" }), [key.key, t.path("valid")]);
    } finally {
      await t.store.delete(key);
    }
    assertEquals(await t.locations(), [t.path("valid")]);
  }),
];
