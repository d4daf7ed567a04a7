/** Uploads in parts. */
import { assert, assertBytes, assertEquals, type ConformanceCase } from "../../testing/assert.ts";
import { isMultipartStore, isPaginatedListStore, isSigner } from "../capabilities.ts";
import { concatBytes } from "../collect.ts";
import { AlreadyExistsError, GenericError, NotFoundError } from "../error.ts";
import { pattern, StopError, storeCase, type StoreContext, type StoreTrial } from "./context.ts";

/** A case that a store without multipart passes by refusing to start an upload. */
function uploadCase(name: string, run: (t: StoreTrial) => Promise<void>): ConformanceCase<StoreContext> {
  return storeCase(name, async (t) => {
    if (t.lacks("multipart")) return await t.refused(() => t.store.putMultipart(t.path("object")));
    await run(t);
  });
}

/** A case of uploads by id. */
function idCase(
  name: string,
  run: (t: StoreTrial, store: Parameters<typeof isMultipartStore>[0]) => Promise<void>,
) {
  return storeCase(name, async (t) => {
    const { store } = t;
    if (t.lacks("multipart-ids")) {
      if (isMultipartStore(store)) await t.refused(() => store.createMultipart(t.path("object")));
      return;
    }
    await run(t, store);
  });
}

/** Cases of `putMultipart`, and of the interfaces beside the contract. */
export const uploadCases: readonly ConformanceCase<StoreContext>[] = [
  uploadCase("parts make an object in the order of calls", async (t) => {
    const path = t.path("dir/object");
    const parts = [0, 1, 2].map((seed) => pattern(t.partSize + seed, seed));
    const upload = await t.store.putMultipart(path);
    await Promise.all(parts.map((part) => upload.putPart(part)));
    const result = await upload.complete();
    assertBytes(await (await t.store.get(path)).bytes(), concatBytes(parts));
    if (!t.lacks("etag")) assertEquals((await t.store.head(path)).eTag, result.eTag);
  }),

  uploadCase("parts awaited in another order keep the order of calls", async (t) => {
    const upload = await t.store.putMultipart(t.path("object"));
    const sizes = [t.partSize, t.partSize + 100, 10];
    const parts = sizes.map((size, seed) => pattern(size, seed));
    const [first, second, third] = parts.map((part) => upload.putPart(part));
    await second;
    await third;
    await first;
    await upload.complete();
    assertBytes(await (await t.store.get(t.path("object"))).bytes(), concatBytes(parts));
  }),

  uploadCase("a part may be a list of chunks", async (t) => {
    const upload = await t.store.putMultipart(t.path("object"));
    await upload.putPart(["a", "", "bc"].map((text) => new TextEncoder().encode(text)));
    await upload.complete();
    assertEquals(await t.text(t.path("object")), "abc");
  }),

  uploadCase("nothing is visible before completion", async (t) => {
    const path = t.path("object");
    const upload = await t.store.putMultipart(path);
    await upload.putPart(pattern(t.partSize));
    await t.fails(() => t.store.head(path), NotFoundError);
    assertEquals(await t.locations(), []);
    assertEquals((await t.store.listWithDelimiter(t.prefix)).objects, []);
    await upload.complete();
    assertEquals(await t.locations(), [path]);
  }),

  uploadCase("an object stays until an upload replaces it", async (t) => {
    const path = t.path("object");
    await t.store.put(path, "old");
    const upload = await t.store.putMultipart(path);
    await upload.putPart(new TextEncoder().encode("new"));
    assertEquals(await t.text(path), "old");
    await upload.complete();
    assertEquals(await t.text(path), "new");
  }),

  uploadCase("an upload without parts makes an empty object", async (t) => {
    const upload = await t.store.putMultipart(t.path("empty"));
    await upload.complete();
    assertEquals((await t.store.head(t.path("empty"))).size, 0);
  }),

  uploadCase("an aborted upload leaves nothing", async (t) => {
    const empty = await t.store.putMultipart(t.path("empty"));
    await empty.abort();
    const started = await t.store.putMultipart(t.path("started"));
    await started.putPart(pattern(t.partSize));
    await started.abort();
    await started.abort();
    for (const name of ["empty", "started"]) {
      await t.fails(() => t.store.head(t.path(name)), NotFoundError);
    }
    assertEquals(await t.locations(), []);
  }),

  uploadCase("an upload that has ended takes nothing more", async (t) => {
    const done = await t.store.putMultipart(t.path("done"));
    await done.putPart(pattern(10));
    await done.complete();
    await t.fails(() => done.putPart(pattern(1)), GenericError, t.path("done"));
    await t.fails(() => done.complete(), GenericError, t.path("done"));
    await done.abort();
    assertEquals((await t.store.head(t.path("done"))).size, 10, "abort after complete");
    const aborted = await t.store.putMultipart(t.path("aborted"));
    await aborted.abort();
    await t.fails(() => aborted.putPart(pattern(1)), GenericError, t.path("aborted"));
    await t.fails(() => aborted.complete(), GenericError, t.path("aborted"));
  }),

  uploadCase("an upload with a part missing is not completed", async (t) => {
    const path = t.path("object");
    const upload = await t.store.putMultipart(path);
    const stop = new StopError("stop");
    const error = await upload.putPart(pattern(t.partSize), { signal: AbortSignal.abort(stop) }).catch((e) =>
      e
    );
    assert(error === stop, `got ${error}`);
    await upload.putPart(pattern(10));
    await t.fails(() => upload.complete(), GenericError, path);
    await upload.abort();
    await t.fails(() => t.store.head(path), NotFoundError);
  }),

  uploadCase("of two uploads the last completed wins", async (t) => {
    if (t.lacks("last-wins")) return;
    const path = t.path("object");
    const [one, two] = [await t.store.putMultipart(path), await t.store.putMultipart(path)];
    await one.putPart(pattern(t.partSize, 1));
    await two.putPart(pattern(t.partSize, 2));
    await one.putPart(pattern(10, 1));
    await two.putPart(pattern(10, 2));
    await two.complete();
    assertBytes((await (await t.store.get(path)).bytes()).slice(-10), pattern(10, 2));
    await one.complete();
    assertBytes((await (await t.store.get(path)).bytes()).slice(-10), pattern(10, 1));
  }),

  uploadCase("an upload in create mode replaces nothing", async (t) => {
    const path = t.path("object");
    if (t.lacks("multipart-mode")) {
      return await t.refused(() => t.store.putMultipart(path, { mode: "create" }));
    }
    const upload = await t.store.putMultipart(path, { mode: "create" });
    await upload.putPart(pattern(10));
    await t.store.put(path, "first");
    await t.fails(() => upload.complete(), AlreadyExistsError, path);
    await upload.abort();
    assertEquals(await t.text(path), "first");
    await t.store.delete(path);
    const again = await t.store.putMultipart(path, { mode: "create" });
    await again.putPart(pattern(10));
    await again.complete();
    assertEquals((await t.store.head(path)).size, 10);
  }),

  idCase("parts by id come in any order", async (t, store) => {
    assert(isMultipartStore(store), "no uploads by id");
    const path = t.path("object");
    const id = await store.createMultipart(path);
    const parts = [pattern(t.partSize, 0), pattern(t.partSize, 1), pattern(20, 2)];
    const ids = new Array(3);
    for (const index of [2, 0, 1]) ids[index] = await store.putPart(path, id, index, parts[index]!);
    const stored = JSON.parse(JSON.stringify({ id, ids }));
    const result = await store.completeMultipart(path, stored.id, stored.ids);
    assertBytes(await (await t.store.get(path)).bytes(), concatBytes(parts));
    if (!t.lacks("etag")) assertEquals((await t.store.head(path)).eTag, result.eTag);
  }),

  idCase("an upload by id may be empty, or be aborted", async (t, store) => {
    assert(isMultipartStore(store), "no uploads by id");
    await store.completeMultipart(t.path("empty"), await store.createMultipart(t.path("empty")), []);
    assertEquals((await t.store.head(t.path("empty"))).size, 0);
    const id = await store.createMultipart(t.path("aborted"));
    const part = await store.putPart(t.path("aborted"), id, 0, pattern(10));
    await store.abortMultipart(t.path("aborted"), id);
    await t.fails(() => store.completeMultipart(t.path("aborted"), id, [part]), [
      GenericError,
      NotFoundError,
    ]);
    await t.fails(() => t.store.head(t.path("aborted")), NotFoundError);
  }),

  idCase("an upload by id keeps metadata", async (t, store) => {
    assert(isMultipartStore(store), "no uploads by id");
    if (t.lacks("attributes") || t.lacks("metadata")) return;
    const path = t.path("object");
    const attributes = { metadata: { key: "value" } };
    const id = await store.createMultipart(path, { attributes });
    await store.completeMultipart(path, id, [await store.putPart(path, id, 0, pattern(10))]);
    assertEquals((await t.store.get(path, { head: true })).attributes.metadata, { key: "value" });
  }),

  storeCase("pages of a listing", async (t) => {
    const { store } = t;
    if (t.lacks("pages")) {
      if (isPaginatedListStore(store)) await t.refused(() => store.listPage(t.prefix));
      return;
    }
    assert(isPaginatedListStore(store), "no pages");
    const names = ["bar/1", "foo/1", "foo/2", "foo/3", "foo/4", "top"];
    for (const name of names) await store.put(t.path(name), name);
    const first = await store.listPage(`${t.prefix}/`, { maxKeys: 5 });
    assertEquals(first.result.objects.map((meta) => meta.location), names.slice(0, 5).map((n) => t.path(n)));
    assert(first.pageToken, "no page token");
    const rest = await store.listPage(`${t.prefix}/`, { maxKeys: 5, pageToken: first.pageToken });
    assertEquals(rest.result.objects.map((meta) => meta.location), [t.path("top")]);
    assertEquals(rest.pageToken, undefined);
    const partial = await store.listPage(`${t.prefix}/fo`);
    assertEquals(partial.result.objects.length, 4, "A prefix within a segment");
    const level = await store.listPage(`${t.prefix}/`, { delimiter: "/" });
    assertEquals(level.result.commonPrefixes, [t.path("bar"), t.path("foo")]);
    assertEquals(level.result.objects.map((meta) => meta.location), [t.path("top")]);
    const after = await store.listPage(`${t.prefix}/`, { offset: t.path("foo/2") });
    assertEquals(after.result.objects.length, 3);
  }),

  storeCase("a signed URL gives its object", async (t) => {
    const { store } = t;
    if (t.lacks("signing")) {
      if (isSigner(store)) await t.refused(() => store.signedUrl("GET", t.path("object"), 60));
      return;
    }
    assert(isSigner(store), "no signed URLs");
    await store.put(t.path("dir/an object"), "signed");
    const url = await store.signedUrl("GET", t.path("dir/an object"), 60);
    const response = await (t.context.fetch ?? fetch)(url);
    assertEquals(await response.text(), "signed");
  }),
];
