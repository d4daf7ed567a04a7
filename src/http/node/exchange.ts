/** One attempt at one HTTP/1.1 request: its phases, timers, failure and clean-up. */
import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import type { HttpRequest, HttpResponse } from "../connector.ts";
import type { Deadline, DeadlineQueue } from "../deadlines.ts";
import { HttpError, type HttpErrorDetail, type HttpErrorKind } from "../error.ts";
import { getHeader, type HeaderList } from "../headers.ts";
import type { HttpTimeouts } from "../options.ts";
import { ConnectorResponse } from "../response.ts";
import { redactUrl } from "../url.ts";
import type { PoolAgent, PooledRequestArgs } from "./agent.ts";
import { isConnectionLoss, type Phase, toHttpError } from "./errors.ts";
import { checkTrailers, parseLength, refuse, type RequestHead } from "./head.ts";
import { type BodyOwner, type EventBody, headerList, messageBody } from "./message.ts";
import {
  DEFAULT_CONNECT_TIMEOUT,
  DEFAULT_FIRST_BYTE_TIMEOUT,
  DEFAULT_READ_TIMEOUT,
  duration,
} from "./settings.ts";
import { BodyMismatch, Upload } from "./upload.ts";

/** What an attempt is made with. */
export interface ExchangeInit {
  /** The request, checked. */
  readonly request: HttpRequest;
  /** Its head. */
  readonly head: RequestHead;
  /** Value of `host`. */
  readonly host: string;
  /** What stands in the request line. */
  readonly requestTarget: string;
  /** Connections of the same key may be shared. */
  readonly poolKey: string;
  /** Further header lines, the proxy's. */
  readonly extraLines: readonly string[];
  /** Opens a connection. */
  readonly dial: (signal: AbortSignal) => Promise<Socket>;
  /** The pool. */
  readonly agent: PoolAgent;
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
  /** Whether nothing of the request had been handed to the connection. */
  readonly unsent: boolean;

  /** `cause` is what callers see if there is no second attempt. */
  constructor(cause: HttpError, unsent: boolean) {
    super("A kept connection was dead", { cause });
    this.unsent = unsent;
  }
}

/** Response heads up to here: as much as a WASI guest may be given. */
const MAX_HEAD = 128 * 1024;
/** How long a server that was asked with `expect: 100-continue` may keep silent (RFC 9110 section 10.1.1). */
const CONTINUE_WAIT = 1_000;

/** What is being waited for, and thereby which timer runs. */
type Wait = "connect" | "write" | "head" | "read" | "nothing";

/** One attempt. */
export class Exchange implements BodyOwner {
  readonly #init: ExchangeInit;
  #dialAbort: AbortController | undefined;
  #wait: Wait = "connect";
  #deadline: Deadline | undefined;
  #total: Deadline | undefined;
  #request: ClientRequest | undefined;
  #socket: Socket | undefined;
  #receivedBefore = 0;
  #sentBefore = 0;
  #upload: Upload | undefined;
  #uploadOver = false;
  #responseOver = false;
  #closeAfter = false;
  #settled = false;
  #body: EventBody | undefined;
  #message: IncomingMessage | undefined;
  /** Set once: what ended the exchange before its time. */
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  #continued: (() => void) | undefined;
  #resolve!: (response: HttpResponse) => void;
  #reject!: (error: unknown) => void;

