/** Uploads in parts: sizes, ids, and what providers ask of them. */
import { strict as assert } from "node:assert";
import { Buffer } from "node:buffer";
import { S3Store } from "../../../../src/stores/s3/mod.ts";
import {
  parsePartId,
  parseUploadHandle,
  partId,
  sliceChunks,
  uploadHandle,
} from "../../../../src/stores/s3/multipart/multipart.ts";
import type { Path } from "../../../../src/store/path.ts";
import { FakeS3, KEYS } from "../fake/s3.ts";

const PATH = "a" as Path;

function r2(service: FakeS3): S3Store {
  return new S3Store({
    bucket: "bucket",
    endpoint: "https://account.r2.cloudflarestorage.com",
    region: "us-east-1",
    ...KEYS,
    connector: service,
  });
}

function sizesOf(service: FakeS3): number[] {
  return service.requests.flatMap(({ method, url, body }) =>
    method === "PUT" && url.includes("partNumber") ? [Buffer.concat(body as Uint8Array[]).byteLength] : []
  );
}

Deno.test("where parts must be equal, larger ones are cut", async () => {
  const service = new FakeS3();
  const upload = await r2(service).putMultipart(PATH);
  const bytes = new Uint8Array(75).map((_, i) => i);
  await Promise.all([
    upload.putPart(bytes.subarray(0, 10)),
    upload.putPart([bytes.subarray(10, 13), bytes.subarray(13, 40)]),
    upload.putPart(bytes.subarray(40, 75)),
  ]);
  await upload.complete();
  assert.deepEqual(sizesOf(service).sort((a, b) => a - b), [5, 10, 10, 10, 10, 10, 10, 10]);
  assert.deepEqual([...service.objects.get("a")!.bytes], [...bytes]);
  const odd = await r2(service).putMultipart(PATH);
  await odd.putPart(new Uint8Array(10));
  await odd.putPart(new Uint8Array(7));
  await assert.rejects(odd.putPart(new Uint8Array(10)), /all parts but the last of one size, which is 10/);
  await odd.abort();
  assert.equal(service.uploads.size, 0);
});

Deno.test("a writer whose parts grow keeps them equal on the wire, where they must be", async () => {
  const service = new FakeS3();
  const store = r2(service);
  const writer = store.writer(PATH, { partSize: 4 });
  const bytes = new Uint8Array(4 * 1200 + 3).map((_, i) => i * 7);
  await new Blob([bytes]).stream().pipeTo(writer);
  const sizes = sizesOf(service);
  assert.deepEqual(new Set(sizes), new Set([4, 3]));
  assert.equal(sizes.length, 1201);
  assert.ok(Buffer.compare(service.objects.get("a")!.bytes, bytes) === 0);
});

Deno.test("ids survive being written down, and strangers' are taken too", () => {
  for (const mode of ["overwrite", "create", { update: { eTag: '"a?b&c"' } }] as const) {
    for (const marker of [undefined, "0123456789abcdef"]) {
      const start = mode === "overwrite" ? { id: "id.-_1", mode } : { id: "id.-_1", mode, marker };
      assert.deepEqual(parseUploadHandle(uploadHandle(start), PATH), start);
    }
  }
  assert.throws(() => parseUploadHandle("", PATH), /none that this store has given/);
  for (const wrong of ["id?what", "id?create&put=", "id?put=00", "id?create?update=x", "?create"]) {
    assert.throws(() => parseUploadHandle(wrong, PATH), /none that this store has given/);
  }
  const part = { number: 3, eTag: '"x"', size: 5, checksum: "AAAA" };
  assert.deepEqual(parsePartId(partId(part), 3, PATH), part);
  assert.deepEqual(parsePartId({ contentId: '"plain"' }, 1, PATH), { number: 1, eTag: '"plain"' });
  assert.throws(() => parsePartId({ contentId: "{oops" }, 1, PATH), /none that this store has given/);
});

Deno.test("slices of chunks", () => {
  const chunks = [[0, 1, 2], [], [3], [4, 5, 6, 7]].map((list) => new Uint8Array(list));
  for (let start = 0; start <= 8; start++) {
    for (let end = start; end <= 8; end++) {
      const slice = sliceChunks(chunks, start, end).flatMap((chunk) => [...chunk]);
      assert.deepEqual(slice, [0, 1, 2, 3, 4, 5, 6, 7].slice(start, end));
    }
  }
});
