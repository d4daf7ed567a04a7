/** Awkward names. */
import { assertEquals, type ConformanceCase } from "../../testing/assert.ts";
import { NotFoundError } from "../error.ts";
import { encodePath, pathFromSegments } from "../path.ts";
import { storeCase, type StoreContext } from "./context.ts";

const KEYS: readonly [string, string][] = [
  ["an encoded emoji", encodePath("🙀")],
  ["raw unicode", "🇦🇺/$shenanigans@@~.txt"],
  ["letters beyond ASCII", "Größe/日本語/naïve"],
  ["an invalid escape", "%Q.parquet"],
  ["a lone percent sign", "100%"],
  ["an encoded text that stays encoded", "%48%45%4C%4C%4F"],
  ["spaces", "directory with spaces/file with  two spaces .txt"],
  ["an encoded space", "a%20b"],
  ["plus signs", "a+b/c++"],
  ["a fragment and a query", "a#b?c=d&e=f"],
  ["punctuation", "!$&'()+,;=:@-_.~"],
  ["what XML must escape", "a<b>&\"c\"'d'"],
  ["brackets, carets, pipes and backslashes", "[a]{b}^c|d\\e`f"],
  ["dots that are no dot segments", ".../..a/a../.hidden"],
  ["encoded dots", "%2E/%2E%2E/x"],
  ["a long segment", "x".repeat(200)],
  ["deep nesting", Array.from({ length: 30 }, (_, i) => `d${i}`).join("/")],
  ["names of JavaScript's objects", "__proto__/constructor/toString"],
];

/** Cases of awkward names. */
export const keyCases: readonly ConformanceCase<StoreContext>[] = [
  ...KEYS.map(([what, name]) =>
    storeCase(`a key may hold ${what}`, async (t) => {
      const { store } = t;
      const path = t.path(`dir/${name}`);
      await store.put(path, name);
      assertEquals(await t.text(path), name);
      assertEquals((await store.head(path)).location, path);
      assertEquals(await t.locations(), [path], "Listed");
      const first = t.path(`dir/${name.split("/")[0]}`);
      const level = await store.listWithDelimiter(t.path("dir"));
      const found = [...level.commonPrefixes, ...level.objects.map((meta) => meta.location)];
      assertEquals(found, [first], "Listed on its level");
      if (name.includes("/")) assertEquals(await t.locations(first), [path], "Listed below its prefix");

      const copy = t.path(`copy of/${name}`);
      await store.copy(path, copy);
      assertEquals(await t.text(copy), name);
      const moved = t.path(`moved/${name}`);
      await store.rename(copy, moved);
      await t.fails(() => store.head(copy), NotFoundError, copy);
      assertEquals(await t.text(moved), name);
      assertEquals(new TextDecoder().decode(await store.getRange(path, { start: 0, end: 1 })).length, 1);

      await store.delete(moved);
      for await (const outcome of store.deleteAll([path])) assertEquals(outcome, { path, ok: true });
      assertEquals(await t.locations(), []);
      await t.fails(() => store.get(path), NotFoundError, path);
    })
  ),

  storeCase("an encoded slash does not separate", async (t) => {
    const path = t.path(`a/${pathFromSegments(["b/c", "foo.file"])}`);
    assertEquals(path, t.path("a/b%2Fc/foo.file"));
    await t.store.put(path, "x");
    assertEquals(await t.locations(t.path("a/b")), []);
    const { commonPrefixes, objects } = await t.store.listWithDelimiter(t.path("a"));
    assertEquals([commonPrefixes, objects], [[t.path("a/b%2Fc")], []]);
    await t.fails(() => t.store.head(t.path("a/b/c/foo.file")), NotFoundError);
  }),

  storeCase("an encoded key is not its decoded one", async (t) => {
    const encoded = t.path("%48%45%4C%4C%4F");
    await t.store.put(encoded, "encoded");
    await t.fails(() => t.store.get(t.path("HELLO")), NotFoundError);
    await t.store.put(t.path("HELLO"), "decoded");
    assertEquals(await t.text(encoded), "encoded");
    assertEquals(await t.text(t.path("HELLO")), "decoded");
    assertEquals(await t.locations(), [encoded, t.path("HELLO")]);
  }),

  storeCase("an encoded emoji and a raw one are two objects", async (t) => {
    await t.store.put(t.path("🙀"), "raw");
    await t.store.put(t.path(encodePath("🙀")), "encoded");
    assertEquals(await t.text(t.path("🙀")), "raw");
    assertEquals(await t.text(t.path("%F0%9F%99%80")), "encoded");
    assertEquals((await t.list()).length, 2);
  }),
];
