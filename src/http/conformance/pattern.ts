/** Test bytes that encode their own offset, so that a shifted or repeated piece is noticed. */

/** `length` bytes of the pattern from `offset` on. */
export function patternBytes(length: number, offset = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const at = offset + i;
    bytes[i] = (at ^ (at >>> 8) * 31 ^ (at >>> 16) * 17) & 0xff;
  }
  return bytes;
}
