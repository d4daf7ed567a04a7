/** Concatenation of chunks. */

/** The chunks back to back in one new buffer. */
export function concatBytes(chunks: readonly Uint8Array[], length?: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length ?? chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
