/**
 * S3 on a real server as few have it set up here: over TLS, with keys of the customer and of a KMS, and with the bucket
 * in the host's name.
 */
import { strict as assert } from "node:assert";
import { Buffer } from "node:buffer";
import type { HttpConnector } from "../../src/http/connector.ts";
import { NodeHttpConnector } from "../../src/http/node.ts";
import { S3Store, type S3StoreOptions } from "../../src/stores/s3/mod.ts";
import { signRequest } from "../../src/stores/s3/signing/sigv4.ts";
import { SERVER_CERT, SERVER_KEY, TEST_CA } from "../http/node/pki.ts";
import { type RunningServer, startServer } from "../servers/process.ts";
import { S3_KEYS } from "../servers/s3.ts";
import { pattern } from "./s3_steps/round.ts";

const KMS_KEY = "storeport-key";

/** MinIO; with a certificate, and a KMS of one key. */
async function startMinio(secure: boolean): Promise<RunningServer | undefined> {
  return await startServer({
    program: "minio",
    env: {
      MINIO_ROOT_USER: S3_KEYS.accessKeyId,
      MINIO_ROOT_PASSWORD: S3_KEYS.secretAccessKey,
      MINIO_BROWSER: "off",
      MINIO_UPDATE: "off",
      MINIO_DOMAIN: "store.example",
      MINIO_KMS_SECRET_KEY: `${KMS_KEY}:${btoa("0123456789abcdef0123456789abcdef")}`,
    },
    async configure(home, root, port) {
      const certificates = `${home}/certificates`;
      await Deno.mkdir(certificates);
      if (secure) {
        await Deno.writeTextFile(`${certificates}/public.crt`, SERVER_CERT);
        await Deno.writeTextFile(`${certificates}/private.key`, SERVER_KEY);
      }
      return ["server", "--quiet", "--certs-dir", certificates, "--address", `127.0.0.1:${port}`, root];
    },
  });
}

/** A connector for which every name is this machine's. */
function local(): HttpConnector {
  return new NodeHttpConnector({ lookup: () => Promise.resolve(["127.0.0.1"]) });
}

async function makeBucket(url: string): Promise<void> {
  const service = local().connect({ rootCertificates: [TEST_CA] });
  const headers = signRequest({ method: "PUT", url, headers: [] }, {
    credential: S3_KEYS,
    date: new Date(),
    region: "us-east-1",
    service: "s3",
  });
  for (let wait = 0;; wait++) {
    const response = await service.call({ method: "PUT", url, headers });
    const text = await response.text();
    if (response.status === 200) break;
    if (response.status !== 503 || wait > 100) {
      throw new Error(`Cannot make ${url}: ${response.status} ${text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  service.close?.();
}

Deno.test("S3 over TLS: encryption by keys of every kind, unsigned payloads with checksums", async (t) => {
  const started = await startMinio(true);
  if (started === undefined) return console.log("SKIPPED: minio not installed");
  await using running = started;
  const endpoint = `https://localhost:${new URL(running.url).port}`;
  await makeBucket(`${endpoint}/secret`);
  const options: S3StoreOptions = {
    bucket: "secret",
    endpoint,
    provider: "minio",
    ...S3_KEYS,
    connector: local(),
    client: { rootCertificates: [TEST_CA] },
  };
  const bytes = pattern(5 * 1024 * 1024 + 17, 1);
  const head = async (store: S3Store, path: string) => {
    const { response } = await store.get(path, { head: true });
    return new Map(response!.headers.map(([name, value]) => [name.toLowerCase(), value]));
  };

  await t.step("a customer's key is needed to write, read, copy and upload in parts", async () => {
    const key = (letter: string) => btoa(letter.repeat(32));
    const customer = { ...options, serverSideEncryption: "sse-c", sseCustomerKeyBase64: key("k") } as const;
    using store = new S3Store({ ...customer, copyThreshold: 5 * 1024 * 1024, copyPartSize: 5 * 1024 * 1024 });
    await store.put("a", bytes);
    assert.ok(Buffer.compare(await (await store.get("a")).bytes(), bytes) === 0);
    assert.deepEqual(await store.getRange("a", { start: 5, end: 9 }), bytes.slice(5, 9));
    const small = await store.put("small", "1", { mode: "create" });
    await store.put("small", "2", { mode: { update: small } });
    await store.copy("small", "copied");
    await store.copy("a", "copied in parts");
    await store.rename("copied in parts", "renamed", { mode: "create" });
    assert.ok(Buffer.compare(await (await store.get("renamed")).bytes(), bytes) === 0);
    const upload = await store.putMultipart("parts", { mode: "create" });
    await upload.putPart(bytes.subarray(0, 5 * 1024 * 1024));
    await upload.putPart(bytes.subarray(5 * 1024 * 1024));
    await upload.complete();
    assert.ok(Buffer.compare(await (await store.get("parts")).bytes(), bytes) === 0);
    assert.equal((await head(store, "a")).get("x-amz-server-side-encryption-customer-algorithm"), "AES256");
    using plain = new S3Store(options);
    using other = new S3Store({ ...customer, sseCustomerKeyBase64: key("x") });
    for (const stranger of [plain, other]) {
      for (const path of ["a", "copied", "renamed", "parts"]) await assert.rejects(stranger.get(path));
    }
  });

  await t.step("S3's keys and KMS's are asked for by name", async () => {
    for (const [kind, key] of [["AES256", undefined], ["aws:kms", KMS_KEY]] as const) {
      using store = new S3Store({ ...options, serverSideEncryption: kind, sseKmsKeyId: key });
      await store.put(`by ${kind}`, bytes);
      const upload = await store.putMultipart(`parts by ${kind}`);
      await upload.putPart(bytes);
      await upload.complete();
      await store.copy(`by ${kind}`, `copied by ${kind}`);
      for (const path of [`by ${kind}`, `parts by ${kind}`, `copied by ${kind}`]) {
        assert.equal((await head(store, path)).get("x-amz-server-side-encryption"), kind);
        assert.ok(Buffer.compare(await (await store.get(path)).bytes(), bytes) === 0);
      }
    }
  });

  await t.step("a stream goes out unsigned, with its checksum after it", async () => {
    const large = pattern(17 * 1024 * 1024, 2);
    using store = new S3Store({ ...options, putThreshold: 1024 ** 3 });
    await store.put("stream", new Blob([large]).stream(), { size: large.length });
    const got = await store.get("stream");
    assert.ok(Buffer.compare(await got.bytes(), large) === 0);
    assert.doesNotMatch(got.meta.eTag!, /-/);
  });
});

Deno.test("S3 with the bucket in the host's name", async () => {
  const started = await startMinio(false);
  if (started === undefined) return console.log("SKIPPED: minio not installed");
  await using running = started;
  const { port } = new URL(running.url);
  await makeBucket(`${running.url}hosted`);
  using store = new S3Store({
    bucket: "hosted",
    endpoint: `http://hosted.store.example:${port}`,
    virtualHostedStyleRequest: true,
    provider: "minio",
    ...S3_KEYS,
    connector: local(),
    client: { allowHttp: true },
  });
  await store.put("a b/c", "text");
  assert.equal(await (await store.get("a b/c")).text(), "text");
  await store.copy("a b/c", "d", { mode: "create" });
  assert.deepEqual((await store.listWithDelimiter()).commonPrefixes, ["a b"]);
  for await (const outcome of store.deleteAll(["a b/c", "d"])) assert.ok(outcome.ok);
  for await (const { location } of store.list()) assert.fail(`left: ${location}`);
});
