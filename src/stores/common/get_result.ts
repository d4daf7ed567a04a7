/** The result of a GET over HTTP: its bytes, fast where nothing breaks, resumed where something does. */
import type { HttpResponse } from "../../http/service.ts";
import { headerOf } from "../../http/headers.ts";
import { concatBytes } from "../../store/concat.ts";
import type { Path } from "../../store/parse_path.ts";
import type { ByteRange } from "../../store/range.ts";
import type { ResumableSource } from "../../store/resume.ts";
import type { Attributes, GetResult, ObjectMeta, ResponseExtensions } from "../../store/types.ts";
import { transportError } from "./error.ts";
import type { GetOperation } from "./get_operation.ts";
import { loadRare } from "./load_rare.ts";
import { readAttributes } from "./read_headers.ts";

/** Bodies up to this size are read by the connector in one go. */
const SMALL = 256 * 1024;
/** Beyond this a declared length is not believed before the bytes are there. */
const MAX_TRUSTED = 2 ** 31;
const EPOCH = new Date(0);

/** What `getObject` resolves with. */
export class HttpGetResult implements GetResult {
  readonly range: ByteRange;
  readonly #size: number;
  readonly #operation: GetOperation;
  readonly #response: HttpResponse;
  readonly #source: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | undefined;
  #meta: ObjectMeta | undefined;
  #body: ReadableStream<Uint8Array> | undefined;
  #used = false;

  /** `source`: the bytes, where they are not those of the response's body. */
  constructor(
    operation: GetOperation,
    response: HttpResponse,
    range: ByteRange,
    size: number,
    source?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  ) {
    this.range = range;
    this.#size = size;
    this.#operation = operation;
    this.#response = response;
    this.#source = source;
  }

  get meta(): ObjectMeta {
    const { target, dialect } = this.#operation;
    // Headers and dates are dear where only bytes are wanted.
    return this.#meta ??= metaOf(this.#response, target.path, this.#size, dialect.version);
  }

  get attributes(): Attributes {
    const { metadata, hiddenMetadata } = this.#operation.dialect;
    return readAttributes(this.#response.headers, metadata, hiddenMetadata);
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
    if (source instanceof Uint8Array) return source;
    if (source !== undefined) return await this.#collect(source);
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
    if (this.#used) throw this.#operation.error("its body has already been taken");
    this.#used = true;
  }

  #open(): ReadableStream<Uint8Array> {
    const source = this.#source;
    if (source instanceof Uint8Array) return new Blob([source]).stream();
    return source ?? this.#resumable(this.#response.body);
  }

  /** Reads straight into place; what follows a break is read through `recover`. */
  async #fill(buffer: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    const { fill } = await loadRare();
    return await fill(this.#response, buffer, {
      resume: (error, at) => this.#resumable(failedStream(error), at),
      typed: (error) => this.#typed(error),
    });
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
    return transportError(error, this.#operation.failure, this.#operation.options.signal);
  }

  /** The body from `skip` on, which goes on with a further request where it breaks. */
  #resumable(first: ReadableStream<Uint8Array>, skip = 0): ReadableStream<Uint8Array> {
    const range = { start: this.range.start + skip, end: this.range.end };
    let opening: Promise<ResumableSource> | undefined;
    const open = () =>
      opening ??= loadRare().then(({ recover }) => recover(this.#operation, first, range, this.meta.eTag));
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          await (await open()).pull(controller);
        } catch (error) {
          throw this.#typed(error);
        }
      },
      cancel: (reason) => open().then((source) => source.cancel(reason), () => first.cancel(reason)),
    }, { highWaterMark: 0 });
  }
}

function metaOf(
  response: HttpResponse,
  location: Path,
  size: number,
  versionHeader: string | undefined,
): ObjectMeta {
  const time = Date.parse(headerOf(response, "last-modified") ?? "");
  return {
    location,
    lastModified: Number.isNaN(time) ? EPOCH : new Date(time),
    size,
    eTag: headerOf(response, "etag"),
    version: versionHeader === undefined ? undefined : headerOf(response, versionHeader),
  };
}

function failedStream(error: unknown): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.error(error) });
}
