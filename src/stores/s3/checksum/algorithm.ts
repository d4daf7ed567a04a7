/** The checksums that S3 knows by name, and how they stand in headers and documents. */

/**
 * A checksum that S3 stores and checks. CRC-64/NVME is computed at some 1.3 GB/s, CRC-32C at 1.8, SHA-256 far slower.
 */
export type ChecksumAlgorithm = "crc64nvme" | "crc32c" | "sha256";

/** The header that carries a checksum: `x-amz-checksum-crc64nvme`. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm}`;
}

/** The algorithm's name in the values of headers: `CRC64NVME`. */
export function checksumName(algorithm: ChecksumAlgorithm): string {
  return algorithm.toUpperCase();
}

/** The element that carries a checksum in XML: `ChecksumCRC64NVME`. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${checksumName(algorithm)}`;
}

/** What S3 calls a checksum over all bytes, as against one over the checksums of parts: CRCs of parts combine. */
export function checksumType(algorithm: ChecksumAlgorithm): "FULL_OBJECT" | "COMPOSITE" {
  return algorithm === "sha256" ? "COMPOSITE" : "FULL_OBJECT";
}
