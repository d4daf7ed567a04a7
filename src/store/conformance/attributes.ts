/** Attributes and tags. */
import { assertEquals, type ConformanceCase } from "../../testing/assert.ts";
import type { Path } from "../path.ts";
import type { Attributes } from "../types.ts";
import { storeCase, type StoreContext, type StoreTrial } from "./context.ts";

const STANDARD: Attributes = {
  cacheControl: "max-age=604800",
  contentDisposition: 'attachment; filename="test file.html"',
  contentEncoding: "x-test",
  contentLanguage: "en-US",
  contentType: "text/html; charset=utf-8",
};
const METADATA: Attributes = { metadata: { test_key: "test value", other: "hello   world" } };

const TAGS = { "foo.com=bar/s": "bananas/foo.com-_", "namespace/key.foo": "value with a space" };

async function found(t: StoreTrial, path: Path, wanted: Attributes): Promise<Attributes> {
  const result = await t.store.get(path);
  await result.body.cancel();
  const head = await t.store.get(path, { head: true });
  assertEquals(head.attributes, result.attributes, "Attributes of head and get");
  // Services may add attributes of their own, such as a content type.
  return Object.fromEntries(
    Object.keys(wanted).map((key) => [key, result.attributes[key as keyof Attributes]]),
  );
}

function attributeCases(what: string, attributes: Attributes, feature: "attributes" | "metadata") {
  return [
    storeCase(`put keeps ${what}`, async (t) => {
      const path = t.path("object");
      const put = () => t.store.put(path, "x", { attributes });
      if (t.lacks("attributes") || t.lacks(feature)) return await t.refused(put);
      await put();
      assertEquals(await found(t, path, attributes), attributes);
    }),

    storeCase(`an upload in parts keeps ${what}`, async (t) => {
      const path = t.path("object");
      const start = () => t.store.putMultipart(path, { attributes });
      if (t.lacks("multipart") || t.lacks("attributes") || t.lacks(feature)) return await t.refused(start);
      const upload = await start();
      await upload.putPart(new Uint8Array(3));
      await upload.complete();
      assertEquals(await found(t, path, attributes), attributes);
    }),

    storeCase(`a writer keeps ${what}, small or large`, async (t) => {
      if (t.lacks("attributes") || t.lacks(feature)) return;
      for (const size of t.lacks("multipart") ? [10] : [10, t.partSize + 1]) {
        const path = t.path(`object-${size}`);
        const writer = t.store.writer(path, { attributes, partSize: t.partSize }).getWriter();
        await writer.write(new Uint8Array(size));
        await writer.close();
        assertEquals(await found(t, path, attributes), attributes);
      }
    }),

    storeCase(`a copy keeps ${what}`, async (t) => {
      if (t.lacks("attributes") || t.lacks(feature)) return;
      await t.store.put(t.path("object"), "x", { attributes });
      await t.store.copy(t.path("object"), t.path("copy"));
      assertEquals(await found(t, t.path("copy"), attributes), attributes);
    }),
  ];
}

/** Cases of attributes and tags. */
export const attributesCases: readonly ConformanceCase<StoreContext>[] = [
  ...attributeCases("the standard attributes", STANDARD, "attributes"),
  ...attributeCases("user metadata", METADATA, "metadata"),

  storeCase("a put without attributes drops those of the object before", async (t) => {
    if (t.lacks("attributes")) return;
    const path = t.path("object");
    await t.store.put(path, "x", { attributes: { cacheControl: "max-age=1" } });
    await t.store.put(path, "y");
    const result = await t.store.get(path, { head: true });
    assertEquals(result.attributes.cacheControl, undefined);
  }),

  storeCase("tags are taken by every way of writing", async (t) => {
    await t.store.put(t.path("put"), "x", { tags: TAGS });
    const writer = t.store.writer(t.path("writer"), { tags: TAGS }).getWriter();
    await writer.write(new Uint8Array(3));
    await writer.close();
    if (!t.lacks("multipart")) {
      const upload = await t.store.putMultipart(t.path("parts"), { tags: TAGS });
      await upload.putPart(new Uint8Array(3));
      await upload.complete();
    }
    assertEquals((await t.list()).length, t.lacks("multipart") ? 2 : 3);
  }),
];
