/**
 * The response that connectors hand out: one implementation of length checks, the read timer, the one-consumer
 * rule and trailers, over whatever a platform gives as a body.
 */
import { type Deadline, DeadlineQueue } from "./deadlines.ts";
import { HttpError } from "./error.ts";
import { getHeader, type HeaderList } from "./headers.ts";
import { concatPieces, isWhole, PieceBuffer, tooLarge, TRUSTED_LENGTH } from "./response_buffer.ts";
import type { HttpResponse } from "./service.ts";

/** One step of reading: what `ReadableStreamDefaultReader.read` resolves with. */
export interface BodyPiece {
  /** No more pieces; `value` is then not looked at. */
  readonly done: boolean;
  /** The bytes, not touched by the platform afterwards. */
  readonly value?: Uint8Array;
}

/**
 * A platform's body, as a connector gives it to {@linkcode ConnectorResponse}. Calls to `read` never overlap,
 * `whole` or `fill` is called instead of `read`, and nothing is called after the end but `trailers`.
 */
export interface BodySource {
  /** The next piece. */
  read(): Promise<BodyPiece>;
  /** All of a small body of known length at once, where the platform has a quicker way than reading pieces. */
  whole?(): Promise<ArrayBuffer | Uint8Array<ArrayBuffer>>;
  /**
   * Reads all of a large body into `target`, where the platform has a quicker way than reading pieces. `arrived` is
   * told how many bytes came and how many stand in place; it throws where more come than are to be taken.
   */
  fill?(target: Uint8Array, arrived: (count: number, placed: number) => void): Promise<void>;
  /** Gives up the body and closes its connection; a `read`, `whole` or `fill` under way settles, whichever way. */
  cancel(reason: unknown): void | Promise<void>;
  /**
   * Turns a rejection of `read` or `whole` into what callers see: an `HttpError`, or their own abort reason. May
   * resolve with it.
   */
  failure?(error: unknown): unknown;
  /** The trailer fields, asked for once the body has ended whole. */
  trailers?(): HeaderList;
  /** Called once, when the body has ended, failed or was given up: the place to clear timers and listeners. */
  closed?(): void;
}

/** What a {@linkcode ConnectorResponse} is made of. */
export interface ConnectorResponseInit {
  /** Status code. */
  readonly status: number;
  /** Header lines as received, or what makes the list when it is first asked for. */
  readonly headers: HeaderList | (() => HeaderList);
  /** Finds one value without the list. */
  readonly header?: (name: string) => string | undefined;
  /** Whether the platform undid a content coding. Default false. */
  readonly decoded?: boolean;
  /** Length to hold the body to. Leave it out for responses to HEAD, 204, 304 and for decoded bodies. */
  readonly contentLength?: number;
  /** The body; none for responses without one. */
  readonly source?: BodySource;
  /** Longest wait for a piece in milliseconds; 0, `Infinity` or nothing for no limit. */
  readonly readTimeout?: number;
  /** Where the read timer is kept, best the same for all responses of a service. Default: one of its own. */
  readonly deadlines?: DeadlineQueue;
}

/** Below this length `whole` beats reading pieces (measured on Deno: 41,000 against 22,000 GETs of 1 KiB a second). */
const WHOLE_LIMIT = 64 * 1024;
/**
 * `whole` shows no progress, so the read timer spans all of it. That is the same thing for a timer of seconds and
 * at most 64 KiB; a shorter timer is kept to the letter by reading pieces.
 */
const WHOLE_MIN_READ_TIMEOUT = 10_000;
/** From here on `fill` is worth what it needs beside. */
const FILL_MIN = 2 ** 20;
const IDLE = 0, READING = 1, ENDED = 2, FAILED = 3, CANCELLED = 4;

