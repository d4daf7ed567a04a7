/** The SHA-256 of request bodies, in hex, for signatures. */
import { concatBytes } from "../../../store/concat.ts";
import { EMPTY_PAYLOAD_HASH } from "./canonical.ts";
import { platformSha256 } from "./hash_node.ts";
import { sha256Hex } from "./sigv4_web.ts";

const native = platformSha256();

/** From here on WebCrypto, which has a thread of its own, is worth its promise. */
const LARGE = 16 * 1024;

/** The SHA-256 of chunks back to back. */
export function payloadHash(chunks: readonly Uint8Array[], length: number): string | Promise<string> {
  if (length === 0) return EMPTY_PAYLOAD_HASH;
  const only = chunks.length === 1 && chunks[0]!.buffer instanceof ArrayBuffer ? chunks[0]! : undefined;
  const bytes = (only ?? concatBytes(chunks, length)) as Uint8Array<ArrayBuffer>;
  // Absent in insecure browser contexts.
  const subtle = globalThis.crypto?.subtle;
  if (subtle !== undefined && (length >= LARGE || native === undefined)) return sha256Hex(subtle, bytes);
  return native === undefined ? hashHere(bytes) : native(bytes);
}

async function hashHere(bytes: Uint8Array): Promise<string> {
  const { sha256Hex } = await import("./sigv4.ts");
  return sha256Hex(bytes);
}
