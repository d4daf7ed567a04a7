/** All checksums of S3, the one among them that takes more code: SHA-256. And what those of parts combine to. */
import { sha256 } from "@noble/hashes/sha2.js";
import type { ChecksumAlgorithm } from "./algorithm.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { combineCrc, type CrcField } from "./combine.ts";
import { type Checksum, createCrc, sumOf } from "./crc.ts";
import { CRC32C_POLYNOMIAL } from "./crc32c.ts";
import { CRC64NVME_POLYNOMIAL } from "./crc64nvme.ts";

/** Starts a checksum. */
export function createChecksum(algorithm: ChecksumAlgorithm): Checksum {
  return algorithm === "sha256" ? sha256.create() : createCrc(algorithm);
}

/** The checksum of chunks back to back, in base64. */
export function checksumOf(algorithm: ChecksumAlgorithm, chunks: readonly Uint8Array[]): string {
  return sumOf(createChecksum(algorithm), chunks);
}

const FIELDS: Readonly<Partial<Record<ChecksumAlgorithm, CrcField>>> = {
  crc64nvme: { polynomial: CRC64NVME_POLYNOMIAL, width: 64n },
  crc32c: { polynomial: BigInt(CRC32C_POLYNOMIAL), width: 32n },
};

/** A part's checksum and length. */
export interface PartChecksum {
  readonly checksum: string;
  readonly length: number;
}

/** The checksum of a whole of parts, in base64; `undefined` where the algorithm's do not combine, or there are none. */
export function combineChecksums(
  algorithm: ChecksumAlgorithm,
  parts: readonly PartChecksum[],
): string | undefined {
  const field = FIELDS[algorithm];
  const [first, ...rest] = parts;
  if (field === undefined || first === undefined) return undefined;
  let value = toNumber(first.checksum);
  for (const part of rest) value = combineCrc(field, value, toNumber(part.checksum), part.length);
  const bytes = new Uint8Array(Number(field.width) / 8);
  for (let i = bytes.length - 1; i >= 0; i--, value >>= 8n) bytes[i] = Number(value & 0xffn);
  return toBase64(bytes);
}

function toNumber(checksum: string): bigint {
  let value = 0n;
  for (const byte of fromBase64(checksum) ?? []) value = value << 8n | BigInt(byte);
  return value;
}
