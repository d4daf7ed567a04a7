/** GET and HEAD of an object: the request, what its response says, and a body that survives breaks. */
import type { HttpRequest, HttpResponse } from "../../http/connector.ts";
import { type HeaderEntry, type HeaderList, headerOf } from "../../http/headers.ts";
import type { RetryState } from "../../http/retry_state.ts";
import { GenericError, type ObjectStoreError } from "../../store/error.ts";
import type { Path } from "../../store/parse_path.ts";
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
import { HttpGetResult } from "./get_result.ts";
import { loadRare, prefetchRare } from "./load_rare.ts";
import { conditionalHeaders } from "./read_headers.ts";

/** How a service speaks about objects. */
export interface GetDialect {
  /** Short name of the store. */
  readonly store: string;
  /** Prefix of user metadata headers, in lower case. */
  readonly metadata: string;
  /** Key of metadata, in lower case, that the store writes for itself and callers are not shown. */
  readonly hiddenMetadata?: string;
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
  /** Follows a redirect; by default one is an error. */
  readonly follow?: (request: HttpRequest, response: HttpResponse, path: Path) => Promise<HttpResponse>;
}

/**
 * Gets an object, or with `options.head` its metadata.
 *
 * Where the response does not say how long the object is (chunked, or decoded by the platform), up to 16 MiB are read
 * to find out. Of a larger decoded object `meta.size` and `range` are those of the stored form, while `body` delivers
 * the decoded one; a larger one that is chunked is refused. What a platform decodes cannot be resumed.
 *
 * @throws {InvalidRangeError} before any request for a range that is empty or reversed.
 */
export function getObject(
  connection: Connection,
  dialect: GetDialect,
  target: GetTarget,
  options: GetOptions,
): Promise<GetResult> {
  return new Getter(connection, dialect, target, options).get();
}

/** Statuses of reads that lead elsewhere. */
export const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

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
    const { range, head } = this.options;
    if (range !== undefined) validateRange(range, this.failure);
    // Servers answer `bytes=-0` with 416, though the last 0 bytes of an object are its last 0 bytes.
    if (head || range !== undefined && "suffix" in range && range.suffix === 0) return await this.head();
    const response = await this.send("GET", range, undefined);
    const { status } = response;
    if (status === 416 && range !== undefined && "suffix" in range) {
      const { suffixOfEmpty } = await loadRare();
      return await suffixOfEmpty(this, response);
    }
    if (status !== 200 && status !== 206 && status !== 203) throw await responseError(response, this.failure);
    prefetchRare();
    try {
      if (range === undefined) {
        if (status === 206) throw this.error("got a part of the object where all of it was asked for");
        return await this.whole(response);
      }
      // MinIO sends a part of nothing, `bytes 0--1/0`, for the last bytes of an empty object.
      if (status !== 206 || response.contentLength === 0 && "suffix" in range) {
        // Of an empty object there is no range to send: a suffix is all of it, any other range lies beyond its end.
        if (response.contentLength === 0) {
          resolveRange(range, 0, this.failure);
          return await this.whole(response);
        }
        throw this.error(
          "the service ignored the range and sent the whole object",
          this.dialect.rangeIgnored,
        );
      }
      const { delivered, size } = this.contentRange(response, range);
      return new HttpGetResult(this, response, delivered, size);
    } catch (error) {
      await response.cancel(error).catch(() => {});
      throw error;
    }
  }

  async head(): Promise<GetResult> {
    const response = await this.send("HEAD", undefined, undefined);
    if (response.status !== 200 && response.status !== 204) throw await responseError(response, this.failure);
    await response.cancel();
    const size = declaredLength(response) ?? await (await loadRare()).measure(this);
    const { start } = resolveRange(this.options.range, size, this.failure);
    return new HttpGetResult(this, response, { start, end: start }, size, new Uint8Array(0));
  }

  /** The result of a response that delivers all of the object. */
  async whole(response: HttpResponse): Promise<GetResult> {
    const size = response.contentLength;
    if (size !== undefined) return new HttpGetResult(this, response, { start: 0, end: size }, size);
    const { wholeOfUnknownLength } = await loadRare();
    return await wholeOfUnknownLength(this, response);
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
      const response = await connection.service.call(request);
      if (target.follow === undefined || !REDIRECTS.has(response.status)) return response;
      return await target.follow(request, response, target.path);
    } catch (error) {
      throw transportError(error, this.failure, options.signal);
    }
  }

  /** What a 206 delivers, held against what was asked for (RFC 9110 section 14.4). */
  contentRange(response: HttpResponse, range: GetRange): { delivered: ByteRange; size: number } {
    const value = headerOf(response, "content-range");
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
}

function hasConditions(options: GetOptions): boolean {
  return options.ifMatch !== undefined || options.ifNoneMatch !== undefined ||
    options.ifModifiedSince !== undefined || options.ifUnmodifiedSince !== undefined;
}

/** The stored length that headers declare, whatever the body delivered may be. */
export function declaredLength(response: HttpResponse): number | undefined {
  const value = headerOf(response, "content-length")?.trim();
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
