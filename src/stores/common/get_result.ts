/** The result of a GET over HTTP: its bytes, fast where nothing breaks, resumed where something does. */
import type { HttpResponse } from "../../http/connector.ts";
import { HttpError } from "../../http/error.ts";
import { getHeader, type HeaderList } from "../../http/headers.ts";
import { RetryState } from "../../http/retry_state.ts";
import { concatBytes } from "../../store/collect.ts";
import type { Path } from "../../store/path.ts";
import { type ByteRange, parseContentRange } from "../../store/range.ts";
import { resumableBody, type ResumePolicy } from "../../store/resume.ts";
import type { Attributes, GetResult, ObjectMeta, ResponseExtensions } from "../../store/types.ts";
import { httpErrorOf, responseError, transportError } from "./error.ts";
import type { Getter } from "./get.ts";
import { readAttributes } from "./headers.ts";

/** Bodies up to this size are read by the connector in one go. */
const SMALL = 256 * 1024;
/** Beyond this a declared length is not believed before the bytes are there. */
const MAX_TRUSTED = 2 ** 31;
const EPOCH = new Date(0);

/** Where a result's bytes come from. */
export type Source =
  | { readonly kind: "response" }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "stream"; readonly stream: ReadableStream<Uint8Array> };

/** What {@linkcode Getter} resolves with. */
export class HttpGetResult implements GetResult {
  readonly meta: ObjectMeta;
  readonly range: ByteRange;
  readonly #getter: Getter;
  readonly #response: HttpResponse;
  readonly #source: Source;
  #body: ReadableStream<Uint8Array> | undefined;
  #used = false;

  constructor(getter: Getter, response: HttpResponse, range: ByteRange, size: number, source: Source) {
    this.meta = metaOf(response.headers, getter.target.path, size, getter.dialect.version);
    this.range = range;
    this.#getter = getter;
    this.#response = response;
    this.#source = source;
  }

  get attributes(): Attributes {
    return readAttributes(this.#response.headers, this.#getter.dialect.metadata);
  }

  get response(): ResponseExtensions {
    const { status, headers } = this.#response;
    return { status, headers };
  }

  get body(): ReadableStream<Uint8Array> {
    if (this.#body !== undefined) return this.#body;
    this.#claim();
    return this.#body = this.#open();
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    this.#claim();
    const source = this.#source;
    if (source.kind === "bytes") return source.bytes;
    if (source.kind === "stream") return await this.#collect(source.stream);
    const length = this.range.end - this.range.start;
    // The connector's own way knows the declared length only; without one the count must be checked here.
    if (length <= SMALL && this.#response.contentLength === length) {
      try {
        return await this.#response.bytes();
      } catch (error) {
        return await this.#collect(this.#resumable(failedStream(error)), length);
      }
    }
    return length > MAX_TRUSTED
      ? await this.#collect(this.#resumable(this.#response.body))
      : await this.#fill(new Uint8Array(length));
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  #claim(): void {
    if (this.#used) throw this.#getter.error("its body has already been taken");
    this.#used = true;
  }

  #open(): ReadableStream<Uint8Array> {
    const source = this.#source;
    if (source.kind === "response") return this.#resumable(this.#response.body);
    if (source.kind === "bytes") return new Blob([source.bytes]).stream();
    return source.stream;
  }

  /** Reads straight into place; what follows a break is read through {@linkcode resumableBody}. */
  async #fill(buffer: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    let at = 0;
    let stream = this.#response.body;
    let resumed = false;
    for (;;) {
      const reader = stream.getReader();
      try {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          if (at + value.byteLength > buffer.byteLength) {
            throw this.#getter.error(`the body went beyond its ${buffer.byteLength} bytes`);
          }
          buffer.set(value, at);
          at += value.byteLength;
        }
        if (at === buffer.byteLength) return buffer;
        throw new HttpError("interrupted", `the body ended after ${at} of ${buffer.byteLength} bytes`);
      } catch (error) {
        await reader.cancel(error).catch(() => {});
        if (resumed || !(error instanceof HttpError)) throw this.#typed(error);
        if (at === buffer.byteLength) return buffer;
        resumed = true;
        stream = this.#resumable(failedStream(error), at);
      }
    }
  }

  async #collect(stream: ReadableStream<Uint8Array>, size?: number): Promise<Uint8Array<ArrayBuffer>> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    try {
      for await (const chunk of stream) {
        chunks.push(chunk);
        length += chunk.byteLength;
      }
    } catch (error) {
      throw this.#typed(error);
    }
    return concatBytes(chunks, size ?? length);
  }

  #typed(error: unknown): unknown {
    return transportError(error, this.#getter.failure, this.#getter.options.signal);
  }

  #resumable(first: ReadableStream<Uint8Array>, skip = 0): ReadableStream<Uint8Array> {
    const getter = this.#getter;
    const { connection, dialect, target, options } = getter;
    const { retry } = connection;
    const policy = new RetryPolicy(retry === undefined ? undefined : new RetryState(retry));
    return resumableBody({
      first,
      range: { start: this.range.start + skip, end: this.range.end },
      eTag: this.meta.eTag,
      policy,
      store: dialect.store,
      path: target.path,
      signal: options.signal,
      reopen: async (range, ifMatch, signal) => {
        policy.reached(range.start);
        const response = await getter.send("GET", range, ifMatch, policy.state, signal);
        if (response.status !== 206) {
          if (response.status >= 300) throw await responseError(response, getter.failure);
          await response.cancel();
          throw getter.error("the service ignored the range with which a broken body was to go on");
        }
        const parsed = parseContentRange(getHeader(response.headers, "content-range") ?? "");
        if (parsed?.range === undefined || response.decoded) {
          await response.cancel();
          throw getter.error("the response to a range cannot be placed");
        }
        return { body: response.body, range: parsed.range, eTag: getHeader(response.headers, "etag") };
      },
    });
  }
}

/** Resuming by the rules, and out of the budget, of the client's retries. */
class RetryPolicy implements ResumePolicy {
  readonly state: RetryState | undefined;
  #furthest = -1;

  constructor(state: RetryState | undefined) {
    this.state = state;
  }

  /** Notes from where the body goes on: if that is further than before, the last resumption brought something. */
  reached(offset: number): void {
    if (this.#furthest >= 0 && offset > this.#furthest) this.state?.progress();
    this.#furthest = Math.max(this.#furthest, offset);
  }

  async next(error: unknown, signal: AbortSignal): Promise<boolean> {
    const kind = httpErrorOf(error)?.kind;
    if (this.state === undefined || kind === "denied" || kind === "request" || kind === "decode") {
      return false;
    }
    return await this.state.next({ error }, signal);
  }
}

function metaOf(
  headers: HeaderList,
  location: Path,
  size: number,
  versionHeader: string | undefined,
): ObjectMeta {
  let eTag: string | undefined;
  let version: string | undefined;
  let lastModified = EPOCH;
  // One pass: this is done for every object that is read.
  for (const [rawName, value] of headers) {
    const name = rawName.toLowerCase();
    if (name === "etag") eTag ??= value;
    else if (name === "last-modified") {
      const time = Date.parse(value);
      if (!Number.isNaN(time)) lastModified = new Date(time);
    } else if (name === versionHeader) version = value;
  }
  return { location, lastModified, size, eTag, version };
}

function failedStream(error: unknown): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.error(error) });
}
