/** The SHA-256 of request bodies, in hex, for signatures. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { concatBytes } from "../../store/collect.ts";
import { platformSha256 } from "./hash_node.ts";
import { EMPTY_PAYLOAD_HASH } from "./sigv4.ts";

const native = platformSha256();

/** From here on WebCrypto, which is ten times as fast and has a thread of its own, is worth its promise. */
const LARGE = 16 * 1024;

/** The SHA-256 of chunks back to back. */
export function payloadHash(chunks: readonly Uint8Array[], length: number): string | Promise<string> {
  if (length === 0) return EMPTY_PAYLOAD_HASH;
  // Absent in insecure browser contexts.
  const subtle = globalThis.crypto?.subtle;
  if (length >= LARGE && subtle !== undefined) return digest(subtle, chunks, length);
  if (native !== undefined && chunks.length === 1) return native(chunks[0]!);
  const hash = sha256.create();
  for (const chunk of chunks) hash.update(chunk);
  return bytesToHex(hash.digest());
}

async function digest(subtle: SubtleCrypto, chunks: readonly Uint8Array[], length: number): Promise<string> {
  const only = chunks.length === 1 && chunks[0]!.buffer instanceof ArrayBuffer ? chunks[0]! : undefined;
  const bytes = only ?? concatBytes(chunks, length);
  return bytesToHex(new Uint8Array(await subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)));
}
