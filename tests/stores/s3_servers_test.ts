/** What S3 is beside a store, against real servers: other clients, signed URLs, uploads taken up again, versions, tags. */
import { strict as assert } from "node:assert";
import { Buffer } from "node:buffer";
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { ObjectStoreError } from "../../src/store/error.ts";
import { type ObjectVersion, S3Store, type S3StoreOptions } from "../../src/stores/s3/mod.ts";
import { type RunningS3, S3_SERVERS, type S3Server, startS3 } from "../servers/s3.ts";

/** What a server lacks beside the store contract, by the step's name, with the reason. */
const LACKS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  moto: {
    "wrong keys are refused": "it checks none",
    "a signed URL is good for what was signed alone": "it checks no signatures",
    "an upload is taken up where it stopped": "its list of parts is a document of another name",
    "uploads that were forgotten are found and swept away": "it makes up when an upload began",
  },
  versitygw: {
    "a form uploads a file": "it answers with an internal error",
  },
  minio: {
    "uploads that were forgotten are found and swept away":
      "it lists the uploads of one key only, and sweeps by itself",
  },
};

const ODD_KEYS = [
  "plain.txt",
  "a b/c+d=e&f.txt",
  "ünïcödé/日本語/🙀.bin",
  "%41/%2F/100%",
  "it's (a) *test*!~$@:;,",
  "#hash?query",
  '<&>"quotes"',
  "tilde~/dash-/under_/dot.x",
];

const MIB5 = 5 * 1024 * 1024;

function pattern(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >>> 8) * 7 + seed * 101) & 0xff;
  return bytes;
}

async function curl(...args: string[]): Promise<{ readonly status: number; readonly body: Uint8Array }> {
  // Of its own accord it would call what it puts a form.
  const { code, stdout, stderr } = await new Deno.Command("curl", {
    args: [
      "--silent",
      "--show-error",
      "--output",
      "-",
      "--write-out",
      "%{stderr}%{http_code}",
      "--header",
      "content-type:",
      ...args,
    ],
  }).output();
  const said = new TextDecoder().decode(stderr);
  if (code !== 0) throw new Error(`curl failed: ${said}`);
  return { status: Number(said.slice(-3)), body: stdout };
}

/** AWS's own client for the same server. */
function sdkClient(options: S3StoreOptions): S3Client {
  return new S3Client({
    endpoint: options.endpoint,
    region: options.region,
    forcePathStyle: true,
    credentials: { accessKeyId: options.accessKeyId!, secretAccessKey: options.secretAccessKey! },
  });
}

interface Round {
  readonly store: S3Store;
  readonly options: S3StoreOptions;
  readonly running: RunningS3;
  readonly server: S3Server;
}

