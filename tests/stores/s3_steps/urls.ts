/** Signed URLs and forms, used by programs without credentials. */
import { strict as assert } from "node:assert";
import { S3Store } from "../../../src/stores/s3/mod.ts";
import { curl, ODD_KEYS, type Steps } from "./round.ts";

/** The steps. */
export const URLS: Steps = {
  "signed URLs are fetched by curl, whatever the key": async ({ store }) => {
    for (const key of ODD_KEYS) {
      const put = await store.signedUrl("PUT", key, 300);
      assert.equal(
        (await curl("--request", "PUT", "--data-binary", `content of ${key}`, put)).status,
        200,
        key,
      );
      const { status, body } = await curl(await store.signedUrl("GET", key, 300));
      assert.deepEqual([status, new TextDecoder().decode(body)], [200, `content of ${key}`]);
      assert.equal((await store.head(key)).size, new TextEncoder().encode(`content of ${key}`).length);
      assert.equal((await curl("--head", await store.signedUrl("HEAD", key, 300))).status, 200);
      assert.equal(
        (await curl("--request", "DELETE", await store.signedUrl("DELETE", key, 300))).status,
        204,
      );
    }
    const urls = await store.signedUrls("GET", ODD_KEYS, 60);
    assert.equal(new Set(urls).size, ODD_KEYS.length);
  },

  "a signed URL is good for what was signed alone": async ({ store, options }) => {
    await store.put("signed", "x");
    const url = await store.signedUrl("GET", "signed", 300);
    assert.equal((await curl(url.replace("/signed?", "/other?"))).status, 403);
    assert.equal((await curl("--request", "DELETE", url)).status, 403);
    assert.equal((await curl(url.replace(/.$/, (last) => last === "0" ? "1" : "0"))).status, 403);
    assert.equal((await curl(url.split("?")[0]!)).status, 403);
    const typed = await store.signedUrl("PUT", "typed", 300, {
      signedHeaders: [["content-type", "text/x-signed"]],
    });
    assert.equal(
      (await curl("--request", "PUT", "--data", "x", "--header", "content-type: text/other", typed)).status,
      403,
    );
    assert.equal(
      (await curl("--request", "PUT", "--data", "x", "--header", "content-type: text/x-signed", typed))
        .status,
      200,
    );
    assert.equal((await store.get("typed", { head: true })).attributes.contentType, "text/x-signed");
    const cached = await store.signedUrl("PUT", "cached", 300, {
      signedHeaders: [["cache-control", "max-age=60"]],
    });
    const put = ["--request", "PUT", "--data", "x", "--header"];
    assert.equal((await curl(...put, "cache-control: max-age=60", cached)).status, 200);
    assert.equal((await curl(...put, "cache-control: no-store", cached)).status, 403);
    assert.equal((await store.get("cached", { head: true })).attributes.cacheControl, "max-age=60");
    const short = await store.signedUrl("GET", "signed", 1);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.equal((await curl(short)).status, 403);
    assert.equal((await curl(`${options.endpoint}/${options.bucket}/signed`)).status, 403);
  },

  "parts are uploaded by signed URLs": async ({ store, options, server }) => {
    // Who uploads by a signed URL sends no checksum, so none may be asked for.
    const plain = new S3Store({ ...options, checksumAlgorithm: "none" });
    const id = await plain.createMultipart("by-url");
    plain.close();
    const url = await store.signedUrl("PUT", "by-url", 300, {
      extraQuery: [["partNumber", "1"], ["uploadId", id]],
    });
    assert.equal((await curl("--request", "PUT", "--data-binary", "the only part", url)).status, 200);
    const parts = [];
    // moto's list is a document of another name.
    if (server.name !== "moto") {
      for await (const part of store.listParts("by-url", id)) parts.push(part);
      assert.deepEqual(parts.map(({ size }) => size), [13]);
    }
    await store.abortMultipart("by-url", id);
  },

  "a form uploads a file": async ({ store }) => {
    const { url, fields } = await store.postPolicy("forms", {
      expiresIn: 300,
      keepFileName: true,
      conditions: [{ equals: ["Content-Type", "text/plain"] }, { contentLength: [1, 100] }],
    });
    const form = new FormData();
    for (const [name, value] of fields) form.append(name, value);
    form.append("file", new File(["by form"], "a file.txt", { type: "text/plain" }));
    const response = await fetch(url, { method: "POST", body: form });
    const said = await response.text();
    assert.ok(response.ok, `${response.status} ${said}`);
    assert.equal(await (await store.get("forms/a file.txt")).text(), "by form");
  },

  "a form is posted by curl, and is good for what its policy says": async ({ store }) => {
    const { url, fields } = await store.postPolicy('by-curl/it\'s a "form"', {
      expiresIn: 300,
      conditions: [{ startsWith: ["Content-Type", "text/"] }, { contentLength: [1, 10] }],
    });
    const file = await Deno.makeTempFile();
    const post = async (type: string, content: string, key?: string) => {
      await Deno.writeTextFile(file, content);
      const texts = fields.flatMap(([name, value]) => {
        return ["--form-string", `${name}=${name === "key" ? key ?? value : value}`];
      });
      const { status } = await curl(
        ...texts,
        "--form-string",
        `Content-Type=${type}`,
        "--form",
        `file=@${file}`,
        url,
      );
      return status;
    };
    try {
      assert.equal(Math.floor(await post("text/plain", "by curl") / 100), 2);
      const got = await store.get('by-curl/it\'s a "form"');
      assert.deepEqual([await got.text(), got.attributes.contentType], ["by curl", "text/plain"]);
      assert.ok(await post("image/png", "by curl") >= 400, "of another type");
      assert.ok(await post("text/plain", "more than ten bytes") >= 400, "too long");
      assert.ok(await post("text/plain", "by curl", "elsewhere") >= 400, "under another key");
      await assert.rejects(store.head("elsewhere"), { name: "NotFoundError" });
    } finally {
      await Deno.remove(file);
    }
  },
};
