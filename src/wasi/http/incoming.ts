/** `wasi:http/types.incoming-response`, `incoming-body` and `future-trailers`. */
import { Resource } from "../abi/handles.ts";
import { failed } from "../abi/lower.ts";
import type { ResultValue } from "../abi/types.ts";
import type { HttpResponse } from "../../http/service.ts";
import { HttpError } from "../../http/error.ts";
import type { HeaderList } from "../../http/headers.ts";
import type { Instance } from "../instance.ts";
import { closed, IoError, lastOperationFailed } from "../io/error.ts";
import { type Waitable, Wakers } from "../io/poll.ts";
import { InputStream } from "../io/streams.ts";
import { type ErrorCode, errorCodeOf } from "./error_code.ts";
import { Fields, sectionSize } from "./fields.ts";

const EMPTY = new Uint8Array(0);
/** Bytes that are read ahead of the guest: enough to keep it busy, and all that a body costs the host in memory. */
const AHEAD = 256 * 1024;

/** What a body is read from: of a response that came, or of a request that is served. */
export interface BodyOrigin {
  /** The bytes. */
  readonly body: ReadableStream<Uint8Array>;
  /** The trailers, once the body has ended. */
  readonly trailers: Promise<HeaderList>;
  /** Gives the body up. */
  cancel(): void;
  /** Called once when the body has ended in whatever way. */
  over(): void;
}

/** Reads a body ahead of the guest, but only so far: the sender is held back while the guest is busy. */
export class BodyReader implements Waitable {
  readonly #origin: BodyOrigin;
  readonly #limit: number;
  readonly #wakers = new Wakers();
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #chunks: Uint8Array[] = [];
  #held = 0;
  #reading = false;
  #received = 0;
  #error: ErrorCode | undefined;
  #told = false;
  #ended = false;

  /** At most `limit` bytes are let through. */
  constructor(origin: BodyOrigin, limit: number) {
    this.#origin = origin;
    this.#limit = limit;
  }

  /** Whether the end, good or bad, has been reached by the reader (not necessarily by the guest). */
  get ended(): boolean {
    return this.#ended;
  }

  /** What the body failed with. */
  get error(): ErrorCode | undefined {
    return this.#error;
  }

