/** Deleting, one and many. */
import { assert, assertEquals, type ConformanceCase } from "../../testing/assert.ts";
import { InvalidPathError, NotFoundError, PreconditionError } from "../error.ts";
import { collectList } from "../list.ts";
import type { Path, PathInput } from "../path.ts";
import type { DeleteOutcome } from "../types.ts";
import { StopError, storeCase, type StoreContext } from "./context.ts";

/** Whether an outcome is one that deleting a missing object may have. */
function goneOrMissing(outcome: DeleteOutcome): boolean {
  return outcome.ok || (outcome.error instanceof NotFoundError && outcome.error.path === outcome.path);
}

/** Cases of `delete` and `deleteAll`. */
export const deleteCases: readonly ConformanceCase<StoreContext>[] = [
  storeCase("a deleted object is gone", async (t) => {
    const path = t.path("dir/object");
    await t.store.put(path, "x");
    await t.store.delete(path);
    await t.fails(() => t.store.get(path), NotFoundError, path);
    await t.fails(() => t.store.head(path), NotFoundError, path);
    assertEquals(await t.locations(), []);
  }),

  storeCase("deleting a missing object succeeds or is not found", async (t) => {
    const path = t.path("missing");
    try {
      await t.store.delete(path);
    } catch (error) {
      assert(error instanceof NotFoundError && error.path === path, String(error));
    }
  }),

  storeCase("deleting leaves the neighbours", async (t) => {
    for (const name of ["a", "ab", "b/c", "b/d"]) await t.store.put(t.path(name), name);
    await t.store.delete(t.path("a"));
    await t.store.delete(t.path("b/c"));
    assertEquals(await t.locations(), [t.path("ab"), t.path("b/d")]);
  }),

  storeCase("deleteAll tells outcomes in the order of its paths", async (t) => {
    const names = ["a", "missing", "I'm a < & weird path", "b/c", "b/d", "z%2Fz", "🙀"];
    for (const name of names) if (name !== "missing") await t.store.put(t.path(name), "x");
    const paths = names.map((name) => t.path(name));
    const outcomes = await collectList(t.store.deleteAll(paths));
    assertEquals(outcomes.map((outcome) => outcome.path), paths);
    outcomes.forEach((outcome, i) => {
      if (names[i] === "missing") assert(goneOrMissing(outcome), `${outcome.path}: wrong outcome`);
      else assertEquals(outcome, { path: paths[i], ok: true });
    });
    assertEquals(await t.locations(), []);
  }),

  storeCase("deleteAll of nothing does nothing", async (t) => {
    assertEquals(await collectList(t.store.deleteAll([])), []);
  }),

  storeCase("deleteAll takes many paths from an asynchronous source", async (t) => {
    const paths: Path[] = Array.from({ length: 60 }, (_, i) => t.path(`object-${i}`));
    await Promise.all(paths.map((path) => t.store.put(path, "x")));
    async function* source(): AsyncGenerator<Path> {
      for (const path of paths) {
        await Promise.resolve();
        yield path;
      }
    }
    const outcomes = await collectList(t.store.deleteAll(source()));
    assertEquals(outcomes, paths.map((path) => ({ path, ok: true })));
    assertEquals(await t.locations(), []);
  }),

  storeCase("deleteAll takes a listing of the same store", async (t) => {
    for (let i = 0; i < 12; i++) await t.store.put(t.path(`object-${i}`), "x");
    async function* locations(): AsyncGenerator<Path> {
      for await (const meta of t.store.list(t.prefix)) yield meta.location;
    }
    const outcomes = await collectList(t.store.deleteAll(locations()));
    assertEquals(outcomes.filter((outcome) => outcome.ok).length, 12);
    assertEquals(await t.locations(), []);
  }),

  storeCase("an invalid path is one outcome among others", async (t) => {
    await t.store.put(t.path("a"), "x");
    await t.store.put(t.path("b"), "x");
    const bad = `${t.prefix}/x//y`;
    const paths: PathInput[] = [t.path("a"), bad, t.path("b")];
    const outcomes = await collectList(t.store.deleteAll(paths));
    assertEquals(outcomes.map((outcome) => outcome.ok), [true, false, true]);
    const failed = outcomes[1]!;
    assert(!failed.ok && failed.error instanceof InvalidPathError, "wrong error for an invalid path");
    assertEquals(await t.locations(), []);
  }),

  storeCase("duplicates in deleteAll have an outcome each", async (t) => {
    const path = t.path("a");
    await t.store.put(path, "x");
    const outcomes = await collectList(t.store.deleteAll([path, path]));
    assertEquals(outcomes.map((outcome) => outcome.path), [path, path]);
    assert(outcomes.every(goneOrMissing), "wrong outcome for a duplicate");
    assert(outcomes.some((outcome) => outcome.ok), "no deletion succeeded");
  }),

  storeCase("a failing source of paths fails deleteAll after the paths before", async (t) => {
    await t.store.put(t.path("a"), "x");
    const stop = new StopError("no more paths");
    async function* source(): AsyncGenerator<Path> {
      yield t.path("a");
      await Promise.resolve();
      throw stop;
    }
    const seen: DeleteOutcome[] = [];
    let thrown: unknown;
    try {
      for await (const outcome of t.store.deleteAll(source())) seen.push(outcome);
    } catch (error) {
      thrown = error;
    }
    assert(thrown === stop || (thrown instanceof Error && thrown.cause === stop), `got ${thrown}`);
    assertEquals(seen, [{ path: t.path("a"), ok: true }]);
  }),

  storeCase("a deleteAll that is left early closes its source", async (t) => {
    for (let i = 0; i < 5; i++) await t.store.put(t.path(`o${i}`), "x");
    let closed = false;
    function* source(): Generator<Path> {
      try {
        for (let i = 0; i < 1000; i++) yield t.path(`o${i % 5}`);
      } finally {
        closed = true;
      }
    }
    for await (const outcome of t.store.deleteAll(source())) {
      assertEquals(outcome.path, t.path("o0"));
      break;
    }
    assert(closed, "the source of paths was left open");
  }),

  storeCase("delete with ifMatch deletes only the version named", async (t) => {
    const path = t.path("object");
    await t.store.put(path, "x");
    if (t.lacks("conditional-delete")) {
      await t.refused(() => t.store.delete(path, { ifMatch: '"other"' }));
    } else {
      await t.fails(() => t.store.delete(path, { ifMatch: '"other"' }), PreconditionError, path);
      assertEquals(await t.text(path), "x");
      await t.store.delete(path, { ifMatch: (await t.store.head(path)).eTag });
      await t.fails(() => t.store.head(path), NotFoundError);
      return;
    }
    assertEquals(await t.text(path), "x");
  }),
];
