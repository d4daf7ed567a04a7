/** One request over `fetch` from its start to the end of its response body: timers, abort, errors. */
import { isStreamBody } from "../body.ts";
import { parseContentLength } from "../content_length.ts";
import type { Deadline, DeadlineQueue } from "../deadlines.ts";
import { HttpError } from "../error.ts";
import { bytesToLatin1, type HeaderList } from "../headers.ts";
import { redactUrl } from "../redact.ts";
import { type BodyPiece, type BodySource, ConnectorResponse } from "../response.ts";
import type { HttpRequest, HttpResponse } from "../service.ts";
import {
  DEFAULT_CONNECT_TIMEOUT,
  DEFAULT_FIRST_BYTE_TIMEOUT,
  DEFAULT_READ_TIMEOUT,
  duration,
  type HttpTimeouts,
} from "../timeouts.ts";
import { probeWideHeaders } from "./platform.ts";
import type { UploadStream } from "./upload.ts";

/** Where in the exchange something failed. */
export type FetchPhase = "head" | "body";

/** Holds what must be let go of when the exchange is over, and is the source of the response's body. */
export class FetchExchange implements BodySource {
  /** The request's stream, to be stopped when the exchange fails. */
  upload: UploadStream | undefined;
  readonly #request: HttpRequest;
  readonly #timeouts: HttpTimeouts;
  readonly #decodes: boolean | undefined;
  readonly #guarded: boolean;
  readonly #controller = new AbortController();
  readonly #deadlines: DeadlineQueue;
  #head: Deadline | undefined;
  #headTimeout = 0;
  #total: Deadline | undefined;
  #onAbort: (() => void) | undefined;
  /** What `#abort` was given: the error that callers shall see, whatever the platform makes of it. */
  #aborted: { readonly reason: unknown } | undefined;
  #response: Response | undefined;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  /** Reads in place of the other. */
  #filler: { cancel(reason: unknown): Promise<void> } | undefined;
  /** Pieces read before the response was handed out, to see whether they are encoded. */
  #peeked: BodyPiece | undefined;

