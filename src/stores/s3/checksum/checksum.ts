/** The checksums that S3 knows by name: how they are computed, and how they stand in headers. */
import { sha256 } from "@noble/hashes/sha2.js";
import type { HeaderList } from "../../../http/headers.ts";
import { getHeader } from "../core.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { combineCrc, type CrcField } from "./combine.ts";
import { Crc32c, CRC32C_POLYNOMIAL } from "./crc32c.ts";
import { Crc64Nvme, CRC64NVME_POLYNOMIAL } from "./crc64nvme.ts";

/** A checksum that S3 stores and checks. CRC-64/NVME is computed at some 1.3 GB/s, CRC-32C at 1.8, SHA-256 far slower. */
export type ChecksumAlgorithm = "crc64nvme" | "crc32c" | "sha256";

/** A checksum in the making. */
export interface Checksum {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

interface Algorithm {
  /** As S3 spells it in headers' values and XML. */
  readonly name: string;
  readonly create: () => Checksum;
  /** Where parts combine to the checksum of the whole; others are checksums of checksums. */
  readonly field?: CrcField;
}

const ALGORITHMS: Readonly<Record<ChecksumAlgorithm, Algorithm>> = {
  crc64nvme: {
    name: "CRC64NVME",
    create: () => new Crc64Nvme(),
    field: { polynomial: CRC64NVME_POLYNOMIAL, width: 64n },
  },
  crc32c: {
    name: "CRC32C",
    create: () => new Crc32c(),
    field: { polynomial: BigInt(CRC32C_POLYNOMIAL), width: 32n },
  },
  sha256: { name: "SHA256", create: () => sha256.create() },
};

/** Starts a checksum. */
export function createChecksum(algorithm: ChecksumAlgorithm): Checksum {
  return ALGORITHMS[algorithm].create();
}

/** The checksum of chunks back to back, in base64. */
export function checksumOf(algorithm: ChecksumAlgorithm, chunks: readonly Uint8Array[]): string {
  const checksum = createChecksum(algorithm);
  for (const chunk of chunks) checksum.update(chunk);
  return toBase64(checksum.digest());
}

/** The header that carries a checksum: `x-amz-checksum-crc64nvme`. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm}`;
}

/** The algorithm's name in the values of headers: `CRC64NVME`. */
export function checksumName(algorithm: ChecksumAlgorithm): string {
  return ALGORITHMS[algorithm].name;
}

/** The element that carries a checksum in XML: `ChecksumCRC64NVME`. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${ALGORITHMS[algorithm].name}`;
}

/** What S3 calls a checksum over all bytes, as against one over the checksums of parts. */
export function checksumType(algorithm: ChecksumAlgorithm): "FULL_OBJECT" | "COMPOSITE" {
  return ALGORITHMS[algorithm].field === undefined ? "COMPOSITE" : "FULL_OBJECT";
}

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
  const { field } = ALGORITHMS[algorithm];
  const [first, ...rest] = parts;
  if (field === undefined || first === undefined) return undefined;
  let value = toNumber(first.checksum);
  for (const part of rest) value = combineCrc(field, value, toNumber(part.checksum), part.length);
  const bytes = new Uint8Array(Number(field.width) / 8);
  for (let i = bytes.length - 1; i >= 0; i--, value >>= 8n) bytes[i] = Number(value & 0xffn);
  return toBase64(bytes);
}

/** The checksum of all bytes that a response declares, the cheapest to check first. */
export function declaredChecksum(
  headers: HeaderList,
): { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined {
  if (getHeader(headers, "x-amz-checksum-type")?.toUpperCase() === "COMPOSITE") return undefined;
  for (const algorithm of ["crc32c", "crc64nvme", "sha256"] as const) {
    const value = getHeader(headers, checksumHeader(algorithm))?.trim();
    // A dash and a number of parts make a checksum of checksums, whatever the type says.
    if (value !== undefined && value !== "" && !value.includes("-")) return { algorithm, value };
  }
  return undefined;
}

function toNumber(checksum: string): bigint {
  let value = 0n;
  for (const byte of fromBase64(checksum) ?? []) value = value << 8n | BigInt(byte);
  return value;
}
