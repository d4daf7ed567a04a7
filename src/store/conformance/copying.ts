/** Copying and renaming. */
import { assertBytes, assertEquals, type ConformanceCase } from "../../testing/assert.ts";
import { AlreadyExistsError, NotFoundError } from "../error.ts";
import { pattern, storeCase, type StoreContext } from "./context.ts";

/** Cases of `copy` and `rename`. */
export const copyCases: readonly ConformanceCase<StoreContext>[] = [
  storeCase("copy replaces its destination and leaves its source", async (t) => {
    const [from, to] = [t.path("from"), t.path("to")];
    await t.store.put(from, "new");
    await t.store.put(to, "old and longer");
    await t.store.copy(from, to);
    assertEquals(await t.text(to), "new");
    assertEquals(await t.text(from), "new");
  }),

  storeCase("copy makes the directories it needs", async (t) => {
    await t.store.put(t.path("from"), "x");
    await t.store.copy(t.path("from"), t.path("a/new/dir/to"));
    assertEquals(await t.locations(), [t.path("a/new/dir/to"), t.path("from")]);
  }),

  storeCase("a copy is independent of its source", async (t) => {
    const [from, to] = [t.path("from"), t.path("to")];
    await t.store.put(from, "first");
    await t.store.copy(from, to);
    await t.store.put(from, "second");
    assertEquals(await t.text(to), "first");
    await t.store.delete(from);
    assertEquals(await t.text(to), "first");
  }),

  storeCase("a large copy is whole", async (t) => {
    const bytes = pattern(2_000_000);
    await t.store.put(t.path("from"), bytes);
    await t.store.copy(t.path("from"), t.path("to"));
    assertBytes(await (await t.store.get(t.path("to"))).bytes(), bytes);
  }),

  storeCase("copy onto itself keeps the object", async (t) => {
    await t.store.put(t.path("object"), "kept");
    await t.store.copy(t.path("object"), t.path("object"));
    assertEquals(await t.text(t.path("object")), "kept");
  }),

  storeCase("copy in create mode replaces nothing", async (t) => {
    const [from, to] = [t.path("from"), t.path("to")];
    await t.store.put(from, "new");
    await t.store.put(to, "old");
    const copy = () => t.store.copy(from, to, { mode: "create" });
    if (t.lacks("conditional-copy")) return await t.refused(copy);
    await t.fails(copy, AlreadyExistsError, to);
    assertEquals(await t.text(to), "old");
    await t.store.copy(from, t.path("deep/er/to"), { mode: "create" });
    assertEquals(await t.text(t.path("deep/er/to")), "new");
    await t.store.delete(from);
    assertEquals(await t.text(t.path("deep/er/to")), "new");
  }),

  storeCase("rename replaces its destination and removes its source", async (t) => {
    const [from, to] = [t.path("from"), t.path("dir/to")];
    await t.store.put(from, "new");
    await t.store.put(to, "old");
    await t.store.rename(from, to);
    assertEquals(await t.text(to), "new");
    await t.fails(() => t.store.head(from), NotFoundError, from);
    assertEquals(await t.locations(), [to]);
  }),

  storeCase("rename in create mode replaces nothing", async (t) => {
    const [from, to] = [t.path("from"), t.path("to")];
    await t.store.put(from, "new");
    await t.store.put(to, "old");
    const rename = () => t.store.rename(from, to, { mode: "create" });
    if (t.lacks("conditional-copy")) return await t.refused(rename);
    await t.fails(rename, AlreadyExistsError, to);
    assertEquals([await t.text(from), await t.text(to)], ["new", "old"]);
    await t.store.delete(to);
    await t.store.rename(from, to, { mode: "create" });
    assertEquals(await t.locations(), [to]);
  }),

  storeCase("rename onto itself does nothing", async (t) => {
    const path = t.path("object");
    await t.store.put(path, "kept");
    await t.store.rename(path, path);
    assertEquals(await t.text(path), "kept");
  }),

  storeCase("what is missing cannot be copied or renamed", async (t) => {
    const from = t.path("missing");
    const to = t.path("dir/to");
    await t.fails(() => t.store.copy(from, to), NotFoundError, from);
    await t.fails(() => t.store.rename(from, to), NotFoundError, from);
    await t.fails(() => t.store.rename(from, from), NotFoundError, from);
    if (!t.lacks("conditional-copy")) {
      await t.fails(() => t.store.copy(from, to, { mode: "create" }), NotFoundError, from);
    }
    assertEquals(await t.locations(), []);
  }),

  storeCase("a failed copy leaves its destination", async (t) => {
    const to = t.path("to");
    await t.store.put(to, "kept");
    await t.fails(() => t.store.copy(t.path("missing"), to), NotFoundError);
    assertEquals(await t.text(to), "kept");
  }),
];