  /** Up to `max` bytes; see {@linkcode InputStream.read}. */
  take(max: number): Uint8Array {
    const chunk = this.#chunks[0];
    if (chunk !== undefined) {
      if (chunk.length > max) {
        this.#chunks[0] = chunk.subarray(max);
        this.#held -= max;
        return chunk.subarray(0, max);
      }
      this.#chunks.shift();
      this.#held -= chunk.length;
      this.#read();
      return chunk;
    }
    if (this.#error !== undefined && !this.#told) {
      this.#told = true;
      throw lastOperationFailed(new IoError(`The body failed: ${this.#error.tag}`, { http: this.#error }));
    }
    if (this.#ended) throw closed();
    this.#read();
    return EMPTY;
  }

  ready(): boolean {
    this.#read();
    return this.#held > 0 || this.#ended;
  }

  wait(wake: () => void): () => void {
    this.#read();
    return this.#wakers.add(wake);
  }

  /** Reads to the end for the sake of the trailers. */
  async discard(): Promise<void> {
    while (!this.#ended) {
      this.#forget();
      if (!this.ready()) await new Promise<void>((resolve) => this.#wakers.add(resolve));
    }
    this.#forget();
  }

  /** Gives the rest up. */
  cancel(): void {
    this.#forget();
    if (this.#ended) return;
    this.#end();
    this.#origin.cancel();
  }

  #forget(): void {
    this.#chunks = [];
    this.#held = 0;
  }

  #read(): void {
    if (this.#reading || this.#ended || this.#held >= AHEAD) return;
    this.#reading = true;
    this.#reader ??= this.#origin.body.getReader();
    this.#reader.read().then(({ done, value }) => {
      this.#reading = false;
      if (this.#ended) return;
      if (done) return this.#end();
      if (value.length === 0) return this.#read();
      this.#received += value.length;
      if (this.#received > this.#limit) {
        this.#error = { tag: "HTTP-response-body-size", val: BigInt(this.#received) };
        this.#origin.cancel();
        return this.#end();
      }
      this.#chunks.push(value);
      this.#held += value.length;
      this.#wakers.wake();
      this.#read();
    }, (error) => {
      this.#reading = false;
      if (this.#ended) return;
      this.#error = errorCodeOf(error);
      this.#end();
    });
  }

  #end(): void {
    this.#ended = true;
    this.#origin.over();
    this.#wakers.wake();
  }
}

/** The `input-stream` of a body. */
class BodyInputStream extends InputStream {
  readonly #reader: BodyReader;

  constructor(reader: BodyReader) {
    super();
    this.#reader = reader;
  }

  read(max: number): Uint8Array {
    return this.#reader.take(max);
  }

  ready(): boolean {
    return this.#reader.ready();
  }

  wait(wake: () => void): () => void {
    return this.#reader.wait(wake);
  }
}

/** `incoming-body` */
export class IncomingBody extends Resource {
  readonly #instance: Instance;
  readonly #origin: BodyOrigin;
  readonly #reader: BodyReader;
  #streamTaken = false;

  /** Of `origin`. */
  constructor(instance: Instance, origin: BodyOrigin, limit: number) {
    super();
    this.#instance = instance;
    this.#origin = origin;
    this.#reader = new BodyReader(origin, limit);
  }

  /** `stream` */
  stream(): InputStream {
    if (this.#streamTaken) throw failed;
    this.#streamTaken = true;
    return new BodyInputStream(this.#reader).childOf(this);
  }

  /** `finish`; takes the body. */
  finish(): FutureTrailers {
    return new FutureTrailers(this.#instance, this.#reader, this.#origin);
  }

  override drop(): void {
    this.#reader.cancel();
  }
}

/** What a settled `future-trailers` holds. */
export type TrailersResult = ResultValue<Fields | undefined, ErrorCode>;

/** `future-trailers`. What was not read of the body is read and thrown away, once the guest asks. */
export class FutureTrailers extends Resource implements Waitable {
  readonly #instance: Instance;
  readonly #reader: BodyReader;
  readonly #origin: BodyOrigin;
  readonly #wakers = new Wakers();
  #started = false;
  #settled: TrailersResult | undefined;
  #given = false;

  /** After the body that `reader` reads. */
  constructor(instance: Instance, reader: BodyReader, origin: BodyOrigin) {
    super();
    this.#instance = instance;
    this.#reader = reader;
    this.#origin = origin;
  }

  ready(): boolean {
    this.#start();
    return this.#settled !== undefined;
  }

  wait(wake: () => void): () => void {
    this.#start();
    return this.#wakers.add(wake);
  }

  /** `get` */
  get(): ResultValue<TrailersResult, undefined> | undefined {
    this.#start();
    if (this.#settled === undefined) return undefined;
    if (this.#given) return { tag: "err", val: undefined };
    this.#given = true;
    return { tag: "ok", val: this.#settled };
  }

  override drop(): void {
    this.#reader.cancel();
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#run().then((result) => {
      this.#settled = result;
      this.#wakers.wake();
    });
  }

  async #run(): Promise<TrailersResult> {
    await this.#reader.discard();
    const error = this.#reader.error;
    if (error !== undefined) return { tag: "err", val: error };
    let trailers: HeaderList;
    try {
      trailers = await this.#origin.trailers;
    } catch (error) {
      return { tag: "err", val: errorCodeOf(error) };
    }
    const size = sectionSize(trailers);
    if (size > this.#instance.limits.fieldBytes) {
      return { tag: "err", val: { tag: "HTTP-response-trailer-section-size", val: size } };
    }
    // No trailers is none, not an empty set of fields.
    const fields = Fields.received(this.#instance, trailers);
    return { tag: "ok", val: fields.list.length === 0 ? undefined : fields };
  }
}

/** `incoming-response` */
export class IncomingResponse extends Resource {
  /** Status code. */
  readonly status: number;
  readonly #instance: Instance;
  readonly #headers: Fields;
  readonly #origin: BodyOrigin;
  #consumed = false;

  /** Of a response head; `over` is called once when its body has ended. */
  constructor(instance: Instance, response: HttpResponse, over: () => void) {
    super();
    this.#instance = instance;
    this.status = response.status;
    this.#headers = Fields.received(instance, visibleHeaders(response));
    this.#origin = {
      body: response.body,
      trailers: response.trailers,
      cancel: () =>
        void response.cancel(new HttpError("request", "The guest gave up the body")).catch(() => {}),
      over,
    };
    response.trailers.catch(() => {}); // the guest may never ask
  }

  /** `headers` */
  headers(): Fields {
    return this.#headers.snapshot();
  }

  /** `consume` */
  consume(): IncomingBody {
    if (this.#consumed) throw failed;
    this.#consumed = true;
    return new IncomingBody(this.#instance, this.#origin, this.#instance.limits.responseBytes);
  }

  override drop(): void {
    if (this.#consumed) return;
    this.#origin.cancel();
    this.#origin.over();
  }
}

/** The headers that describe the body as the guest gets it. */
function visibleHeaders(response: HttpResponse): HeaderList {
  if (!response.decoded) return response.headers;
  // The platform has decoded the body: a guest that believed these would decode it again or miscount it.
  return response.headers.filter(([name]) => !/^content-(encoding|length)$/i.test(name));
}