/** An {@linkcode HttpResponse} over a {@linkcode BodySource}. */
export class ConnectorResponse implements HttpResponse {
  readonly status: number;
  readonly decoded: boolean;
  readonly contentLength: number | undefined;
  readonly #readTimeout: number;
  readonly #header: ((name: string) => string | undefined) | undefined;
  #headers: HeaderList | (() => HeaderList);
  #source: BodySource | undefined;
  #state: typeof IDLE | typeof READING | typeof ENDED | typeof FAILED | typeof CANCELLED = IDLE;
  #consumer: "body" | "bytes" | "text" | undefined;
  #received = 0;
  /** Why the body failed or was given up, where there is a reason: see `#why`. */
  #failure: unknown;
  #body: ReadableStream<Uint8Array> | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #trailers: HeaderList = [];
  #trailersPromise: Promise<HeaderList> | undefined;
  #settleTrailers: { resolve(trailers: HeaderList): void; reject(error: unknown): void } | undefined;
  readonly #deadlines: DeadlineQueue | undefined;
  #deadline: Deadline | undefined;

  /** Wraps a platform's body. */
  constructor(init: ConnectorResponseInit) {
    this.status = init.status;
    this.#headers = init.headers;
    this.#header = init.header;
    this.decoded = init.decoded ?? false;
    this.contentLength = init.contentLength;
    this.#source = init.source;
    const timeout = init.readTimeout;
    this.#readTimeout = timeout !== undefined && timeout > 0 && timeout !== Infinity ? timeout : 0;
    this.#deadlines = init.deadlines;
  }

