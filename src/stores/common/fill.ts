/** Reading a large body into one buffer, going on with what follows a break. */
import type { HttpResponse } from "../../http/service.ts";
import { HttpError } from "./core.ts";

/** What {@linkcode fill} asks of the result whose body it reads. */
export interface Filling {
  /** The rest of the body, from `at` on, after it broke with `error`. */
  resume(error: HttpError, at: number): ReadableStream<Uint8Array>;
  /** What callers see of an error. */
  typed(error: unknown): unknown;
}

/** Reads the body straight into place. What the buffer has no room for is an error, as is a body that ends before. */
export async function fill(
  response: HttpResponse,
  buffer: Uint8Array<ArrayBuffer>,
  filling: Filling,
): Promise<Uint8Array<ArrayBuffer>> {
  const length = buffer.byteLength;
  let at = 0;
  const told = (placed: number): void => void (at = placed);
  try {
    if (response.bytesInto !== undefined) await response.bytesInto(buffer, told);
    else await copy(response.body, buffer, 0, told);
    if (at < length) throw new HttpError("interrupted", `the body ended after ${at} of ${length} bytes`);
  } catch (error) {
    if (!(error instanceof HttpError)) throw filling.typed(error);
    // Whatever happens after the last byte does not matter any more.
    if (at < length) await resume(error);
  }
  return buffer;

  async function resume(error: HttpError): Promise<void> {
    try {
      await copy(filling.resume(error, at), buffer, at, told);
    } catch (error) {
      throw filling.typed(error);
    }
  }
}

async function copy(
  stream: ReadableStream<Uint8Array>,
  buffer: Uint8Array,
  from: number,
  told: (placed: number) => void,
): Promise<void> {
  let at = from;
  for await (const chunk of stream) {
    if (chunk.byteLength > buffer.byteLength - at) {
      throw new HttpError("decode", `the body went beyond its ${buffer.byteLength} bytes`);
    }
    buffer.set(chunk, at);
    told(at += chunk.byteLength);
  }
}
