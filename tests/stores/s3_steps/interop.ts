/** Objects written by one client and read by another. */
import { strict as assert } from "node:assert";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { S3StoreOptions } from "../../../src/stores/s3/mod.ts";
import { MIB5, ODD_KEYS, pattern, type Steps } from "./round.ts";

/** The steps. */
export const INTEROP: Steps = {
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

  "what boto3 wrote is read, and the reverse, byte for byte": async ({ store, options }) => {
    const metadata = { origin: "ours", "some-more": "a  b" };
    for (const [i, key] of ODD_KEYS.entries()) {
      await store.put(`for-boto/${key}`, pattern(2000 + i, i), {
        attributes: { contentType: "z/w", metadata },
      });
    }
    const parts = [pattern(MIB5, 3), pattern(100, 4)];
    const upload = await store.putMultipart("for-boto-large");
    for (const part of parts) await upload.putPart(part);
    await upload.complete();
    const { endpoint, bucket, region, accessKeyId, secretAccessKey } = options;
    const told = await boto({ endpoint, bucket, region, accessKeyId, secretAccessKey, keys: ODD_KEYS });
    if (told === undefined) return console.log("SKIPPED: boto3 not installed");
    assert.deepEqual(
      told.read,
      ODD_KEYS.map((_, i) => ({ sha256: sha256(pattern(2000 + i, i)), type: "z/w", metadata })),
    );
    assert.equal(told.large, sha256(Buffer.concat(parts)));
    assert.deepEqual(told.listed.sort(), ODD_KEYS.map((key) => `for-boto/${key}`).sort());
    for (const [i, key] of ODD_KEYS.entries()) {
      const got = await store.get(`by-boto/${key}`);
      assert.deepEqual(got.attributes.metadata, { writer: `boto ${i}` });
      assert.equal(sha256(await got.bytes()), sha256(pattern(3000 + i, i)), key);
    }
    assert.equal(
      sha256(await (await store.get("by-boto-large")).bytes()),
      sha256(pattern(6 * 1024 * 1024, 5)),
    );
  },
};

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** AWS's own client for the same server. */
export function sdkClient(options: S3StoreOptions): S3Client {
  return new S3Client({
    endpoint: options.endpoint,
    region: options.region,
    forcePathStyle: true,
    credentials: { accessKeyId: options.accessKeyId!, secretAccessKey: options.secretAccessKey! },
  });
}

/** What boto3 found. */
interface Told {
  readonly read: readonly unknown[];
  readonly large: string;
  readonly listed: string[];
}

const PYTHON = fileURLToPath(new URL("../../../.cache/servers/moto/bin/python3", import.meta.url));
const SCRIPT = fileURLToPath(new URL("./boto.py", import.meta.url));

/** Reads and writes by boto3, which `scripts/install_servers.sh` installs with moto; `undefined` where it has not. */
async function boto(task: unknown): Promise<Told | undefined> {
  try {
    await Deno.stat(PYTHON);
  } catch {
    return undefined;
  }
  const child = new Deno.Command(PYTHON, { args: [SCRIPT], stdin: "piped", stdout: "piped", stderr: "piped" })
    .spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(task)));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  if (!success) throw new Error(`boto3 failed: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout)) as Told;
}
