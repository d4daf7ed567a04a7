/** The headers that tell of a request's body: its checksum, and its hash for the signature. */
import type { HeaderEntry } from "../../../http/headers.ts";
import type { ChecksumAlgorithm } from "../checksum/algorithm.ts";
import { PAYLOAD_HASH_HEADER, UNSIGNED_PAYLOAD } from "../core.ts";
import { payloadHash } from "./payload_hash.ts";

type SumOf = (chunks: readonly Uint8Array[]) => string;
const sums = new Map<ChecksumAlgorithm, SumOf>();

/** Checksums are computed where the service is known to take them: elsewhere nothing of them is loaded. */
export async function loadChecksum(algorithm: ChecksumAlgorithm): Promise<void> {
  if (algorithm === "sha256") {
    const { checksumOf } = await import("../checksum/checksum.ts");
    sums.set(algorithm, (chunks) => checksumOf(algorithm, chunks));
  } else {
    const { createCrc, sumOf } = await import("../checksum/crc.ts");
    sums.set(algorithm, (chunks) => sumOf(createCrc(algorithm), chunks));
  }
}

/** A body, and what is to be told of it. */
export interface DescribedBody {
  readonly chunks: readonly Uint8Array[];
  /** The checksum to send. */
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value?: string };
  /** Whether the hash is left out of the signature. */
  readonly unsigned: boolean;
}

/** Adds the headers of a body. */
export function addBodyHeaders(headers: HeaderEntry[], body: DescribedBody): void | Promise<void> {
  const { chunks, checksum, unsigned } = body;
  if (checksum !== undefined) {
    const { algorithm, value = sums.get(algorithm)?.(chunks) } = checksum;
    if (value === undefined) return loadChecksum(algorithm).then(() => addBodyHeaders(headers, body));
    headers.push([`x-amz-checksum-${algorithm}`, value]);
  }
  if (unsigned) {
    headers.push([PAYLOAD_HASH_HEADER, UNSIGNED_PAYLOAD]);
    return;
  }
  const hash = payloadHash(chunks, chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  if (typeof hash === "string") headers.push([PAYLOAD_HASH_HEADER, hash]);
  else return hash.then((hash) => void headers.push([PAYLOAD_HASH_HEADER, hash]));
}