  /** Prepares an attempt. */
  constructor(init: ExchangeInit) {
    this.#init = init;
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

  #start(): void {
    const { request, deadlines } = this.#init;
    if (request.signal?.aborted) return this.#fail(request.signal.reason);
    request.signal?.addEventListener("abort", this.#onAbort, { once: true });
    const connecting = duration(this.#timeout("connectTimeout") ?? DEFAULT_CONNECT_TIMEOUT);
    this.#deadline = deadlines.start(connecting, () => this.#expired());
    const total = duration(this.#timeout("timeout"));
    if (total !== Infinity) {
      const left = total - (performance.now() - this.#init.started);
      this.#total = deadlines.start(left, () => this.#overdue(total));
    }
    let client: ClientRequest;
    try {
      client = this.#makeRequest();
    } catch (error) {
      return this.#fail(refuse(request, "the platform refused it", { tag: "HTTP-protocol-error" }, error));
    }
    this.#request = client;
    client.on("socket", (socket) => this.#connected(socket));
    client.on("response", (message) => this.#respond(message));
    client.on("error", (error) => this.#broken(error));
    if (this.#init.head.hasBody) client.on("close", () => this.#closed());
    client.on("upgrade", (_message, socket) => {
      socket.destroy();
      this.#fail(
        this.#error("decode", "the server switched protocols unasked", { tag: "HTTP-upgrade-failed" }),
      );
    });
    if (!this.#init.head.hasBody) {
      this.#uploadOver = true;
      client.end();
      return;
    }
    this.#send(client).catch((error) => this.#uploadFailed(error));
  }

  #makeRequest(): ClientRequest {
    const { request, head, requestTarget, poolKey, extraLines, agent, dial } = this.#init;
    const lines = ["Host", this.#init.host, ...head.lines, ...extraLines];
    if (head.chunked) lines.push("Transfer-Encoding", "chunked");
    else if (head.contentLength !== undefined) lines.push("Content-Length", String(head.contentLength));
    const args: PooledRequestArgs = {
      agent,
      method: request.method,
      path: requestTarget,
      maxHeaderSize: MAX_HEAD,
      poolKey,
      dial: () => {
        this.#dialAbort = new AbortController();
        return dial(this.#dialAbort.signal);
      },
    };
    const { method } = request;
    // Node writes the head at once when it is given header lines, and the method in upper case.
    const faithful = method === method.toUpperCase();
    const client = httpRequest(faithful ? { ...args, headers: lines } : { ...args, setHost: false });
    if (!faithful) {
      client.method = method;
      setLines(client, lines);
    }
    if (head.contentLength !== undefined) {
      // As a property: as an option it has no effect. A second fence behind `Upload`.
      (client as { strictContentLength?: boolean }).strictContentLength = true;
    }
    return client;
  }

  #connected(socket: Socket): void {
    if (this.#failure !== undefined) {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    this.#receivedBefore = socket.bytesRead;
    this.#sentBefore = socket.bytesWritten;
    if (this.#message === undefined) this.#awaitHead();
  }

  /** The first byte is waited for once all is sent, or once there is nothing more to send for the moment. */
  #awaitHead(): void {
    if (this.#message !== undefined || this.#socket === undefined) return;
    if (this.#uploadOver) {
      this.#await("head", this.#timeout("firstByteTimeout") ?? DEFAULT_FIRST_BYTE_TIMEOUT);
    } else this.#await("nothing", undefined);
  }

  async #send(client: ClientRequest): Promise<void> {
    const { request, head } = this.#init;
    const upload = new Upload(request.body ?? new Uint8Array(0), head.contentLength);
    this.#upload = upload;
    if (head.expectContinue && !await this.#mayContinue(client)) return this.#skipBody(upload);
    const body = request.body;
    if (body instanceof Uint8Array && body.byteLength <= SMALL && !head.chunked) {
      // In one call, so that head and body leave in one packet.
      client.end(body);
    } else {
      await upload.run({ write: (bytes) => this.#write(client, bytes) });
      if (this.#failure !== undefined) return;
      if (request.trailers !== undefined) {
        const trailers = await request.trailers();
        checkTrailers(request, trailers);
        if (this.#failure !== undefined) return;
        client.addTrailers(trailers.map(([name, value]): [string, string] => [name, value]));
      }
      client.end();
    }
    this.#uploadOver = true;
    this.#upload = undefined;
    this.#awaitHead();
    if (!client.writableFinished) client.once("finish", () => this.#awaitHead());
    this.#settle();
  }

  /** The body was not wanted: the connection cannot be used again, as the server may still wait for it. */
  #skipBody(upload: Upload): void {
    this.#uploadOver = true;
    upload.cancel(new DOMException("The server answered without taking the request body", "AbortError"));
    this.#closeAfter = true;
    if (this.#responseOver) this.#request?.destroy();
    this.#settle();
  }

  /** Waits for `100 (Continue)`; false when the server answered at once and wants no body. */
  #mayContinue(client: ClientRequest): Promise<boolean> {
    return new Promise((resolve) => {
      const go = () => {
        clearTimeout(timer);
        this.#continued = undefined;
        resolve(this.#failure === undefined && this.#message === undefined);
      };
      const timer = setTimeout(go, CONTINUE_WAIT);
      this.#continued = go;
      client.on("continue", go);
      client.flushHeaders();
    });
  }

  #write(client: ClientRequest, bytes: Uint8Array): Promise<void> | undefined {
    // What is over needs no more bytes; the upload ends by itself.
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    if (client.write(bytes)) return undefined;
    if (this.#message === undefined && this.#socket !== undefined) {
      this.#await("write", this.#timeout("firstByteTimeout") ?? DEFAULT_FIRST_BYTE_TIMEOUT);
    }
    return new Promise((resolve) => {
      this.#wake = () => {
        client.off("drain", this.#wake!);
        this.#wake = undefined;
        if (this.#wait === "write") this.#await("nothing", undefined);
        resolve();
      };
      client.on("drain", this.#wake);
    });
  }

  #uploadFailed(error: unknown): void {
    this.#uploadOver = true;
    if (this.#failure !== undefined) return this.#settle();
    const { request } = this.#init;
    if (error instanceof BodyMismatch) {
      error = refuse(request, error.message, { tag: "HTTP-request-body-size", size: error.size }, error);
    } else if (!(error instanceof HttpError)) {
      error = refuse(request, "its body or trailers could not be read", { tag: "internal-error" }, error);
    }
    this.#fail(error);
  }

  #respond(message: IncomingMessage): void {
    if (this.#failure !== undefined) {
      message.on("error", () => {});
      message.destroy();
      return;
    }
    this.#message = message;
    this.#await("nothing", undefined);
    this.#continued?.();
    const headers = headerList(message.rawHeaders);
    const status = message.statusCode ?? 0;
    const keepAlive = getHeader(headers, "keep-alive");
    if (keepAlive !== undefined && this.#socket !== undefined) this.#init.agent.hint(this.#socket, keepAlive);
    let contentLength: number | undefined;
    try {
      contentLength = this.#bodyLength(status, headers);
    } catch (error) {
      message.on("error", () => {});
      return this.#fail(error);
    }
    if (contentLength === 0) return this.#respondEmpty(message, status, headers);
    this.#body = messageBody(message, this, contentLength);
    this.#resolve(new ConnectorResponse({ status, headers, contentLength, source: this.#body }));
  }

  /** A response without a body is over with its head, and its connection free before the caller asks for it again. */
  #respondEmpty(message: IncomingMessage, status: number, headers: HeaderList): void {
    // That of a HEAD, 204 or 304 response is not about a body that could be held to it.
    const contentLength = this.#hasNoBody(status) ? undefined : 0;
    const over = () => {
      if (this.#responseOver) return;
      this.#resolve(new ConnectorResponse({ status, headers, contentLength }));
      this.bodyClosed();
    };
    message.on("end", over);
    message.on("error", over);
    message.on("close", over);
    message.resume();
  }

  #hasNoBody(status: number): boolean {
    return this.#init.request.method === "HEAD" || status === 204 || status === 304;
  }

  /** Length of the response body; `undefined` where only its end tells (RFC 9112 section 6.3). */
  #bodyLength(status: number, headers: HeaderList): number | undefined {
    if (this.#hasNoBody(status)) return 0;
    let length: number | undefined;
    let coding: string | undefined;
    for (const [name, value] of headers) {
      if (name.length === 14 && name.toLowerCase() === "content-length") {
        length = parseLength(value);
        if (length === undefined) {
          throw this.#error("decode", "its content-length is not a number", { tag: "HTTP-protocol-error" });
        }
      } else if (name.length === 17 && name.toLowerCase() === "transfer-encoding") {
        coding = coding === undefined ? value : `${coding}, ${value}`;
      }
    }
    if (coding === undefined) return length;
    const only = coding.trim().toLowerCase();
    if (only !== "chunked" && only !== "identity") {
      throw this.#error("decode", "it came in an unknown transfer coding", {
        tag: "HTTP-response-transfer-coding",
        coding,
      });
    }
    return undefined;
  }

  #broken(error: unknown): void {
    if (this.#failure !== undefined) return;
    if (this.#message !== undefined) return this.#bodyBroken(error);
    const phase: Phase = this.#socket === undefined ? "connect" : "head";
    const failure = this.#explain(error, phase);
    const stale = phase === "head" && this.#request !== undefined &&
      this.#init.agent.reuses(this.#request) && isConnectionLoss(error) &&
      this.#socket?.bytesRead === this.#receivedBefore;
    if (stale) this.#fail(new StaleConnection(failure, this.#socket?.bytesWritten === this.#sentBefore));
    else this.#fail(failure);
  }

  #explain(error: unknown, phase: Phase): HttpError {
    if (!(error instanceof HttpError)) return toHttpError(error, phase, this.#name());
    return new HttpError(error.kind, `Failed to connect for ${this.#name()}: ${error.message}`, {
      cause: error.cause ?? error,
      detail: error.detail,
    });
  }

  #bodyBroken(error: unknown): void {
    const body = this.#body;
    if (body !== undefined) body.fail(error);
    // The response is whole, or is failing by its own events; what is left of the upload has nowhere to go.
    this.#endUpload(error);
  }

  #closed(): void {
    if (this.#failure !== undefined) return;
    // No error is made where none is needed: this is the end of each request, and stack traces are dear.
    if (this.#message !== undefined && this.#uploadOver) return;
    if (this.#message === undefined) {
      this.#broken(Object.assign(new Error("The connection was closed"), { code: "ECONNRESET" }));
    } else {
      this.#endUpload(new Error("The connection was closed"));
    }
  }

  #endUpload(error: unknown): void {
    this.#uploadOver = true;
    this.#upload?.cancel(error);
    this.#wake?.();
    this.#settle();
  }

  readonly #onAbort = (): void => this.#fail(this.#init.request.signal!.reason);

  /** Ends the exchange: the connection is closed, the request body let go, and callers are told. */
  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.#dialAbort?.abort(error);
    this.#request?.destroy();
    this.#upload?.cancel(error);
    if (this.#upload === undefined && !this.#uploadOver && this.#init.head.hasBody) this.#cancelUnsent(error);
    this.#wake?.();
    this.#continued?.();
    this.#uploadOver = true;
    this.#body?.abort(error);
    this.#responseOver = true;
    this.#settle();
    this.#reject(error);
  }

  #cancelUnsent(error: unknown): void {
    const { body } = this.#init.request;
    if (body !== undefined) new Upload(body, undefined).cancel(error);
  }

  /** Lets go of timers and listeners once both directions are over. */
  #settle(): void {
    if (!this.#uploadOver || !this.#responseOver || this.#settled) return;
    this.#settled = true;
    this.#deadline?.stop();
    this.#total?.stop();
    this.#init.request.signal?.removeEventListener("abort", this.#onAbort);
  }

  // BodyOwner

  waiting(yes: boolean): void {
    if (yes) this.#await("read", this.#timeout("readTimeout") ?? DEFAULT_READ_TIMEOUT);
    else this.#await("nothing", undefined);
  }

  giveUp(reason: unknown): void {
    if (this.#failure !== undefined) return;
    this.#fail(reason ?? new DOMException("Response body was cancelled", "AbortError"));
  }

  failure(error: unknown): unknown {
    if (this.#failure !== undefined) return this.#failure.error;
    return toHttpError(error, "body", this.#name());
  }

  bodyClosed(): void {
    this.#responseOver = true;
    this.#await("nothing", undefined);
    if (this.#closeAfter) this.#request?.destroy();
    this.#settle();
  }

  // Timers

  #expired(): void {
    switch (this.#wait) {
      case "connect":
        return this.#fail(this.#error("connect", "no connection in time", { tag: "connection-timeout" }));
      case "write":
        return this.#fail(this.#error("timeout", "the server stopped taking the request body", {
          tag: "connection-write-timeout",
        }));
      case "head":
        return this.#fail(
          this.#error("timeout", "no response head in time", { tag: "connection-read-timeout" }),
        );
      case "read":
        return this.#fail(this.#error("timeout", "no more of the response body in time", {
          tag: "connection-read-timeout",
        }));
    }
  }

  #overdue(limit: number): void {
    this.#fail(
      this.#error("timeout", `it was not done within ${limit} ms`, { tag: "HTTP-response-timeout" }),
    );
  }

  #await(what: Wait, limit: number | undefined): void {
    // What has failed waits for nothing, and must not leave a timer behind.
    if (this.#failure !== undefined) return;
    this.#wait = what;
    this.#deadline?.set(duration(limit));
  }

  #timeout(name: keyof HttpTimeouts): number | undefined {
    return this.#init.request.timeouts?.[name] ?? this.#init.timeouts[name];
  }

  #name(): string {
    const { method, url } = this.#init.request;
    return `${method} ${redactUrl(url)}`;
  }

  #error(kind: HttpErrorKind, why: string, detail: HttpErrorDetail): HttpError {
    return new HttpError(kind, `Failed to get a response to ${this.#name()}: ${why}`, { detail });
  }
}

/** Bodies up to here go out in one call. */
const SMALL = 64 * 1024;

/** Sets header lines one name at a time: lines of the same name end up side by side. */
function setLines(client: ClientRequest, lines: readonly string[]): void {
  const values = new Map<string, { name: string; values: string[] }>();
  for (const [name, value] of headerList(lines)) {
    const same = values.get(name.toLowerCase());
    if (same === undefined) values.set(name.toLowerCase(), { name, values: [value] });
    else same.values.push(value);
  }
  for (const { name, values: all } of values.values()) {
    client.setHeader(name, all.length === 1 ? all[0]! : all);
  }
}