  /** See {@linkcode HttpResponse.headers}. */
  get headers(): HeaderList {
    if (typeof this.#headers === "function") this.#headers = this.#headers();
    return this.#headers;
  }

  /** See {@linkcode HttpResponse.header}. */
  header(name: string): string | undefined {
    return this.#header === undefined ? getHeader(this.headers, name) : this.#header(name);
  }

  /** See {@linkcode HttpResponse.body}. */
  get body(): ReadableStream<Uint8Array> {
    if (this.#body === undefined) {
      this.#claim("body");
      this.#body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          this.#controller = controller;
          if (this.#state === CANCELLED) controller.error(this.#why);
        },
        pull: (controller) => this.#pull(controller),
        cancel: (reason) => this.#giveUp(reason),
      }, { highWaterMark: 0 });
    }
    return this.#body;
  }

  /** See {@linkcode HttpResponse.trailers}. */
  get trailers(): Promise<HeaderList> {
    if (this.#trailersPromise === undefined) {
      this.#trailersPromise = new Promise((resolve, reject) => {
        if (this.#state === FAILED) reject(this.#failure);
        else if (this.#state >= ENDED) resolve(this.#trailers);
        else this.#settleTrailers = { resolve, reject };
      });
      // Whoever reads the body sees the error; a promise that nobody looks at must not end the process.
      this.#trailersPromise.catch(() => {});
    }
    return this.#trailersPromise;
  }

  /** See {@linkcode HttpResponse.bytes}. */
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#collect("bytes");
  }

  /** See {@linkcode HttpResponse.bytesInto}. */
  async bytesInto(target: Uint8Array, told: (placed: number) => void): Promise<void> {
    this.#claim("bytes");
    await this.#fillOrRead(target, told);
  }

  /** See {@linkcode HttpResponse.text}. */
  async text(): Promise<string> {
    return new TextDecoder().decode(await this.#collect("text"));
  }

  /** See {@linkcode HttpResponse.cancel}. */
  async cancel(reason?: unknown): Promise<void> {
    if (this.#state >= ENDED) return;
    const done = this.#giveUp(reason);
    this.#controller?.error(this.#why);
    if (done !== undefined) await done;
  }

  #claim(consumer: "body" | "bytes" | "text"): void {
    if (this.#consumer !== undefined) {
      throw new TypeError(
        `Cannot use '${consumer}' of a response whose '${this.#consumer}' was already used`,
      );
    }
    this.#consumer = consumer;
  }

  #collect(consumer: "bytes" | "text"): Promise<Uint8Array<ArrayBuffer>> {
    try {
      this.#claim(consumer);
      if (this.#state >= FAILED) throw this.#why;
    } catch (error) {
      return Promise.reject(error);
    }
    const source = this.#source;
    const length = this.contentLength;
    if (source === undefined) {
      this.#next({ done: true });
      return Promise.resolve(new Uint8Array(0));
    }
    if (
      length !== undefined && length <= WHOLE_LIMIT && source.whole !== undefined &&
      (this.#readTimeout === 0 || this.#readTimeout >= WHOLE_MIN_READ_TIMEOUT)
    ) {
      return this.#collectWhole(source);
    }
    return this.#collectPieces(length);
  }

  async #collectWhole(source: BodySource): Promise<Uint8Array<ArrayBuffer>> {
    this.#state = READING;
    if (this.#readTimeout > 0) this.#wait();
    let buffer: ArrayBuffer | Uint8Array<ArrayBuffer>;
    try {
      buffer = await source.whole!();
    } catch (error) {
      throw await this.#fail(error);
    }
    const bytes = buffer instanceof Uint8Array ? buffer : new Uint8Array(buffer);
    this.#next({ done: false, value: bytes });
    this.#next({ done: true });
    return bytes;
  }

  async #fillOrRead(target: Uint8Array, told?: (placed: number) => void): Promise<void> {
    if (this.#state >= FAILED) throw this.#why;
    const room = target.byteLength;
    const arrived = (count: number, placed: number): void => {
      this.#count(count, room);
      told?.(placed);
      if (this.#readTimeout > 0) this.#wait();
    };
    const source = this.#source;
    if (room < FILL_MIN || source?.fill === undefined) {
      for (let piece = await this.#read(room); piece !== undefined; piece = await this.#read(room)) {
        target.set(piece, this.#received - piece.byteLength);
        told?.(this.#received);
      }
      return;
    }
    this.#state = READING;
    if (this.#readTimeout > 0) this.#wait();
    try {
      await source.fill(target, arrived);
    } catch (error) {
      throw await this.#fail(error);
    }
    this.#next({ done: true });
  }

  async #collectPieces(length: number | undefined): Promise<Uint8Array<ArrayBuffer>> {
    if (length !== undefined && length >= FILL_MIN && length <= TRUSTED_LENGTH) {
      const whole = this.#allocating(() => new Uint8Array(length));
      await this.#fillOrRead(whole);
      return whole;
    }
    const first = await this.#read();
    if (first === undefined) return new Uint8Array(0);
    if (length === undefined) {
      const pieces = [first];
      for (let piece = await this.#read(); piece !== undefined; piece = await this.#read()) {
        pieces.push(piece);
      }
      return this.#allocating(() => concatPieces(pieces, this.#received));
    }
    if (first.byteLength === length) {
      // A declared length reached in one piece: only the end is still to come.
      await this.#read();
      return isWhole(first) ? first : new Uint8Array(first);
    }
    const buffer = this.#allocating(() => new PieceBuffer(length));
    for (let piece: Uint8Array | undefined = first; piece !== undefined; piece = await this.#read()) {
      const bytes: Uint8Array = piece;
      this.#allocating(() => buffer.append(bytes));
    }
    return buffer.finish();
  }

  /** Runs something that may not find the memory; the body is then given up. */
  #allocating<T>(allocate: () => T): T {
    try {
      return allocate();
    } catch (error) {
      const failure = tooLarge(this.contentLength ?? this.#received, error);
      if (this.#state >= ENDED) throw failure;
      throw this.#abandon(failure);
    }
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    // A piece without bytes would leave the reader waiting on a pull that is not made again.
    const piece = await this.#read();
    if (piece === undefined) controller.close();
    else controller.enqueue(piece);
  }

  /** The next piece that has bytes; `undefined` at the end. Rejects with what callers shall see. */
  async #read(most?: number): Promise<Uint8Array | undefined> {
    if (this.#state >= FAILED) throw this.#why;
    this.#state = READING;
    if (this.#source === undefined) return this.#next({ done: true });
    for (;;) {
      if (this.#readTimeout > 0) this.#wait();
      let piece: BodyPiece;
      try {
        piece = await this.#source.read();
      } catch (error) {
        throw await this.#fail(error);
      }
      const bytes = this.#next(piece, most);
      if (bytes === undefined || bytes.byteLength > 0) return bytes;
    }
  }

  /** Takes account of a piece: counts it, checks it against the declared length, ends the body. */
  #next(piece: BodyPiece, most?: number): Uint8Array | undefined {
    if (!piece.done) {
      const bytes = piece.value!;
      this.#count(bytes.byteLength, most);
      return bytes;
    }
    this.#count(0);
    const declared = this.contentLength;
    if (declared !== undefined && this.#received < declared) {
      throw this.#abandon(
        new HttpError("interrupted", `Response body ended after ${this.#received} of ${declared} bytes`, {
          detail: { tag: "HTTP-response-incomplete" },
        }),
      );
    }
    this.#trailers = this.#source?.trailers?.() ?? [];
    this.#close(ENDED);
    return undefined;
  }

  /** Counts bytes that came: no more than were declared, nor than there is room for. */
  #count(bytes: number, most = Infinity): void {
    // The timer counts only while somebody waits.
    this.#deadline?.set(Infinity);
    if (this.#state >= FAILED) throw this.#why;
    this.#received += bytes;
    const limit = Math.min(this.contentLength ?? Infinity, most);
    if (this.#received <= limit) return;
    throw this.#abandon(
      new HttpError("decode", `Response body is longer than its declared ${limit} bytes`, {
        detail: { tag: "HTTP-response-body-size", size: BigInt(this.#received) },
      }),
    );
  }

  /** Ends in failure because the source did. */
  async #fail(error: unknown): Promise<unknown> {
    const failure = await this.#source?.failure?.(error) ?? error;
    if (this.#state < FAILED) {
      this.#failure = failure;
      this.#close(FAILED);
    }
    return this.#why;
  }

  /** Ends in failure by our own decision, so the source must be told. */
  #abandon(failure: HttpError): HttpError {
    this.#failure = failure;
    const source = this.#source;
    this.#close(FAILED);
    settle(() => source?.cancel(failure));
    return failure;
  }

  #giveUp(reason: unknown): Promise<void> | undefined {
    if (this.#state >= ENDED) return undefined;
    const source = this.#source;
    this.#failure = reason;
    this.#close(CANCELLED);
    return source === undefined ? undefined : settle(() => source.cancel(reason));
  }

  /** What every later read rejects with. Made when it is asked for: an exception costs more than the rest of a HEAD. */
  get #why(): unknown {
    return this.#failure ??= new DOMException("Response body was cancelled", "AbortError");
  }

  #close(state: typeof ENDED | typeof FAILED | typeof CANCELLED): void {
    this.#state = state;
    this.#deadline?.stop();
    if (state === FAILED) this.#settleTrailers?.reject(this.#failure);
    else this.#settleTrailers?.resolve(this.#trailers);
    this.#source?.closed?.();
  }

  /** A wait for a piece begins. */
  #wait(): void {
    if (this.#deadline !== undefined) return this.#deadline.set(this.#readTimeout);
    const deadlines = this.#deadlines ?? new DeadlineQueue();
    this.#deadline = deadlines.start(this.#readTimeout, () => this.#timedOut());
  }

  #timedOut(): void {
    const failure = new HttpError("timeout", `No response data within ${this.#readTimeout} ms`, {
      detail: { tag: "connection-read-timeout" },
    });
    this.#abandon(failure);
    this.#controller?.error(failure);
  }
}

/** Cancelling is best effort: the body is given up whether or not the platform liked it. */
async function settle(cancel: () => void | Promise<void>): Promise<void> {
  try {
    await cancel();
  } catch {
    // Nothing is left to be told: the failure or the caller's own decision is what counts.
  }
}
