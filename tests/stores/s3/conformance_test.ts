/** The store suite over {@linkcode S3Store} and the fake: the same list that real servers run. */
import { storeCases } from "../../../src/store/conformance/mod.ts";
import { S3Store, type S3StoreOptions } from "../../../src/stores/s3/mod.ts";
import { FakeS3, KEYS } from "./fake/s3.ts";

/** Cases for real servers: the fake keeps no versions, and has no address. */
const LEFT_OUT = new Set(["an old version can be read by its id", "a signed URL gives its object"]);

const VARIANTS: readonly [name: string, options: Partial<S3StoreOptions>][] = [
  ["as AWS has it", {}],
  ["with signed payloads and SHA-256", { checksumAlgorithm: "sha256", unsignedPayload: false }],
  ["with CRC-32C", { checksumAlgorithm: "crc32c" }],
  ["without checksums", { checksumAlgorithm: "none", verifyChecksums: false }],
  ["with single deletions", { disableBulkDelete: true }],
  ["with copies by upload", { copyIfNotExists: "multipart" }],
  ["of a service nobody knows", {
    provider: "generic",
    endpoint: "https://s3.example.com",
    conditionalPut: "probe",
  }],
];

for (const [name, options] of VARIANTS) {
  Deno.test(`S3Store over the fake, ${name}`, async (t) => {
    const connector = new FakeS3({ pageSize: 7 });
    const store = new S3Store({ bucket: "bucket", ...KEYS, connector, ...options });
    const generic = options.provider === "generic";
    const lacks = generic ? ["conditional-delete", "conditional-copy", "multipart-mode"] as const : [];
    for (const { name, run } of storeCases) {
      if (!LEFT_OUT.has(name)) await t.step(name, () => run({ store, lacks, minPartSize: 2048 }));
    }
    if (connector.objects.size > 0 || connector.uploads.size > 0) {
      throw new Error(`left behind: ${[...connector.objects.keys(), ...connector.uploads.keys()]}`);
    }
  });
}