  /** Starts listening to the caller's signal, and the timer of the whole request. */
  constructor(
    request: HttpRequest,
    defaults: HttpTimeouts,
    deadlines: DeadlineQueue,
    decodes: boolean | undefined,
    guarded: boolean,
  ) {
    this.#request = request;
    this.#guarded = guarded;
    this.#timeouts = request.timeouts === undefined ? defaults : withTimeouts(defaults, request.timeouts);
    this.#deadlines = deadlines;
    this.#decodes = decodes;
    const { signal } = request;
    if (signal !== undefined) {
      this.#onAbort = () => this.#abort(signal.reason);
      signal.addEventListener("abort", this.#onAbort, { once: true });
      if (signal.aborted) this.#onAbort();
    }
    const total = duration(this.#timeouts.timeout);
    if (total !== Infinity) {
      this.#total = deadlines.start(
        total,
        () => this.#abort(this.#timedOut("whole response", total, "HTTP-response-timeout")),
      );
    }
  }

  /** What `fetch` listens to. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Starts the timer for the response head, with `extra` milliseconds for sending the body. */
  startHeadTimer(extra: number): void {
    const connect = duration(this.#timeouts.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT);
    const firstByte = duration(this.#timeouts.firstByteTimeout ?? DEFAULT_FIRST_BYTE_TIMEOUT);
    // They cannot be told apart here, so where one of them is off there is no bound to hold.
    this.#headTimeout = connect + firstByte + extra;
    if (this.#headTimeout === Infinity) return;
    this.#head = this.#deadlines.start(
      this.#headTimeout,
      () => this.#abort(this.#timedOut("response head", this.#headTimeout, "connection-read-timeout")),
    );
  }

  /** Told of each piece of the request body that goes out: the time it takes is not the server's. */
  progress(): void {
    if (this.#response === undefined) this.#head?.set(this.#headTimeout);
  }

  /** Told that the request's stream failed: without an answer yet, that ends the exchange. */
  failed(error: HttpError): boolean {
    if (this.#response !== undefined) return false;
    this.#abort(error);
    return true;
  }

  /** Makes a response of what `fetch` resolved with. */
  receive(response: Response): HttpResponse | Promise<HttpResponse> {
    this.#response = response;
    if (this.#aborted !== undefined) throw this.#aborted.reason;
    // Paused, not stopped, so that the service's one timer stays set until the body is read.
    this.#head?.set(Infinity);
    const { status, headers } = response;
    if (status < 200) return this.#hidden(response);
    const bodiless = this.#request.method === "HEAD" || status === 204 || status === 304;
    if (bodiless || response.body === null) return this.#respond(response, bodiless, false);
    const coding = headers.get("content-encoding");
    if (coding === null || coding.toLowerCase() === "identity") {
      return this.#respond(response, false, false);
    }
    return this.#isDecoded(coding).then((decoded) => this.#respond(response, false, decoded));
  }

  #respond(response: Response, bodiless: boolean, decoded: boolean): HttpResponse {
    const { status, headers } = response;
    let contentLength = bodiless ? undefined : parseContentLength(headers.get("content-length") ?? "");
    // Across origins a page does not see whether there is a coding, nor therefore whose length this is.
    if (decoded || response.type === "cors") contentLength = undefined;
    const empty = bodiless || contentLength === 0 || response.body === null;
    if (empty) {
      // Often not looked at by callers; the platform may still hold something for it.
      if (this.#reader === undefined) response.body?.cancel().catch(() => {});
      this.closed();
    }
    return new ConnectorResponse({
      status,
      headers: () => headerList(headers),
      header: (name) => headers.get(name) ?? undefined,
      decoded,
      contentLength,
      source: empty ? undefined : this,
      readTimeout: this.#timeouts.readTimeout ?? DEFAULT_READ_TIMEOUT,
      deadlines: this.#deadlines,
    });
  }

  /** What the caller sees of a failure before the response was handed out. */
  async headFailed(error: unknown): Promise<unknown> {
    const seen = await this.#seen(error, this.#reader === undefined ? "head" : "body");
    this.#abort(seen);
    const { body } = this.#request;
    if (this.upload === undefined && body !== undefined && isStreamBody(body)) {
      body.stream.cancel(seen).catch(() => {});
    }
    this.#response?.body?.cancel().catch(() => {});
    this.closed();
    return seen;
  }

  /** See {@linkcode BodySource.read}. */
  read(): Promise<BodyPiece> {
    if (this.#peeked !== undefined) {
      const piece = this.#peeked;
      this.#peeked = undefined;
      return Promise.resolve(piece);
    }
    return this.#open().read();
  }

  /** See {@linkcode BodySource.whole}. */
  get whole(): (() => Promise<ArrayBuffer>) | undefined {
    return this.#reader === undefined ? this.#whole : undefined;
  }

  /** See {@linkcode BodySource.fill}. */
  get fill(): BodySource["fill"] {
    return this.#reader === undefined ? this.#fill : undefined;
  }

  /** See {@linkcode BodySource.cancel}. */
  async cancel(reason: unknown): Promise<void> {
    const error = reason ?? new DOMException("Response body was cancelled", "AbortError");
    this.#abort(error);
    // Settles a read under way also where a fetch of somebody's own does not listen to the signal.
    await (this.#reader ?? this.#filler ?? this.#response?.body)?.cancel(error);
  }

  /** See {@linkcode BodySource.failure}. */
  failure(error: unknown): Promise<unknown> {
    return this.#seen(error, "body");
  }

  /** See {@linkcode BodySource.closed}. */
  closed(): void {
    this.#head?.stop();
    this.#total?.stop();
    if (this.#onAbort !== undefined) this.#request.signal?.removeEventListener("abort", this.#onAbort);
    this.#onAbort = undefined;
  }

  #whole(): Promise<ArrayBuffer> {
    return this.#response!.arrayBuffer();
  }

  async #fill(target: Uint8Array, arrived: (count: number, placed: number) => void): Promise<void> {
    const { fill } = await import("./fill_platform.ts");
    // Given up meanwhile.
    if (this.#aborted !== undefined) throw this.#aborted.reason;
    await fill(this.#response!.body!, target, (reader) => this.#filler = reader, arrived);
  }

  #open(): ReadableStreamDefaultReader<Uint8Array> {
    return this.#reader ??= this.#response!.body!.getReader();
  }

  /** Whether the platform undid this coding: told, or seen in the first bytes. What is decoded must be whole. */
  async #isDecoded(coding: string): Promise<boolean> {
    const { status, headers } = this.#response!;
    let decoded = this.#decodes;
    if (decoded === undefined) {
      this.#peeked = await this.#peek();
      // Undici makes nothing at all, and no error, of the beginning of a coded body.
      decoded = this.#peeked.done
        ? headers.get("content-length") !== "0"
        : !(await import("./coding.ts")).looksEncoded(coding, this.#peeked.value);
    }
    if (!decoded || status !== 206) return decoded;
    throw (await import("./coding.ts")).decodedRange(coding, this.#request.url);
  }

  /** The first piece, in the time that any piece has: Undici 6 may lose the error of a decoder and wait for ever. */
  async #peek(): Promise<BodyPiece> {
    const limit = duration(this.#timeouts.readTimeout ?? DEFAULT_READ_TIMEOUT);
    const expired = (): void => {
      this.cancel(this.#timedOut("first bytes of the body", limit, "connection-read-timeout")).catch(
        () => {},
      );
    };
    const deadline = limit !== Infinity ? this.#deadlines.start(limit, expired) : undefined;
    try {
      const piece = await this.#open().read();
      // A body that was given up ends as if it were whole.
      if (this.#aborted !== undefined) throw this.#aborted.reason;
      return piece;
    } finally {
      deadline?.stop();
    }
  }

  async #hidden(response: Response): Promise<never> {
    throw (await import("./coding.ts")).hiddenAnswer(response, this.#name);
  }

  /** What callers see of an error. */
  async #seen(error: unknown, phase: FetchPhase): Promise<unknown> {
    if (this.#aborted !== undefined) return this.#aborted.reason;
    if (error instanceof HttpError) return error;
    if (this.upload?.failure !== undefined) return this.upload.failure;
    const { method, url } = this.#request;
    // Pages are told nothing that could be looked up, and may have no network to load the tables from.
    if (!this.#guarded) return (await import("./errors.ts")).fetchError(error, phase, method, url);
    const why = (error as Error)?.message ?? error;
    // Once there was a head, what is left to go wrong is the connection, nearly always.
    return phase === "body"
      ? new HttpError("interrupted", `Cannot read the response body of ${this.#name}: ${why}`, {
        cause: error,
        detail: { tag: "HTTP-response-incomplete" },
      })
      : new HttpError("unknown", `Cannot send ${this.#name}: ${why}`, {
        cause: error,
        detail: { tag: "internal-error" },
      });
  }

  get #name(): string {
    const { method, url } = this.#request;
    return `${method} ${redactUrl(url)}`;
  }

  #abort(reason: unknown): void {
    if (this.#aborted !== undefined) return;
    this.#aborted = { reason };
    this.#controller.abort(reason);
    this.upload?.stop(reason);
    // Nothing is left to be timed, also where nobody reads or cancels any more.
    this.closed();
  }

  #timedOut(
    what: string,
    limit: number,
    tag: "connection-read-timeout" | "HTTP-response-timeout",
  ): HttpError {
    return new HttpError("timeout", `No ${what} for ${this.#name} within ${Math.round(limit)} ms`, {
      detail: { tag },
    });
  }
}

/** The response's header fields: names in lower case, as fetch has them, `set-cookie` in lines of its own. */
function headerList(headers: Headers): HeaderList {
  const list: [string, string][] = [];
  for (const entry of headers) list.push(entry);
  return probeWideHeaders() ? list.map(([name, value]) => [name, utf8Bytes(value)]) : list;
}

/** The bytes of UTF-8, a character each: what the value was before the platform read it as text. */
function utf8Bytes(value: string): string {
  // deno-lint-ignore no-control-regex
  return /[^\x00-\x7f]/.test(value) ? bytesToLatin1(new TextEncoder().encode(value)) : value;
}

function withTimeouts(defaults: HttpTimeouts, own: HttpTimeouts): HttpTimeouts {
  return {
    connectTimeout: own.connectTimeout ?? defaults.connectTimeout,
    firstByteTimeout: own.firstByteTimeout ?? defaults.firstByteTimeout,
    readTimeout: own.readTimeout ?? defaults.readTimeout,
    timeout: own.timeout ?? defaults.timeout,
  };
}
