/** Conditional reads, put modes and versions. */
import { assert, assertEquals, type ConformanceCase } from "../../testing/assert.ts";
import {
  AlreadyExistsError,
  GenericError,
  NotFoundError,
  NotModifiedError,
  PreconditionError,
} from "../error.ts";
import { storeCase, type StoreContext } from "./context.ts";

const HOURS_10 = 36_000_000;

/** Cases of conditional reads and writes. */
export const conditionCases: readonly ConformanceCase<StoreContext>[] = [
  storeCase("ifMatch passes for the object's ETag, a list with it, and *", async (t) => {
    const path = t.path("object");
    await t.store.put(path, "x");
    const { eTag } = await t.store.head(path);
    assert(eTag, "no ETag");
    for (const ifMatch of [eTag, `"other", ${eTag}`, "*"]) {
      assertEquals(await (await t.store.get(path, { ifMatch })).text(), "x");
      assertEquals((await t.store.head(path, { ifMatch })).size, 1);
    }
    await t.fails(() => t.store.get(path, { ifMatch: '"other"' }), PreconditionError, path);
    await t.fails(() => t.store.head(path, { ifMatch: '"other", "and, another"' }), PreconditionError, path);
  }, ["etag"]),

  storeCase("ifNoneMatch fails for the object's ETag, a list with it, and *", async (t) => {
    const path = t.path("object");
    await t.store.put(path, "x");
    const { eTag } = await t.store.head(path);
    assert(eTag, "no ETag");
    for (const ifNoneMatch of [eTag, `"other", ${eTag}`, "*"]) {
      await t.fails(() => t.store.get(path, { ifNoneMatch }), NotModifiedError, path);
    }
    await t.fails(() => t.store.head(path, { ifNoneMatch: eTag }), NotModifiedError, path);
    assertEquals(await (await t.store.get(path, { ifNoneMatch: '"other"' })).text(), "x");
  }, ["etag"]),

  storeCase("ifUnmodifiedSince passes for the same instant and later ones", async (t) => {
    const path = t.path("object");
    await t.store.put(path, "x");
    const time = (await t.store.head(path)).lastModified.getTime();
    for (const plus of [0, HOURS_10]) {
      await (await t.store.get(path, { ifUnmodifiedSince: new Date(time + plus) })).bytes();
    }
    const ifUnmodifiedSince = new Date(time - HOURS_10);
    await t.fails(() => t.store.get(path, { ifUnmodifiedSince }), PreconditionError, path);
  }),

  storeCase("ifModifiedSince fails for the same instant", async (t) => {
    const path = t.path("object");
    await t.store.put(path, "x");
    const { lastModified } = await t.store.head(path);
    await t.fails(() => t.store.get(path, { ifModifiedSince: lastModified }), NotModifiedError, path);
    const ifModifiedSince = new Date(lastModified.getTime() - HOURS_10);
    assertEquals(await (await t.store.get(path, { ifModifiedSince })).text(), "x");
  }),

  storeCase("ETags come before dates", async (t) => {
    const path = t.path("object");
    await t.store.put(path, "x");
    const { eTag, lastModified } = await t.store.head(path);
    const earlier = new Date(lastModified.getTime() - HOURS_10);
    await (await t.store.get(path, { ifMatch: eTag, ifUnmodifiedSince: earlier })).bytes();
    await (await t.store.get(path, { ifNoneMatch: '"other"', ifModifiedSince: lastModified })).bytes();
  }, ["etag"]),

  storeCase("conditions of a missing object: it is not found", async (t) => {
    const path = t.path("missing");
    await t.fails(() => t.store.get(path, { ifNoneMatch: '"other"' }), NotFoundError, path);
  }),

  storeCase("getRanges checks its conditions", async (t) => {
    const path = t.path("object");
    await t.store.put(path, "content");
    const ranges = [{ start: 0, end: 1 }];
    await t.fails(() => t.store.getRanges(path, ranges, { ifMatch: '"other"' }), PreconditionError, path);
  }, ["etag"]),

  storeCase("create writes only where there is nothing", async (t) => {
    const path = t.path("object");
    if (t.lacks("put-create")) return await t.refused(() => t.store.put(path, "a", { mode: "create" }));
    await t.store.put(path, "a", { mode: "create" });
    await t.fails(() => t.store.put(path, "b", { mode: "create" }), AlreadyExistsError, path);
    assertEquals(await t.text(path), "a");
    await t.store.delete(path);
    await t.store.put(path, "c", { mode: "create" });
    assertEquals(await t.text(path), "c");
  }),

  storeCase("of racing creates one wins", async (t) => {
    const path = t.path("object");
    if (t.lacks("put-create")) return;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => t.store.put(path, `writer ${i}`, { mode: "create" })),
    );
    const winners = outcomes.flatMap(({ status }, i) => status === "fulfilled" ? [i] : []);
    assertEquals(winners.length, 1, "Winners");
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") {
        assert(outcome.reason instanceof AlreadyExistsError, String(outcome.reason));
      }
    }
    assertEquals(await t.text(path), `writer ${winners[0]}`);
  }),

  storeCase("update replaces only the version named", async (t) => {
    const path = t.path("object");
    const first = await t.store.put(path, "1");
    if (t.lacks("update")) return await t.refused(() => t.store.put(path, "2", { mode: { update: first } }));
    const second = await t.store.put(path, "2", { mode: { update: first } });
    await t.fails(() => t.store.put(path, "x", { mode: { update: first } }), PreconditionError, path);
    assertEquals(await t.text(path), "2");
    await t.store.put(path, "3", { mode: { update: second } });
    assertEquals(await t.text(path), "3");
    const { eTag, version } = await t.store.head(path);
    await t.store.put(path, "4", { mode: { update: { eTag, version } } });
    assertEquals(await t.text(path), "4");
  }),

  storeCase("update of a missing object fails", async (t) => {
    const path = t.path("object");
    const gone = await t.store.put(path, "1");
    await t.store.delete(path);
    if (t.lacks("update")) return await t.refused(() => t.store.put(path, "2", { mode: { update: gone } }));
    await t.fails(() => t.store.put(path, "2", { mode: { update: gone } }), PreconditionError, path);
    await t.fails(() => t.store.head(path), NotFoundError);
  }),

  storeCase("update without a version is refused", async (t) => {
    const path = t.path("object");
    await t.store.put(path, "1");
    if (t.lacks("update")) return await t.refused(() => t.store.put(path, "2", { mode: { update: {} } }));
    await t.fails(() => t.store.put(path, "2", { mode: { update: {} } }), GenericError, path);
    assertEquals(await t.text(path), "1");
  }),

  storeCase("five writers that compare and swap lose no increment", async (t) => {
    if (t.lacks("update") || t.lacks("put-create")) return;
    const path = t.path("counter");
    const increment = async () => {
      while (true) {
        try {
          const result = await t.store.get(path).catch((error) => {
            if (error instanceof NotFoundError) return undefined;
            throw error;
          });
          if (!result) return await t.store.put(path, "1", { mode: "create" });
          const { eTag, version } = result.meta;
          const next = String(Number(await result.text()) + 1);
          return await t.store.put(path, next, { mode: { update: { eTag, version } } });
        } catch (error) {
          // Both mean: another was faster, read again.
          if (!(error instanceof AlreadyExistsError || error instanceof PreconditionError)) throw error;
        }
      }
    };
    const writer = async () => {
      for (let i = 0; i < 10; i++) await increment();
    };
    await Promise.all(Array.from({ length: 5 }, writer));
    assertEquals(await t.text(path), "50");
  }),

  storeCase("an old version can be read by its id", async (t) => {
    const path = t.path("object");
    const { version } = await t.store.put(path, "old");
    if (t.lacks("version")) return await t.refused(() => t.store.get(path, { version: "1" }));
    assert(version, "put returned no version");
    await t.store.put(path, "new");
    assertEquals(await (await t.store.get(path, { version })).text(), "old");
    assertEquals(await t.text(path), "new");
  }),
];
