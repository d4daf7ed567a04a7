import { strict as assert } from "node:assert";
import fc from "fast-check";
import { declaredChecksum } from "../../../../src/stores/s3/checksum/verify.ts";
import { checksumOf, combineChecksums } from "../../../../src/stores/s3/checksum/checksum.ts";
import { fromBase64 } from "../../../../src/stores/s3/checksum/base64.ts";
import { contentMd5 } from "../../../../src/stores/s3/checksum/content_md5.ts";

const CHECK = new TextEncoder().encode("123456789");

Deno.test("known checksums", () => {
  // The catalogue's check values: CRC-64/NVME ae8b14860a799888, CRC-32/ISCSI e3069283; SHA-256 of FIPS 180 tools.
  assert.equal(fromBase64(checksumOf("crc64nvme", [CHECK]))!.toHex(), "ae8b14860a799888");
  assert.equal(fromBase64(checksumOf("crc32c", [CHECK]))!.toHex(), "e3069283");
  assert.equal(
    fromBase64(checksumOf("sha256", [CHECK]))!.toHex(),
    "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
  );
  // RFC 3720 appendix B.4: 32 bytes of zeroes and of ones.
  assert.equal(fromBase64(checksumOf("crc32c", [new Uint8Array(32)]))!.toHex(), "8a9136aa");
  assert.equal(fromBase64(checksumOf("crc32c", [new Uint8Array(32).fill(0xff)]))!.toHex(), "62a8ab43");
  assert.equal(checksumOf("crc64nvme", []), "AAAAAAAAAAA=");
  // RFC 1321 appendix A.5, "message digest".
  assert.equal(
    fromBase64(contentMd5(new TextEncoder().encode("message digest")))!.toHex(),
    "f96b697d7cb7938d525a2f31aaf161d0",
  );
});

/** Bit by bit, as the polynomial says. */
function slowCrc64(bytes: Uint8Array): bigint {
  let crc = 0xffffffffffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x9a6c9329ac4bc9b5n : crc >> 1n;
  }
  return crc ^ 0xffffffffffffffffn;
}

Deno.test("fast CRC-64 equals the slow one, however the bytes are cut", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 6 }), (chunks) => {
      const all = new Uint8Array(chunks.flatMap((chunk) => [...chunk]));
      const expected = slowCrc64(all).toString(16).padStart(16, "0");
      assert.equal(fromBase64(checksumOf("crc64nvme", chunks))!.toHex(), expected);
      // A view that does not begin at its buffer's start.
      const shifted = new Uint8Array(all.length + 3);
      shifted.set(all, 3);
      assert.equal(checksumOf("crc64nvme", [shifted.subarray(3)]), checksumOf("crc64nvme", chunks));
    }),
    { numRuns: 500 },
  );
});

Deno.test("checksums of parts combine to that of the whole", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 6 }), (parts) => {
      for (const algorithm of ["crc64nvme", "crc32c"] as const) {
        const known = parts.map((part) => ({
          checksum: checksumOf(algorithm, [part]),
          length: part.byteLength,
        }));
        assert.equal(combineChecksums(algorithm, known), checksumOf(algorithm, parts));
      }
    }),
    { numRuns: 200 },
  );
  assert.equal(combineChecksums("sha256", [{ checksum: "", length: 1 }]), undefined);
  assert.equal(combineChecksums("crc64nvme", []), undefined);
});

Deno.test("a checksum of checksums is not one of all bytes", () => {
  assert.deepEqual(declaredChecksum([["x-amz-checksum-crc32c", "AAAAAA=="]]), {
    algorithm: "crc32c",
    value: "AAAAAA==",
  });
  assert.equal(declaredChecksum([["x-amz-checksum-sha256", "abc=-3"]]), undefined);
  assert.equal(
    declaredChecksum([["x-amz-checksum-type", "COMPOSITE"], ["x-amz-checksum-crc32c", "AAAAAA=="]]),
    undefined,
  );
  assert.equal(declaredChecksum([]), undefined);
});
