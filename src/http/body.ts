/** Request bodies: bytes and chunk lists can be sent again, a stream cannot. */

/** A request body that is read once, as it comes. */
export interface HttpStreamBody {
  /** The bytes. The connector reads it to the end or cancels it. */
  readonly stream: ReadableStream<Uint8Array>;
  /** Length in bytes, sent as `content-length` and enforced; without it the body goes out chunked. */
  readonly length?: number;
}

/**
 * What an {@linkcode HttpRequest} may carry: bytes, a list of chunks sent back to back, or a stream.
 * The first two are replayable, so a failed attempt can be made again.
 */
export type HttpBody = Uint8Array | readonly Uint8Array[] | HttpStreamBody;

/** Whether the body is read once, so that no second attempt can send it. */
export function isStreamBody(body: HttpBody): body is HttpStreamBody {
  return !(body instanceof Uint8Array) && "stream" in body;
}

/** Length of a body in bytes, or `undefined` for a stream that declares none. */
export function bodyLength(body: HttpBody): number | undefined {
  if (body instanceof Uint8Array) return body.byteLength;
  if (isStreamBody(body)) return body.length;
  let length = 0;
  for (const chunk of body) length += chunk.byteLength;
  return length;
}
