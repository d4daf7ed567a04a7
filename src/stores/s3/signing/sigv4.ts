/**
 * AWS Signature Version 4 with the `AWS4-HMAC-SHA256` algorithm: header authorization and the pieces that presigned
 * URLs and POST policies are made of. Source: AWS "Signature Version 4 signing process"; behaviour of object_store's
 * `AwsAuthorizer`.
 *
 * Hashing is synchronous on purpose: a promise for each of the five HMACs of a request costs more than the HMACs.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { HeaderEntry } from "../../../http/headers.ts";
import {
  ALGORITHM,
  amzDate,
  type SignableRequest,
  type SigningScope,
  type SignOptions,
  unsignedRequest,
  withSignature,
} from "./canonical.ts";
import { platformSha256 } from "../core.ts";

export {
  ALGORITHM,
  amzDate,
  type CanonicalRequest,
  canonicalRequest,
  credentialScope,
  EMPTY_PAYLOAD_HASH,
  PAYLOAD_HASH_HEADER,
  type SignableRequest,
  type SigningScope,
  type SignOptions,
  splitUrl,
  UNSIGNED_PAYLOAD,
} from "./canonical.ts";

/**
 * The header lines of `request` with `x-amz-date`, `x-amz-content-sha256`, the session token and `authorization` added.
 * Every header is signed except those that proxies and connectors set, so nothing may be changed afterwards; `host` is
 * signed as the URL has it and set by the connector.
 */
export function signRequest(request: SignableRequest, options: SignOptions): HeaderEntry[] {
  const { credential, date } = options;
  const unsigned = unsignedRequest(request, options);
  const { text, timestamp, scope } = unsigned;
  const key = signingKey(credential.secretAccessKey, date, options);
  return withSignature(unsigned, credential, sign(text, timestamp, scope, key));
}

/** Hex signature of a canonical request. */
export function sign(canonical: string, timestamp: string, scope: string, key: SigningKey): string {
  const hash = native === undefined
    ? digestHex(freshHash._cloneInto(workHash), canonical)
    : native(canonical);
  // All that comes before the hash is the same for a second, and so is what becomes of it.
  if (begun === undefined || begun.key !== key || begun.timestamp !== timestamp || begun.scope !== scope) {
    const hmac = key.clone() as SigningKey;
    hmac.update(utf8ToBytes(`${ALGORITHM}\n${timestamp}\n${scope}\n`));
    begun = { key, timestamp, scope, hmac };
  }
  return digestHex(begun.hmac._cloneInto(workHmac), hash);
}

/** The SHA-256 of bytes, in hex. */
export function sha256Hex(bytes: Uint8Array): string {
  return bytesToHex(sha256(bytes));
}

/** Hex HMAC-SHA-256 of `text` under a signing key; what a POST policy is signed with. */
export function hmacHex(key: SigningKey, text: string): string {
  return digestHex(key._cloneInto(workHmac), text);
}

const native = platformSha256();
// Two hashes a request, done in places that are used again: making them anew costs more than hashing.
const freshHash = sha256.create();
const workHash = sha256.create();
const workHmac: SigningKey = hmac.create(sha256, new Uint8Array(32));
const digest = new Uint8Array(32);
let scratch = new Uint8Array(4096);
let begun: {
  readonly key: SigningKey;
  readonly timestamp: string;
  readonly scope: string;
  readonly hmac: SigningKey;
} | undefined;

function digestHex(
  hash: { update(bytes: Uint8Array): unknown; digestInto(out: Uint8Array): void },
  text: string,
): string {
  hash.update(asciiBytes(text));
  hash.digestInto(digest);
  return bytesToHex(digest);
}

/** The bytes of a text, good until the next call. What is signed is ASCII but for values of headers. */
function asciiBytes(text: string): Uint8Array {
  const { length } = text;
  if (length > scratch.length) scratch = new Uint8Array(length * 2);
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return utf8ToBytes(text);
    scratch[i] = unit;
  }
  return scratch.subarray(0, length);
}

/**
 * A derived key, as an HMAC that has taken in the key and nothing else: cloning it saves two hash blocks a signature.
 */
export type SigningKey = ReturnType<typeof hmac.create>;

interface CachedKey {
  readonly secret: string;
  readonly scope: string;
  readonly key: SigningKey;
}

// A key is good for a day, region and service. A process seldom has more than a few credentials at once.
const cachedKeys: CachedKey[] = [];
const MAX_CACHED_KEYS = 16;

/** The signing key of a secret for a day, region and service; the last few are kept. */
export function signingKey(secret: string, date: Date, { region, service }: SigningScope): SigningKey {
  const day = amzDate(date).slice(0, 8);
  const scope = `${day}/${region}/${service}`;
  for (const cached of cachedKeys) {
    if (cached.scope === scope && cached.secret === secret) return cached.key;
  }
  let derived = hmac(sha256, utf8ToBytes(`AWS4${secret}`), utf8ToBytes(day));
  for (const part of [region, service, "aws4_request"]) derived = hmac(sha256, derived, utf8ToBytes(part));
  const key = hmac.create(sha256, derived);
  if (cachedKeys.length === MAX_CACHED_KEYS) cachedKeys.shift();
  cachedKeys.push({ secret, scope, key });
  return key;
}
