/**
 * Signature Version 4 by WebCrypto, which pages have: nothing need be loaded for it. Where a promise costs more than a
 * hash, `sigv4.ts` signs.
 */
import type { HeaderEntry } from "../../../http/headers.ts";
import {
  ALGORITHM,
  type SignableRequest,
  type SignOptions,
  unsignedRequest,
  withSignature,
} from "./canonical.ts";

const encoder = new TextEncoder();

interface CachedKey {
  readonly secret: string;
  readonly scope: string;
  readonly key: Promise<CryptoKey>;
}

/** The key used last: a page seldom has more than one credential. */
let cached: CachedKey | undefined;

/** As `signRequest` of `sigv4.ts`. */
export async function signByWebCrypto(
  subtle: SubtleCrypto,
  request: SignableRequest,
  options: SignOptions,
): Promise<HeaderEntry[]> {
  const unsigned = unsignedRequest(request, options);
  const { text, timestamp, scope } = unsigned;
  const secret = options.credential.secretAccessKey;
  if (cached?.scope !== scope || cached.secret !== secret) {
    const key = signingKey(subtle, secret, scope);
    key.catch(() => cached = undefined);
    cached = { secret, scope, key };
  }
  const key = await cached.key;
  const hash = await sha256Hex(subtle, encoder.encode(text));
  const signature = await mac(subtle, key, `${ALGORITHM}\n${timestamp}\n${scope}\n${hash}`);
  return withSignature(unsigned, options.credential, toHex(signature));
}

/** The SHA-256 of bytes, in hex. */
export async function sha256Hex(subtle: SubtleCrypto, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(await subtle.digest("SHA-256", bytes));
}

async function signingKey(subtle: SubtleCrypto, secret: string, scope: string): Promise<CryptoKey> {
  let key = await hmacKey(subtle, encoder.encode(`AWS4${secret}`));
  for (const part of scope.split("/")) key = await hmacKey(subtle, await mac(subtle, key, part));
  return key;
}

function hmacKey(subtle: SubtleCrypto, bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

function mac(subtle: SubtleCrypto, key: CryptoKey, text: string): Promise<ArrayBuffer> {
  return subtle.sign("HMAC", key, encoder.encode(text));
}

function toHex(buffer: ArrayBuffer): string {
  let hex = "";
  for (const byte of new Uint8Array(buffer)) hex += byte.toString(16).padStart(2, "0");
  return hex;
}
