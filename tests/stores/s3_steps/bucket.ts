/** What buckets hold beside objects, and refusals. */
import { strict as assert } from "node:assert";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import type { ObjectStoreError } from "../../../src/store/error.ts";
import { type ObjectVersion, S3Store } from "../../../src/stores/s3/mod.ts";
import { sdkClient } from "./interop.ts";
import type { Steps } from "./round.ts";

/** The steps. */
export const BUCKET: Steps = {
  "a bucket with the folders of a console can be listed": async ({ store, options }) => {
    const sdk = sdkClient(options);
    for (const key of ["folders/", "folders/photos/"]) {
      await sdk.send(new PutObjectCommand({ Bucket: options.bucket, Key: key, Body: "" }));
    }
    sdk.destroy();
    await store.put("folders/photos/1.jpg", "x");
    const keys: string[] = [];
    for await (const { location } of store.list("folders")) keys.push(location);
    assert.deepEqual(keys, ["folders/photos/1.jpg"]);
    const { objects, commonPrefixes } = await store.listWithDelimiter("folders");
    assert.deepEqual([objects, commonPrefixes], [[], ["folders/photos"]]);
  },

  "tags are got, put and taken away": async ({ store }) => {
    await store.put("tagged", "x", { tags: { "a key": "a value/with:all=+_-@", b: "" } });
    assert.deepEqual(await store.getTags("tagged"), { "a key": "a value/with:all=+_-@", b: "" });
    await store.putTags("tagged", { c: "d e" });
    assert.deepEqual(await store.getTags("tagged"), { c: "d e" });
    await store.putTags("tagged", {});
    assert.deepEqual(await store.getTags("tagged"), {});
  },

  "versions are listed, read and deleted": async ({ running, server }) => {
    const store = new S3Store(await running.bucket(`versions-${server.name}`, { versioning: true }));
    const first = await store.put("dir/object", "first");
    const second = await store.put("dir/object", "second!");
    assert.ok(first.version && second.version && first.version !== second.version);
    await store.delete("dir/object");
    const versions: ObjectVersion[] = [];
    for await (const version of store.listVersions("dir")) versions.push(version);
    assert.deepEqual(
      versions.map(({ location, size, deleteMarker, isLatest }) => [location, size, deleteMarker, isLatest]),
      [
        ["dir/object", 0, true, true],
        ["dir/object", 7, false, false],
        ["dir/object", 5, false, false],
      ],
    );
    assert.equal(await (await store.get("dir/object", { version: first.version })).text(), "first");
    assert.equal((await store.head("dir/object", { version: second.version })).size, 7);
    await assert.rejects(store.get("dir/object"), { name: "NotFoundError" });
    await assert.rejects(store.get("dir/object", { version: versions[0]!.version }), {
      name: "NotFoundError",
    });
    await store.delete("dir/object", { version: versions[0]!.version });
    assert.equal(await (await store.get("dir/object")).text(), "second!");
    store.close();
  },

  "wrong keys are refused": async ({ options }) => {
    for (const wrong of [{ accessKeyId: "nobody" }, { secretAccessKey: "wrong" }]) {
      const store = new S3Store({ ...options, ...wrong });
      for (
        const action of [() => store.get("x"), () => store.put("x", ""), () => store.listWithDelimiter()]
      ) {
        await assert.rejects(action, (error: ObjectStoreError) => {
          assert.ok(/^(?:Unauthenticated|PermissionDenied)Error$/.test(error.name), String(error));
          assert.ok(error.code !== undefined, String(error));
          return true;
        });
      }
      store.close();
    }
  },

  "a missing bucket is not found": async ({ options }) => {
    const store = new S3Store({ ...options, bucket: "no-such-bucket-here" });
    for (
      const action of [
        () => store.get("x"),
        () => store.put("x", ""),
        () => store.listWithDelimiter(),
        () => store.putMultipart("x"),
      ]
    ) {
      await assert.rejects(action, (error: ObjectStoreError) => {
        assert.deepEqual([error.name, error.code], ["NotFoundError", "NoSuchBucket"], String(error));
        return true;
      });
    }
    store.close();
  },

  "a region that is wrong makes no difference to servers that have none, or is corrected": async (
    { options },
  ) => {
    const store = new S3Store({ ...options, region: "eu-west-3" });
    await store.put("region", "x");
    assert.equal((await store.head("region")).size, 1);
    store.close();
  },
};
