/** Reading parts of objects. */
import { assertBytes, assertEquals, type ConformanceCase } from "../../testing/assert.ts";
import { InvalidRangeError } from "../error.ts";
import type { GetRange } from "../range.ts";
import { pattern, storeCase, type StoreContext, type StoreTrial } from "./context.ts";

const DATA = "arbitrary data";

/** A range, the text it delivers and where that lies; sizes refer to `DATA`. */
const RANGES: readonly [string, GetRange, number, number][] = [
  ["the first byte", { start: 0, end: 1 }, 0, 1],
  ["some bytes", { start: 2, end: 5 }, 2, 5],
  ["an end that is cut", { start: 2, end: 100 }, 2, 14],
  ["exactly all", { start: 0, end: 14 }, 0, 14],
  ["an offset", { offset: 3 }, 3, 14],
  ["offset 0", { offset: 0 }, 0, 14],
  ["the last byte", { offset: 13 }, 13, 14],
  ["a suffix", { suffix: 2 }, 12, 14],
  ["a suffix longer than the object", { suffix: 100 }, 0, 14],
  ["an empty suffix", { suffix: 0 }, 14, 14],
];

const INVALID: readonly [string, GetRange][] = [
  ["a start at the end", { start: 14, end: 15 }],
  ["a start beyond the end", { start: 200, end: 300 }],
  ["an offset at the end", { offset: 14 }],
  ["an offset beyond the end", { offset: 100 }],
  ["an empty range", { start: 5, end: 5 }],
  ["a reversed range", { start: 5, end: 3 }],
  ["a negative start", { start: -1, end: 3 }],
  ["a negative suffix", { suffix: -1 }],
  ["half a byte", { start: 0, end: 1.5 }],
  ["no number", { offset: NaN }],
];

async function withData(t: StoreTrial) {
  const path = t.path("dir/object");
  await t.store.put(path, DATA);
  return path;
}

/** Cases of ranges in `get`, `getRange` and `getRanges`. */
export const rangeCases: readonly ConformanceCase<StoreContext>[] = [
  ...RANGES.map(([what, range, start, end]) =>
    storeCase(`a range may be ${what}`, async (t) => {
      const path = await withData(t);
      if ("suffix" in range && t.lacks("suffix-range")) {
        return await t.refused(() => t.store.get(path, { range }));
      }
      const result = await t.store.get(path, { range });
      assertEquals(result.range, { start, end }, "Range delivered");
      assertEquals(result.meta.size, 14, "Size of the whole object");
      assertEquals(result.meta.location, path);
      assertEquals(await result.text(), DATA.slice(start, end));
    })
  ),

  ...INVALID.map(([what, range]) =>
    storeCase(`a range may not be ${what}`, async (t) => {
      const path = await withData(t);
      await t.fails(() => t.store.get(path, { range }), InvalidRangeError, path);
      if ("start" in range) {
        await t.fails(() => t.store.getRange(path, range), InvalidRangeError, path);
        await t.fails(() => t.store.getRanges(path, [{ start: 0, end: 2 }, range]), InvalidRangeError, path);
        await t.fails(
          () => t.store.getRanges(path, [range, { start: 0, end: 2 }], { coalesce: false }),
          InvalidRangeError,
        );
      }
    })
  ),

  storeCase("an empty object has no range but a suffix", async (t) => {
    const path = t.path("empty");
    await t.store.put(path, "");
    await t.fails(() => t.store.get(path, { range: { start: 0, end: 1 } }), InvalidRangeError);
    await t.fails(() => t.store.get(path, { range: { offset: 0 } }), InvalidRangeError);
    if (t.lacks("suffix-range")) return;
    assertEquals((await (await t.store.get(path, { range: { suffix: 3 } })).bytes()).byteLength, 0);
  }),

  storeCase("getRange reads into a buffer of its own", async (t) => {
    const path = await withData(t);
    const bytes = await t.store.getRange(path, { start: 3, end: 7 });
    assertEquals(new TextDecoder().decode(bytes), "itra");
    assertEquals((await t.store.getRange(path, { start: 12, end: 99 })).byteLength, 2);
  }),

  storeCase("getRanges keeps the order given, duplicates and overlaps too", async (t) => {
    const path = await withData(t);
    const ranges = [[0, 1], [2, 3], [0, 5], [2, 3], [13, 14], [1, 14]].map(([start, end]) => ({
      start: start!,
      end: end!,
    }));
    const found = await t.store.getRanges(path, ranges);
    assertEquals(
      found.map((bytes) => new TextDecoder().decode(bytes)),
      ranges.map(({ start, end }) => DATA.slice(start, end)),
    );
    found[0]!.fill(0);
    assertEquals(new TextDecoder().decode(found[2]), DATA.slice(0, 5), "Results share bytes");
  }),

  storeCase("getRanges of nothing is nothing", async (t) => {
    assertEquals(await t.store.getRanges(await withData(t), []), []);
  }),

  storeCase("getRanges cuts each range at the object's end", async (t) => {
    const path = await withData(t);
    const found = await t.store.getRanges(path, [{ start: 10, end: 99 }, { start: 12, end: 14 }]);
    assertEquals(found.map((bytes) => new TextDecoder().decode(bytes)), ["data", "ta"]);
  }),

  storeCase("getRanges equals single reads, however it merges", async (t) => {
    const path = t.path("large");
    const bytes = pattern(2_500_000);
    await t.store.put(path, bytes);
    const ranges = [[2_400_000, 2_400_100], [5, 10], [10, 20], [1_200_000, 1_200_001], [21, 22], [
      0,
      2_500_000,
    ]]
      .map(([start, end]) => ({ start: start!, end: end! }));
    for (const coalesce of [undefined, false, 0, 1, 1000, 10_000_000] as const) {
      const found = await t.store.getRanges(path, ranges, { coalesce, concurrency: 3 });
      ranges.forEach(({ start, end }, i) =>
        assertBytes(found[i]!, bytes.subarray(start, end), `coalesce ${coalesce}, range ${start}..${end}`)
      );
    }
  }),

  storeCase("many ranges at once", async (t) => {
    const path = t.path("object");
    const bytes = pattern(50_000);
    await t.store.put(path, bytes);
    const ranges = Array.from({ length: 100 }, (_, i) => ({ start: i * 500, end: i * 500 + 7 }));
    const found = await t.store.getRanges(path, ranges, { coalesce: false, concurrency: 4 });
    ranges.forEach(({ start, end }, i) => assertBytes(found[i]!, bytes.subarray(start, end)));
  }),
];
