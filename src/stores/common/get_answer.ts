/** What the answer to a GET or HEAD of an object says. */
import type { HttpResponse } from "../../http/service.ts";
import { headerOf } from "../../http/headers.ts";
import { parseContentRange } from "../../store/content_range.ts";
import { type ByteRange, type GetRange, resolveRange } from "../../store/range.ts";
import type { GetResult } from "../../store/types.ts";
import { declaredLength } from "./declared_length.ts";
import { responseError } from "./error.ts";
import type { GetOperation } from "./get_operation.ts";
import { HttpGetResult } from "./get_result.ts";
import { loadRare, prefetchRare } from "./load_rare.ts";

/** The result that the answer to a GET brings. */
export function readObject(operation: GetOperation, response: HttpResponse): GetResult | Promise<GetResult> {
  const size = response.contentLength;
  // Most answers are this one, which is not worth a promise.
  if (response.status === 200 && operation.options.range === undefined && size !== undefined) {
    prefetchRare();
    return new HttpGetResult(operation, response, { start: 0, end: size }, size);
  }
  return readOther(operation, response);
}

async function readOther(operation: GetOperation, response: HttpResponse): Promise<GetResult> {
  const { range } = operation.options;
  const { status } = response;
  if (status === 416 && range !== undefined && "suffix" in range) {
    const { suffixOfEmpty } = await loadRare();
    return await suffixOfEmpty(operation, response, () => getHead(operation));
  }
  if (status !== 200 && status !== 206 && status !== 203) {
    throw await responseError(response, operation.failure);
  }
  prefetchRare();
  try {
    if (range === undefined) {
      if (status === 206) throw operation.error("got a part of the object where all of it was asked for");
      const size = response.contentLength;
      // Without a further promise: this is what nearly all reads are.
      if (size !== undefined) return new HttpGetResult(operation, response, { start: 0, end: size }, size);
      return await whole(operation, response);
    }
    // MinIO sends a part of nothing, `bytes 0--1/0`, for the last bytes of an empty object.
    if (status !== 206 || response.contentLength === 0 && "suffix" in range) {
      // Of an empty object there is no range to send: a suffix is all of it, any other range lies beyond its end.
      if (response.contentLength === 0) {
        resolveRange(range, 0, operation.failure);
        return await whole(operation, response);
      }
      // A server may answer with all of it where that is what the range comes to.
      if (status === 200 && isAll(range, response.contentLength)) return await whole(operation, response);
      throw operation.error(
        "the service ignored the range and sent the whole object",
        operation.dialect.rangeIgnored,
      );
    }
    const { delivered, size } = contentRange(operation, response, range);
    return new HttpGetResult(operation, response, delivered, size);
  } catch (error) {
    await response.cancel(error).catch(() => {});
    throw error;
  }
}

/** Whether a range takes in an object of this size from its first byte to its last. */
function isAll(range: GetRange, size: number | undefined): boolean {
  if (size === undefined) return false;
  if ("suffix" in range) return range.suffix >= size;
  if ("offset" in range) return range.offset === 0;
  return range.start === 0 && range.end >= size;
}

/** Asks for the head alone. */
export async function getHead(operation: GetOperation): Promise<GetResult> {
  const response = await operation.send("HEAD");
  if (response.status !== 200 && response.status !== 204) {
    throw await responseError(response, operation.failure);
  }
  await response.cancel();
  const size = declaredLength(response) ?? await (await loadRare()).measure(operation);
  const { start } = resolveRange(operation.options.range, size, operation.failure);
  return new HttpGetResult(operation, response, { start, end: start }, size, new Uint8Array(0));
}

/** The result of a response that delivers all of the object. */
async function whole(operation: GetOperation, response: HttpResponse): Promise<GetResult> {
  const size = response.contentLength;
  if (size !== undefined) return new HttpGetResult(operation, response, { start: 0, end: size }, size);
  const { wholeOfUnknownLength } = await loadRare();
  const found = await wholeOfUnknownLength(operation, response);
  return new HttpGetResult(operation, response, { start: 0, end: found.size }, found.size, found.source);
}

/** What a 206 delivers, held against what was asked for (RFC 9110 section 14.4). */
function contentRange(
  operation: GetOperation,
  response: HttpResponse,
  range: GetRange,
): { delivered: ByteRange; size: number } {
  const value = headerOf(response, "content-range");
  const parsed = value === undefined ? undefined : parseContentRange(value);
  const delivered = parsed?.range;
  const size = parsed?.size;
  if (delivered === undefined || size === undefined) {
    throw operation.error(
      value === undefined
        ? "the response to a range has no content-range (for a browser the service must expose it)"
        : `the response's content-range "${value}" cannot be used`,
    );
  }
  const wanted = resolveRange(range, size, operation.failure);
  const length = response.contentLength;
  if (wanted.start !== delivered.start || wanted.end !== delivered.end) {
    throw operation.error(
      `asked for bytes ${wanted.start}..${wanted.end}, got ${delivered.start}..${delivered.end}`,
    );
  }
  if (response.decoded) {
    throw operation.error("the platform decodes what it receives, and a part cannot be decoded");
  }
  if (length !== undefined && length !== delivered.end - delivered.start) {
    throw operation.error(`got ${length} bytes for the range ${delivered.start}..${delivered.end}`);
  }
  return { delivered, size };
}
