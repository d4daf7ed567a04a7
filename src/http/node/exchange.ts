/** One attempt at one request, whatever the HTTP version: its phases, timers, failure and clean-up. */
import { parseContentLength } from "../content_length.ts";
import type { Deadline, DeadlineQueue } from "../deadlines.ts";
import { HttpError, type HttpErrorDetail, type HttpErrorKind } from "../error.ts";
import type { HeaderList } from "../headers.ts";
import { redactUrl } from "../redact.ts";
import type { HttpRequest, HttpResponse } from "../service.ts";
import {
  DEFAULT_CONNECT_TIMEOUT,
  DEFAULT_FIRST_BYTE_TIMEOUT,
  DEFAULT_READ_TIMEOUT,
  duration,
  type HttpTimeouts,
} from "../timeouts.ts";
import { type Phase, toHttpError } from "./errors.ts";
import { checkTrailers, refuse, type RequestHead } from "./head.ts";
import type { BodyOwner, EventBody } from "./message.ts";
import { BodyMismatch, Upload } from "./upload.ts";

/** What every attempt is made with. */
export interface ExchangeInit {
  /** The request, checked. */
  readonly request: HttpRequest;
  /** Its head. */
  readonly head: RequestHead;
  /** Value of `host` or `:authority`. */
  readonly host: string;
  /** The service's deadlines. */
  readonly deadlines: DeadlineQueue;
  /** Timeouts of the client. */
  readonly timeouts: HttpTimeouts;
  /** Start of the request on the clock of `performance.now()`. */
  readonly started: number;
}

/** A kept connection turned out to be dead before anything came back on it: the one failure that may be retried. */
export class StaleConnection extends Error {
  override readonly name = "StaleConnection";
  /** Whether nothing of the request can have been acted on. */
  readonly unsent: boolean;

  /** `cause` is what callers see if there is no second attempt. */
  constructor(cause: HttpError, unsent: boolean) {
    super("A kept connection was dead", { cause });
    this.unsent = unsent;
  }
}

/** Where body bytes are written: a request of `node:http`, or a stream of `node:http2`. */
export interface Writer {
  write(bytes: Uint8Array): boolean;
  end(bytes?: Uint8Array): unknown;
  on(event: "drain", listener: () => void): unknown;
  once(event: "finish", listener: () => void): unknown;
  off(event: "drain", listener: () => void): unknown;
  readonly writableFinished: boolean;
}

/** Bodies up to here go out in one call. */
const SMALL = 64 * 1024;
/** How long a server that was asked with `expect: 100-continue` may keep silent (RFC 9110 section 10.1.1). */
const CONTINUE_WAIT = 1_000;

/** What is being waited for, and thereby which timer runs. */
type Wait = "connect" | "write" | "head" | "read" | "nothing";

/** One attempt. */
export abstract class Exchange implements BodyOwner {
  protected readonly request: HttpRequest;
  protected readonly head: RequestHead;
  /** A connection is there. */
  protected connected = false;
  /** The response head is there. */
  protected responded = false;
  /** The response is over, or will never come. */
  protected responseOver = false;
  /** The request body is sent, or will not be sent further. */
  protected uploadOver = false;
  /** The connection is not to be used again, as the server may still wait for the body. */
  protected closeAfter = false;
  /** Set once: what ended the exchange before its time. */
  protected ended: { readonly error: unknown } | undefined;
  protected body: EventBody | undefined;
  readonly #init: ExchangeInit;
  #wait: Wait = "connect";
  #deadline: Deadline | undefined;
  #total: Deadline | undefined;
  #upload: Upload | undefined;
  #settled = false;
  #wake: (() => void) | undefined;
  #continued: (() => void) | undefined;
  #resolve!: (response: HttpResponse) => void;
  #reject!: (error: unknown) => void;
  #onAbort: (() => void) | undefined;

  /** Prepares an attempt. */
  constructor(init: ExchangeInit) {
    this.#init = init;
    this.request = init.request;
    this.head = init.head;
  }

