/** Uploads, copies in parts, streams and checksums. */
import { strict as assert } from "node:assert";
import { Buffer } from "node:buffer";
import { isStreamBody } from "../../../src/http/body.ts";
import type { HttpConnector } from "../../../src/http/connector.ts";
import { FetchConnector } from "../../../src/http/fetch.ts";
import { NodeHttpConnector } from "../../../src/http/node.ts";
import { wrapStream } from "../../../src/store/stream.ts";
import { S3Store, type S3StoreOptions } from "../../../src/stores/s3/mod.ts";
import { findProvider } from "../../../src/stores/s3/endpoint/find_provider.ts";
import type { S3Server } from "../../servers/s3.ts";
import { MIB5, pattern, type Steps } from "./round.ts";

/** The steps. */
export const UPLOADS: Steps = {
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

  "payloads of any kind and size": async ({ options, server }) => {
    const store = new S3Store({ ...options, putThreshold: MIB5 });
    // What is put in parts can only be created where an upload heeds it.
    const refused = {
      name: server.lacks.includes("multipart-mode") ? "NotSupportedError" : "AlreadyExistsError",
    };
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
        refused,
      );
    }
    for await (const upload of store.listUploads()) assert.fail(`left: ${upload.path}`);
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

  "streams are taken in chunks, signed, or with a checksum after them": async ({ options, server }) => {
    const bytes = pattern(17 * 1024 * 1024 + 5, 8);
    for (const [how, more] of CHUNKS) {
      for (const connector of [new NodeHttpConnector(), new FetchConnector()]) {
        const store = new S3Store({ ...options, ...more, ...chunking(server, more), connector });
        await store.put("chunks", new Blob([bytes]), { attributes: { metadata: { how } } });
        const got = await store.get("chunks");
        assert.equal(got.attributes.metadata?.how, how);
        assert.ok(Buffer.compare(await got.bytes(), bytes) === 0, how);
        // One put, no upload in parts.
        assert.doesNotMatch(got.meta.eTag!, /-/);
        await assert.rejects(
          store.put("chunks", new Blob([bytes]).stream(), { size: bytes.length, mode: "create" }),
          { name: "AlreadyExistsError" },
        );
        store.close();
      }
    }
  },

  "a stream that is changed on the way is refused": async ({ options, server }) => {
    const bytes = pattern(17 * 1024 * 1024, 9);
    for (const [how, more] of CHUNKS) {
      const connector = changing(new NodeHttpConnector());
      const store = new S3Store({ ...options, ...more, ...chunking(server, more), connector });
      const put = store.put("changed", new Blob([bytes]).stream(), { size: bytes.length });
      await assert.rejects(put, Error, how);
      await assert.rejects(store.head("changed"), { name: "NotFoundError" });
      store.close();
    }
  },
};

/** How a stream can be protected: over plain HTTP the last would not be chosen. */
const CHUNKS: readonly (readonly [how: string, options: Partial<S3StoreOptions>])[] = [
  ["signed", { checksumAlgorithm: "none" }],
  ["signed, CRC-64", { checksumAlgorithm: "crc64nvme" }],
  ["signed, CRC-32C", { checksumAlgorithm: "crc32c" }],
  ["signed, SHA-256", { checksumAlgorithm: "sha256" }],
  ["unsigned, CRC-64", { checksumAlgorithm: "crc64nvme", unsignedPayload: true }],
];

/** Options by which streams of any length go out in chunks, on servers too whose row in the table is more careful. */
function chunking(server: S3Server, { checksumAlgorithm }: Partial<S3StoreOptions>): Partial<S3StoreOptions> {
  const { provider } = findProvider(server.name, undefined);
  const payloadChunks = checksumAlgorithm === "none" ? "signed" : "trailer";
  return {
    provider: { ...provider, payloadChunks },
    putThreshold: 1024 ** 3,
    client: { allowHttp: true, retry: false },
  };
}

/** A connector that changes one byte of what streams hold. */
function changing(inner: HttpConnector): HttpConnector {
  return {
    connect: (options) => {
      const service = inner.connect(options);
      return {
        call: (request) => {
          const { body } = request;
          if (body === undefined || !isStreamBody(body)) return service.call(request);
          let passed = 0;
          const stream = wrapStream(body.stream, {
            chunk: (chunk) => {
              const before = passed;
              passed += chunk.byteLength;
              if (before > 100_000 || passed <= 100_000) return;
              const changed = chunk.slice();
              changed[changed.length - 1]! ^= 1;
              return changed;
            },
          });
          return service.call({ ...request, body: { stream, length: body.length } });
        },
        close: () => service.close?.(),
      };
    },
  };
}
