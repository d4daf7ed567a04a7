/** Objects whose size a response does not state. Loaded with the first of them. */
import type { HttpResponse } from "../../http/service.ts";
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
import type { GetOperation } from "./get_operation.ts";

/** How much of a body is read to find out how long it is, where the service does not say. */
const MAX_MEASURED = 16 * 1024 * 1024;

/** An object whose length was found out. */
export interface MeasuredObject {
  readonly size: number;
  /** Its bytes. */
  readonly source: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
}

/**
 * A whole object: read to find out its length where it is short, or decoded by the platform. What is
 * long is taken at its word: across origins a page does not see whether the length is that of coded bytes, but nobody
 * codes large objects on the way.
 */
export async function wholeOfUnknownLength(
  operation: GetOperation,
  response: HttpResponse,
): Promise<MeasuredObject> {
  const stored = declaredLength(response);
  if (stored !== undefined && stored > MAX_MEASURED) {
    return { size: stored, source: response.body };
  }
  const measured = await readUpTo(operation, response);
  if (measured instanceof Uint8Array) return { size: measured.byteLength, source: measured };
  if (stored !== undefined) return { size: stored, source: measured };
  await measured.cancel();
  throw operation.error(
    "the service does not say how long the object is, and it is large",
    NotSupportedError,
  );
}

/** The last bytes of an object that has none: services answer 416, and not all say that it is empty. */
export async function suffixOfEmpty(
  operation: GetOperation,
  response: HttpResponse,
  getHead: () => Promise<GetResult>,
): Promise<GetResult> {
  const error = await responseError(response, operation.failure);
  if (!(error instanceof InvalidRangeError) || (error.size ?? 0) !== 0) throw error;
  const head = await getHead();
  if (head.meta.size !== 0) throw error;
  return head;
}

/** The size by way of a range of one byte, where the answer to HEAD does not tell it. */
export async function measure(operation: GetOperation): Promise<number> {
  const response = await operation.send("GET", { start: 0, end: 1 });
  const size = response.status === 200
    ? response.contentLength
    : parseContentRange(getHeader(response.headers, "content-range") ?? "")?.size;
  await response.cancel();
  if (size !== undefined) return size;
  throw operation.error("the service does not say how long the object is", NotSupportedError);
}

/** Reads a body to its end, or until it turns out too long: then the outcome is all of it, as a stream. */
async function readUpTo(
  { failure, options }: GetOperation,
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