  /**
   * Makes the attempt.
   *
   * @throws {HttpError} when no response head came; the reason of the caller's signal when that was aborted.
   * @throws {StaleConnection} when it may be worth a second attempt.
   */
  run(): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#start();
    });
  }

  /** Opens or takes a connection and sends the head. */
  protected abstract open(): void;
  /** Closes the connection, or the stream of it. */
  protected abstract closeTransport(error: unknown): void;
  /** Hands over trailer fields, before the end is written. */
  protected abstract sendTrailers(trailers: HeaderList): void;
  /** Sends the head now, and tells of `100 (Continue)`. */
  protected abstract askToContinue(writer: Writer, go: () => void): void;

  #start(): void {
    const { signal } = this.request;
    if (signal !== undefined) {
      if (signal.aborted) return this.fail(signal.reason);
      this.#onAbort = () => this.fail(signal.reason);
      signal.addEventListener("abort", this.#onAbort, { once: true });
    }
    const { deadlines, started } = this.#init;
    const connecting = duration(this.#timeout("connectTimeout") ?? DEFAULT_CONNECT_TIMEOUT);
    this.#deadline = deadlines.start(connecting, () => this.#expired());
    const total = duration(this.#timeout("timeout"));
    if (total !== Infinity) {
      this.#total = deadlines.start(total - (performance.now() - started), () => this.#overdue(total));
    }
    this.open();
  }

  /** The connection is there: the first byte is waited for once all is sent. */
  protected onConnected(): void {
    this.connected = true;
    this.#awaitHead();
  }

  #awaitHead(): void {
    if (this.responded || !this.connected) return;
    if (this.uploadOver) this.#await("head", this.#firstByteTimeout());
    else this.#await("nothing", undefined);
  }

  /** Sends the body, if there is one, and the end. */
  protected send(writer: Writer): void {
    if (this.head.hasBody) {
      this.#sendBody(writer).catch((error) => this.#uploadFailed(error));
      return;
    }
    this.uploadOver = true;
    writer.end();
  }

  async #sendBody(writer: Writer): Promise<void> {
    const { request, head } = this;
    const { body } = request;
    const upload = new Upload(body ?? new Uint8Array(0), head.contentLength);
    this.#upload = upload;
    if (head.expectContinue && !await this.#mayContinue(writer)) return this.#skipBody(upload);
    const only = Array.isArray(body) && body.length === 1 ? body[0] : body;
    if (only instanceof Uint8Array && only.byteLength <= SMALL && !head.chunked) {
      // In one call, so that head and body leave in one packet.
      writer.end(only);
    } else {
      await upload.run({ write: (bytes) => this.#write(writer, bytes) });
      if (this.ended !== undefined) return;
      if (request.trailers !== undefined) {
        const trailers = await request.trailers();
        checkTrailers(request, trailers);
        if (this.ended !== undefined) return;
        this.sendTrailers(trailers);
      }
      writer.end();
    }
    this.uploadOver = true;
    this.#upload = undefined;
    this.#awaitHead();
    // What is still on its way through the system's buffers has not been waited for by the server.
    if (!writer.writableFinished) writer.once("finish", () => this.#awaitHead());
    this.settle();
  }

  #skipBody(upload: Upload): void {
    this.uploadOver = true;
    upload.cancel(new DOMException("The server answered without taking the request body", "AbortError"));
    this.closeAfter = true;
    if (this.responseOver) this.closeTransport(undefined);
    this.settle();
  }

  /** Waits for `100 (Continue)`; false when the server answered at once and wants no body. */
  #mayContinue(writer: Writer): Promise<boolean> {
    return new Promise((resolve) => {
      const go = () => {
        clearTimeout(timer);
        this.#continued = undefined;
        resolve(this.ended === undefined && !this.responded);
      };
      const timer = setTimeout(go, CONTINUE_WAIT);
      this.#continued = go;
      this.askToContinue(writer, go);
    });
  }

  #write(writer: Writer, bytes: Uint8Array): Promise<void> | undefined {
    if (this.ended !== undefined) return Promise.reject(this.ended.error);
    // The response is over and the connection gone: nobody is there to tell or to be told.
    if (this.uploadOver) return Promise.reject(new Error("The connection was closed"));
    if (writer.write(bytes)) return undefined;
    if (!this.responded && this.connected) this.#await("write", this.#firstByteTimeout());
    return new Promise((resolve) => {
      const wake = () => {
        writer.off("drain", wake);
        this.#wake = undefined;
        if (this.#wait === "write") this.#await("nothing", undefined);
        resolve();
      };
      this.#wake = wake;
      writer.on("drain", wake);
    });
  }

  #uploadFailed(error: unknown): void {
    if (this.uploadOver || this.ended !== undefined) return this.settle();
    this.uploadOver = true;
    const { request } = this;
    if (error instanceof BodyMismatch) {
      error = refuse(request, error.message, { tag: "HTTP-request-body-size", size: error.size }, error);
    } else if (!(error instanceof HttpError)) {
      error = refuse(request, "its body or trailers could not be read", { tag: "internal-error" }, error);
    }
    this.fail(error);
  }

  /** Sends no more of the body: the connection takes none. */
  protected endUpload(error: unknown): void {
    this.uploadOver = true;
    this.#upload?.cancel(error);
    this.#wake?.();
    this.settle();
  }

  /** The head has come. */
  protected onHead(): void {
    this.responded = true;
    this.#await("nothing", undefined);
    this.#continued?.();
  }

  /** Gives the response to the caller. */
  protected respond(response: HttpResponse): void {
    this.#resolve(response);
  }

  /** Whether a response of this status has no body, whatever its headers say. */
  protected hasNoBody(status: number): boolean {
    return this.request.method === "HEAD" || status === 204 || status === 304;
  }

  /** Length of the response body; `undefined` where only its end tells (RFC 9112 section 6.3). */
  protected bodyLength(status: number, headers: HeaderList): number | undefined {
    if (this.hasNoBody(status)) return 0;
    let length: number | undefined;
    let coding: string | undefined;
    for (const [name, value] of headers) {
      if (name.length === 14 && name.toLowerCase() === "content-length") {
        length = parseContentLength(value);
        if (length === undefined) {
          throw this.error("decode", "its content-length is not a number", { tag: "HTTP-protocol-error" });
        }
      } else if (name.length === 17 && name.toLowerCase() === "transfer-encoding") {
        coding = coding === undefined ? value : `${coding}, ${value}`;
      }
    }
    if (coding === undefined) return length;
    const only = coding.trim().toLowerCase();
    if (only !== "chunked" && only !== "identity") {
      throw this.error("decode", "it came in an unknown transfer coding", {
        tag: "HTTP-response-transfer-coding",
        coding,
      });
    }
    return undefined;
  }

  /** Ends the exchange: the connection is closed, the request body let go, and callers are told. */
  protected fail(error: unknown): void {
    if (this.ended !== undefined) return;
    this.ended = { error };
    const told = error instanceof StaleConnection ? error.cause : error;
    this.closeTransport(told);
    if (this.#upload !== undefined) this.#upload.cancel(told);
    else if (!this.uploadOver && this.request.body !== undefined) {
      new Upload(this.request.body, 0).cancel(told);
    }
    this.#wake?.();
    this.#continued?.();
    this.uploadOver = true;
    this.body?.abort(told);
    this.responseOver = true;
    this.settle();
    this.#reject(error);
  }

  /** Lets go of timers and listeners once both directions are over. */
  protected settle(): void {
    if (!this.uploadOver || !this.responseOver || this.#settled) return;
    this.#settled = true;
    this.#deadline?.stop();
    this.#total?.stop();
    if (this.#onAbort !== undefined) this.request.signal?.removeEventListener("abort", this.#onAbort);
  }

  /** See {@linkcode BodyOwner.waiting}. */
  waiting(yes: boolean): void {
    if (yes) this.#await("read", this.#timeout("readTimeout") ?? DEFAULT_READ_TIMEOUT);
    else this.#await("nothing", undefined);
  }

  /** See {@linkcode BodyOwner.giveUp}. */
  giveUp(reason: unknown): void {
    this.fail(reason ?? new DOMException("Response body was cancelled", "AbortError"));
  }

  /** See {@linkcode BodyOwner.failure}. */
  failure(error: unknown): unknown {
    return this.ended !== undefined ? this.ended.error : toHttpError(error, "body", this.name());
  }

  /** See {@linkcode BodyOwner.bodyClosed}. */
  bodyClosed(): void {
    if (this.responseOver) return;
    this.responseOver = true;
    this.#await("nothing", undefined);
    if (this.closeAfter) this.closeTransport(undefined);
    this.settle();
  }

  #expired(): void {
    switch (this.#wait) {
      case "connect":
        return this.fail(this.error("connect", "no connection in time", { tag: "connection-timeout" }));
      case "write":
        return this.fail(this.error("timeout", "the server stopped taking the request body", {
          tag: "connection-write-timeout",
        }));
      case "head":
        return this.fail(
          this.error("timeout", "no response head in time", { tag: "connection-read-timeout" }),
        );
      case "read":
        return this.fail(this.error("timeout", "no more of the response body in time", {
          tag: "connection-read-timeout",
        }));
    }
  }

  #overdue(limit: number): void {
    this.fail(this.error("timeout", `it was not done within ${limit} ms`, { tag: "HTTP-response-timeout" }));
  }

  #await(what: Wait, limit: number | undefined): void {
    // What is over waits for nothing, and must not leave a timer behind.
    if (this.ended !== undefined || this.#settled) return;
    this.#wait = what;
    this.#deadline?.set(duration(limit));
  }

  #firstByteTimeout(): number {
    return this.#timeout("firstByteTimeout") ?? DEFAULT_FIRST_BYTE_TIMEOUT;
  }

  #timeout(name: keyof HttpTimeouts): number | undefined {
    return this.request.timeouts?.[name] ?? this.#init.timeouts[name];
  }

  /** How the request is named in messages: without user information and signatures. */
  protected name(): string {
    return `${this.request.method} ${redactUrl(this.request.url)}`;
  }

  /** An error of our own finding. */
  protected error(kind: HttpErrorKind, why: string, detail: HttpErrorDetail): HttpError {
    return new HttpError(kind, `Failed to get a response to ${this.name()}: ${why}`, { detail });
  }

  /** What an error of the platform, or of connecting, means for this request. */
  protected explain(error: unknown, phase: Phase): HttpError {
    if (!(error instanceof HttpError)) return toHttpError(error, phase, this.name());
    return new HttpError(error.kind, `Failed to connect for ${this.name()}: ${error.message}`, {
      cause: error.cause ?? error,
      detail: error.detail,
      key: error.key,
    });
  }
}
