/** GET and HEAD of an object: the request, what its response says, and a body that survives breaks. */
import type { HttpRequest, HttpResponse } from "../../http/connector.ts";
import { getHeader, type HeaderEntry, type HeaderList } from "../../http/headers.ts";
import type { RetryState } from "../../http/retry_state.ts";
import { concatBytes } from "../../store/collect.ts";
import {
  GenericError,
  InvalidRangeError,
  NotSupportedError,
  type ObjectStoreError,
} from "../../store/error.ts";
import type { Path } from "../../store/path.ts";
import {
  type ByteRange,
  formatRange,
  type GetRange,
  parseContentRange,
  resolveRange,
  validateRange,
} from "../../store/range.ts";
import type { GetOptions, GetResult } from "../../store/types.ts";
import type { Connection } from "./connection.ts";
import { type ErrorClass, failed, type FailureContext, responseError, transportError } from "./error.ts";
import { HttpGetResult, type Source } from "./get_result.ts";
import { conditionalHeaders } from "./headers.ts";

/** How a service speaks about objects. */
export interface GetDialect {
  /** Short name of the store. */
  readonly store: string;
  /** Prefix of user metadata headers, in lower case. */
  readonly metadata: string;
  /** Response header of the version id, in lower case. */
  readonly version?: string;
  /** Statuses that mean something else here: `{ 405: NotFoundError }`. */
  readonly kinds?: Readonly<Record<number, ErrorClass>>;
  /** Finds the service's own words in an error response. */
  readonly readError?: FailureContext["readError"];
  /** Makes the error of a service that answers a range with the whole object. Default a `GenericError`. */
  readonly rangeIgnored?: ErrorClass;
}

/** Where an object is asked for. */
export interface GetTarget {
  /** Its path. */
  readonly path: Path;
  /** Its URL, with the query of a version where there is one. */
  readonly url: string;
  /** Headers beside those of the options: keys of encryption, say. They are sent again when a body is resumed. */
  readonly headers?: HeaderList;
  /** Sends the request; by default the connection's service. Stores put their redirects here. */
  readonly send?: (request: HttpRequest, path: Path) => Promise<HttpResponse>;
}

/** How much of a body is read to find out how long it is, where the service does not say. */
const MAX_MEASURED = 16 * 1024 * 1024;

/**
 * Gets an object, or with `options.head` its metadata.
 *
 * Where the response does not say how long the object is (chunked, or decoded by the platform), up to 16 MiB are read
 * to find out. Of a larger decoded object `meta.size` and `range` are those of the stored form, while `body` delivers
 * the decoded one; a larger one that is chunked is refused. What a platform decodes cannot be resumed.
 *
 * @throws {InvalidRangeError} before any request for a range that is empty or reversed.
 */
export async function getObject(
  connection: Connection,
  dialect: GetDialect,
  target: GetTarget,
  options: GetOptions,
): Promise<GetResult> {
  const getter = new Getter(connection, dialect, target, options);
  const { range } = options;
  if (range !== undefined) validateRange(range, getter.failure);
  if (options.head) return await getter.head();
  // Servers answer `bytes=-0` with 416, though the last 0 bytes of an object are its last 0 bytes.
  if (range !== undefined && "suffix" in range && range.suffix === 0) return await getter.head();
  return await getter.get();
}

/** One operation: its request, and the reading of its response. */
export class Getter {
  readonly failure: FailureContext;

  constructor(
    readonly connection: Connection,
    readonly dialect: GetDialect,
    readonly target: GetTarget,
    readonly options: GetOptions,
  ) {
    const { store, kinds, readError } = dialect;
    this.failure = {
      store,
      kinds,
      readError,
      action: options.head ? "get the head of" : "get",
      path: target.path,
    };
  }

  async get(): Promise<GetResult> {
    const { range } = this.options;
    const response = await this.send("GET", range, undefined);
    const { status } = response;
    if (status === 416 && range !== undefined && "suffix" in range) {
      return await this.#suffixOfEmpty(response);
    }
    if (status !== 200 && status !== 206 && status !== 203) throw await responseError(response, this.failure);
    try {
      if (range === undefined) {
        if (status === 206) throw this.error("got a part of the object where all of it was asked for");
        return await this.#whole(response);
      }
      // MinIO sends a part of nothing, `bytes 0--1/0`, for the last bytes of an empty object.
      if (status !== 206 || response.contentLength === 0 && "suffix" in range) {
        // Of an empty object there is no range to send: a suffix is all of it, any other range lies beyond its end.
        if (response.contentLength === 0) {
          resolveRange(range, 0, this.failure);
          return await this.#whole(response);
        }
        throw this.error(
          "the service ignored the range and sent the whole object",
          this.dialect.rangeIgnored,
        );
      }
      const { delivered, size } = this.contentRange(response, range);
      return this.#result(response, delivered, size);
    } catch (error) {
      await response.cancel(error).catch(() => {});
      throw error;
    }
  }

  async head(): Promise<GetResult> {
    const response = await this.send("HEAD", undefined, undefined);
    if (response.status !== 200 && response.status !== 204) throw await responseError(response, this.failure);
    await response.cancel();
    const size = declaredLength(response.headers) ?? await this.#measure();
    const { start } = resolveRange(this.options.range, size, this.failure);
    const empty: Source = { kind: "bytes", bytes: new Uint8Array(0) };
    return new HttpGetResult(this, response, { start, end: start }, size, empty);
  }

