/** Objects whose size a response does not state. Loaded with the first of them. */
import type { HttpResponse } from "../../http/connector.ts";
import { InvalidRangeError, NotSupportedError } from "../../store/error.ts";
import type { GetResult } from "../../store/types.ts";
import {
  concatBytes,
  declaredLength,
  getHeader,
  parseContentRange,
  responseError,
  transportError,
} from "./core.ts";
import type { Getter } from "./get.ts";

/** How much of a body is read to find out how long it is, where the service does not say. */
const MAX_MEASURED = 16 * 1024 * 1024;

/**
 * The result of a whole object: read to find out its length where it is short, or decoded by the platform. What is
 * long is taken at its word: across origins a page does not see whether the length is that of coded bytes, but nobody
 * codes large objects on the way.
 */
export async function wholeOfUnknownLength(getter: Getter, response: HttpResponse): Promise<GetResult> {
  const stored = declaredLength(response);
  if (stored !== undefined && stored > MAX_MEASURED) {
    return getter.result(response, { start: 0, end: stored }, stored, response.body);
  }
  const measured = await readUpTo(getter, response);
  if (measured instanceof Uint8Array) {
    const size = measured.byteLength;
    return getter.result(response, { start: 0, end: size }, size, measured);
  }
  if (stored !== undefined) {
    return getter.result(response, { start: 0, end: stored }, stored, measured);
  }
  await measured.cancel();
  throw getter.error("the service does not say how long the object is, and it is large", NotSupportedError);
}

/** The last bytes of an object that has none: services answer 416, and not all say that it is empty. */
export async function suffixOfEmpty(getter: Getter, response: HttpResponse): Promise<GetResult> {
  const error = await responseError(response, getter.failure);
  if (!(error instanceof InvalidRangeError) || (error.size ?? 0) !== 0) throw error;
  const head = await getter.head();
  if (head.meta.size !== 0) throw error;
  return head;
}

/** The size by way of a range of one byte, where the answer to HEAD does not tell it. */
export async function measure(getter: Getter): Promise<number> {
  const response = await getter.send("GET", { start: 0, end: 1 }, undefined);
  const size = response.status === 200
    ? response.contentLength
    : parseContentRange(getHeader(response.headers, "content-range") ?? "")?.size;
  await response.cancel();
  if (size !== undefined) return size;
  throw getter.error("the service does not say how long the object is", NotSupportedError);
}

/** Reads a body to its end, or until it turns out too long: then the outcome is all of it, as a stream. */
async function readUpTo(
  { failure, options }: Getter,
  response: HttpResponse,
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> {
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    while (length <= MAX_MEASURED) {
      const { done, value } = await reader.read();
      if (done) return concatBytes(chunks, length);
      chunks.push(value);
      length += value.byteLength;
    }
  } catch (error) {
    throw transportError(error, failure, options.signal);
  }
  return prepend(chunks, reader);
}

function prepend(
  chunks: Uint8Array[],
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value } = chunks.length > 0 ? { value: chunks.shift() } : await reader.read();
      if (value === undefined) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
