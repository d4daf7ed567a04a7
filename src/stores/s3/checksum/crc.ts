/** CRCs, the checksums that cost least to load and to compute. */
import type { ChecksumAlgorithm } from "./algorithm.ts";
import { toBase64 } from "./base64.ts";
import { Crc32c } from "./crc32c.ts";
import { Crc64Nvme } from "./crc64nvme.ts";

/** A checksum in the making. */
export interface Checksum {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** Starts a CRC. */
export function createCrc(algorithm: Exclude<ChecksumAlgorithm, "sha256">): Checksum {
  return algorithm === "crc32c" ? new Crc32c() : new Crc64Nvme();
}

/** Takes in chunks back to back, and ends with the checksum in base64. */
export function sumOf(checksum: Checksum, chunks: readonly Uint8Array[]): string {
  for (const chunk of chunks) checksum.update(chunk);
  return toBase64(checksum.digest());
}