const STEPS: Readonly<Record<string, (round: Round) => Promise<void>>> = {
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

  "what aws-sdk wrote is read, and the reverse, byte for byte": async ({ store, options }) => {
    const client = sdkClient(options);
    try {
      const Bucket = options.bucket;
      for (const [i, key] of ODD_KEYS.entries()) {
        const bytes = pattern(1000 + i, i);
        const metadata = { origin: `key ${i}`, "some-more": "a  b" };
        await client.send(
          new PutObjectCommand({
            Bucket,
            Key: `sdk/${key}`,
            Body: bytes,
            ContentType: "x/y",
            Metadata: metadata,
          }),
        );
        const got = await store.get(`sdk/${key}`);
        assert.ok(Buffer.compare(await got.bytes(), bytes) === 0, key);
        assert.deepEqual([got.attributes.contentType, got.attributes.metadata], ["x/y", metadata]);

        const { eTag } = await store.put(`ours/${key}`, bytes, {
          attributes: { contentType: "z/w", metadata },
        });
        const back = await client.send(new GetObjectCommand({ Bucket, Key: `ours/${key}` }));
        assert.ok(Buffer.compare(await back.Body!.transformToByteArray(), bytes) === 0, key);
        assert.deepEqual([back.ContentType, back.Metadata, back.ETag], ["z/w", metadata, eTag]);
      }
      const listed = await client.send(new ListObjectsV2Command({ Bucket, Prefix: "ours/" }));
      assert.deepEqual(
        listed.Contents?.map(({ Key }) => Key).sort(),
        ODD_KEYS.map((key) => `ours/${key}`).sort(),
      );

      const parts = [pattern(MIB5, 1), pattern(100, 2)];
      const upload = await store.putMultipart("ours/large");
      for (const part of parts) await upload.putPart(part);
      const { eTag } = await upload.complete();
      const large = await client.send(new GetObjectCommand({ Bucket, Key: "ours/large" }));
      assert.ok(Buffer.compare(await large.Body!.transformToByteArray(), Buffer.concat(parts)) === 0);
      assert.equal(large.ETag, eTag);

      const begun = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: "begun-by-sdk" }));
      await store.abortMultipart("begun-by-sdk", begun.UploadId!);
      await assert.rejects(client.send(new HeadObjectCommand({ Bucket, Key: "begun-by-sdk" })));
    } finally {
      client.destroy();
    }
  },

  "an upload is taken up where it stopped": async ({ store, options }) => {
    const parts = [pattern(MIB5, 1), pattern(MIB5, 2), pattern(77, 3)];
    const id = await store.createMultipart("resumed", { attributes: { contentType: "a/b" } });
    await store.putPart("resumed", id, 0, parts[0]!);
    // A later part without the one between does not count.
    await store.putPart("resumed", id, 2, parts[2]!);
    // Another program, which was handed the id alone.
    const other = new S3Store(options);
    const { upload, bytes } = await other.resumeMultipart("resumed", JSON.parse(JSON.stringify(id)));
    assert.equal(bytes, MIB5);
    await upload.putPart(parts[1]!);
    await upload.putPart(parts[2]!);
    await upload.complete();
    const got = await store.get("resumed");
    assert.equal(got.attributes.contentType, "a/b");
    assert.ok(Buffer.compare(await got.bytes(), Buffer.concat(parts)) === 0);
    other.close();
  },

  "uploads that were forgotten are found and swept away": async ({ store }) => {
    const kept = await store.createMultipart("sweep/a&b <c>/kept");
    await store.createMultipart("elsewhere");
    const found = [];
    for await (const upload of store.listUploads("sweep")) found.push([upload.path, upload.id]);
    assert.deepEqual(found, [["sweep/a&b <c>/kept", kept]]);
    assert.deepEqual(await store.abortUploads("sweep", new Date(Date.now() - 3_600_000)), []);
    const swept = await store.abortUploads("", new Date(Date.now() + 60_000));
    assert.deepEqual(swept.map(({ path }) => path).sort(), ["elsewhere", "sweep/a&b <c>/kept"]);
    for await (const upload of store.listUploads()) assert.fail(`left: ${upload.path}`);
  },

  "a large copy goes in parts, and takes everything along": async ({ options }) => {
    const store = new S3Store({ ...options, copyThreshold: MIB5, copyPartSize: MIB5 });
    const bytes = pattern(2 * MIB5 + 1234, 9);
    const attributes = {
      contentType: "c/d",
      cacheControl: "max-age=1",
      contentDisposition: 'attachment; filename="x"',
      metadata: { a: "b  c" },
    };
    await store.put("large/source.txt", bytes, { attributes, tags: { color: "red + blue" } });
    await store.copy("large/source.txt", "large/copy");
    const copy = await store.get("large/copy");
    assert.ok(Buffer.compare(await copy.bytes(), bytes) === 0);
    assert.match(copy.meta.eTag!, /-3"$/);
    assert.deepEqual(copy.attributes, attributes);
    assert.deepEqual(await store.getTags("large/copy"), { color: "red + blue" });
    await assert.rejects(store.copy("large/source.txt", "large/copy", { mode: "create" }), {
      name: "AlreadyExistsError",
    });
    await store.copy("large/source.txt", "large/new", { mode: "create" });
    assert.equal((await store.head("large/new")).size, bytes.length);
    for await (const upload of store.listUploads()) assert.fail(`left: ${upload.path}`);
    store.close();
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

  "checksums of every kind are taken, and verified": async ({ options }) => {
    for (const checksumAlgorithm of ["crc64nvme", "crc32c", "sha256"] as const) {
      const store = new S3Store({ ...options, checksumAlgorithm });
      const path = `sum-${checksumAlgorithm}`;
      const bytes = pattern(100_000, 4);
      await store.put(path, bytes);
      const got = await store.get(path);
      assert.ok(Buffer.compare(await got.bytes(), bytes) === 0);
      const upload = await store.putMultipart(path);
      await upload.putPart(pattern(MIB5, 1));
      await upload.putPart(bytes);
      await upload.complete();
      assert.equal((await (await store.get(path)).bytes()).length, MIB5 + bytes.length);
      store.close();
    }
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

  "payloads of any kind and size": async ({ options }) => {
    const store = new S3Store({ ...options, putThreshold: MIB5 });
    const bytes = pattern(2 * MIB5 + 99, 5);
    for (
      const payload of [
        bytes,
        [bytes.subarray(0, 7), bytes.subarray(7)],
        new Blob([bytes]),
        new Blob([bytes]).stream(),
      ]
    ) {
      await store.put("payload", payload);
      assert.ok(Buffer.compare(await (await store.get("payload")).bytes(), bytes) === 0);
      await assert.rejects(
        store.put("payload", payload instanceof ReadableStream ? new Blob([bytes]).stream() : payload, {
          mode: "create",
        }),
        { name: "AlreadyExistsError" },
      );
    }
    for await (const upload of store.listUploads()) assert.fail(`left: ${upload.path}`);
    store.close();
  },
};

for (const server of S3_SERVERS) {
  Deno.test(`S3 beside the store, over ${server.name}`, async (t) => {
    const started = await startS3(server);
    if (started === undefined) return console.log(`SKIPPED: ${server.name} not installed`);
    await using running = started;
    const options = await running.bucket("beside");
    const store = new S3Store(options);
    for (const [name, run] of Object.entries(STEPS)) {
      if (!Object.hasOwn(LACKS[server.name] ?? {}, name)) {
        await t.step(name, () => run({ store, options, running, server }));
      }
    }
    store.close();
  });
}