  /** Sends the request for the object, or for the rest of a body that broke. */
  async send(
    method: string,
    range: GetRange | undefined,
    ifMatch: string | undefined,
    retries?: RetryState,
    signal: AbortSignal | undefined = this.options.signal,
  ): Promise<HttpResponse> {
    const { target, options, connection } = this;
    const headers: HeaderEntry[] = target.headers === undefined ? [] : [...target.headers];
    if (hasConditions(options)) {
      headers.push(...conditionalHeaders(ifMatch === undefined ? options : { ...options, ifMatch }));
    } else if (ifMatch !== undefined) headers.push(["if-match", ifMatch]);
    if (range !== undefined) headers.push(["range", formatRange(range)]);
    const request: HttpRequest = {
      method,
      url: target.url,
      headers,
      signal,
      retries,
      extensions: options.extensions,
    };
    try {
      return await (target.send === undefined
        ? connection.service.call(request)
        : target.send(request, target.path));
    } catch (error) {
      throw transportError(error, this.failure, options.signal);
    }
  }

  /** What a 206 delivers, held against what was asked for (RFC 9110 section 14.4). */
  contentRange(response: HttpResponse, range: GetRange): { delivered: ByteRange; size: number } {
    const value = getHeader(response.headers, "content-range");
    const parsed = value === undefined ? undefined : parseContentRange(value);
    const delivered = parsed?.range;
    const size = parsed?.size;
    if (delivered === undefined || size === undefined) {
      throw this.error(
        value === undefined
          ? "the response to a range has no content-range (for a browser the service must expose it)"
          : `the response's content-range "${value}" cannot be used`,
      );
    }
    const wanted = resolveRange(range, size, this.failure);
    const length = response.contentLength;
    if (wanted.start !== delivered.start || wanted.end !== delivered.end) {
      throw this.error(
        `asked for bytes ${wanted.start}..${wanted.end}, got ${delivered.start}..${delivered.end}`,
      );
    }
    if (response.decoded) {
      throw this.error("the platform decodes what it receives, and a part cannot be decoded");
    }
    if (length !== undefined && length !== delivered.end - delivered.start) {
      throw this.error(`got ${length} bytes for the range ${delivered.start}..${delivered.end}`);
    }
    return { delivered, size };
  }

  error(what: string, Kind: ErrorClass = GenericError): ObjectStoreError {
    return new Kind(`${failed(this.failure)}: ${what}`, this.failure);
  }

  async #whole(response: HttpResponse): Promise<GetResult> {
    const size = response.contentLength;
    if (size !== undefined) return this.#result(response, { start: 0, end: size }, size);
    const stored = response.decoded ? declaredLength(response.headers) : undefined;
    if (stored === undefined || stored <= MAX_MEASURED) {
      const measured = await this.#readUpTo(response);
      if (measured.rest === undefined) {
        const { bytes } = measured;
        return new HttpGetResult(
          this,
          response,
          { start: 0, end: bytes.byteLength },
          bytes.byteLength,
          { kind: "bytes", bytes },
        );
      }
      if (stored === undefined) {
        await measured.rest.cancel();
        throw this.error(
          "the service does not say how long the object is, and it is large",
          NotSupportedError,
        );
      }
      const stream = measured.rest;
      return new HttpGetResult(this, response, { start: 0, end: stored }, stored, { kind: "stream", stream });
    }
    const stream = response.body;
    return new HttpGetResult(this, response, { start: 0, end: stored }, stored, { kind: "stream", stream });
  }

  #result(response: HttpResponse, range: ByteRange, size: number): GetResult {
    return new HttpGetResult(this, response, range, size, { kind: "response" });
  }

  async #suffixOfEmpty(response: HttpResponse): Promise<GetResult> {
    const error = await responseError(response, this.failure);
    if (!(error instanceof InvalidRangeError) || error.size !== 0) throw error;
    return await this.head();
  }

  /** The size by way of a range of one byte, where the answer to HEAD does not tell it. */
  async #measure(): Promise<number> {
    const response = await this.send("GET", { start: 0, end: 1 }, undefined);
    const size = response.status === 200
      ? response.contentLength
      : parseContentRange(getHeader(response.headers, "content-range") ?? "")?.size;
    await response.cancel();
    if (size === undefined) {
      throw this.error("the service does not say how long the object is", NotSupportedError);
    }
    return size;
  }

  /** Reads a body to its end, or until it turns out too long: then `rest` is all of it, as a stream. */
  async #readUpTo(
    response: HttpResponse,
  ): Promise<{ bytes: Uint8Array<ArrayBuffer>; rest?: ReadableStream<Uint8Array> }> {
    const reader = response.body.getReader();
    const chunks: Uint8Array[] = [];
    let length = 0;
    try {
      while (length <= MAX_MEASURED) {
        const { done, value } = await reader.read();
        if (done) return { bytes: concatBytes(chunks, length) };
        chunks.push(value);
        length += value.byteLength;
      }
    } catch (error) {
      throw transportError(error, this.failure, this.options.signal);
    }
    return { bytes: new Uint8Array(0), rest: prepend(chunks, reader) };
  }
}

function hasConditions(options: GetOptions): boolean {
  return options.ifMatch !== undefined || options.ifNoneMatch !== undefined ||
    options.ifModifiedSince !== undefined || options.ifUnmodifiedSince !== undefined;
}

/** The stored length that headers declare, whatever the body delivered may be. */
function declaredLength(headers: HeaderList): number | undefined {
  const value = getHeader(headers, "content-length")?.trim();
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
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
