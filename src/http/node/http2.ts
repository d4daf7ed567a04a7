/** Attempts over HTTP/2, by `node:http2`. */
import { type ClientHttp2Stream, constants, type OutgoingHttpHeaders } from "node:http2";
import type { HeaderEntry, HeaderList } from "../headers.ts";
import { ConnectorResponse } from "../response.ts";
import { isConnectionLoss } from "./errors.ts";
import { Exchange, type ExchangeInit, StaleConnection, type Writer } from "./exchange.ts";
import { refuse } from "./head.ts";
import { type BodyStream, EventBody, headerList } from "./message.ts";
import type { Session, SessionHold } from "./session.ts";

/** What an attempt over HTTP/2 is made with. */
export interface Http2Init extends ExchangeInit {
  /** Value of `:scheme`. */
  readonly scheme: string;
  /** Value of `:path`. */
  readonly path: string;
  /** The connection. */
  readonly session: Session;
}

/** One attempt, which is one stream of a connection. */
export class Http2Exchange extends Exchange {
  readonly #init: Http2Init;
  readonly #reused: boolean;
  #stream: ClientHttp2Stream | undefined;
  #hold: SessionHold | undefined;
  #trailersOut: HeaderList = [];
  #trailersIn: HeaderList = [];

  /** Prepares an attempt. */
  constructor(init: Http2Init) {
    super(init);
    this.#init = init;
    this.#reused = init.session.used;
  }

  protected override open(): void {
    const { session } = this.#init;
    let stream: ClientHttp2Stream;
    try {
      stream = session.request(this.#headers(), {
        endStream: !this.head.hasBody,
        waitForTrailers: this.request.trailers !== undefined,
      });
    } catch (error) {
      if (!session.usable) return this.fail(new StaleConnection(this.explain(error, "head"), true));
      return this.fail(refuse(this.request, "HTTP/2 cannot carry it", { tag: "HTTP-protocol-error" }, error));
    }
    this.#stream = stream;
    this.#hold = session.hold();
    stream.on("response", (_headers, _flags, raw?: unknown) => this.#onResponse(pairs(raw, _headers)));
    stream.on("trailers", (headers, _flags, raw?: unknown) => this.#trailersIn = pairs(raw, headers));
    stream.on("wantTrailers", () => stream.sendTrailers(Object.fromEntries(grouped(this.#trailersOut))));
    stream.on("error", (error) => this.#onError(error));
    stream.on("close", () => this.#onClose());
    this.onConnected();
    if (this.head.hasBody) this.send(stream as Writer);
    else this.uploadOver = true;
    this.onConnected();
  }

  protected override closeTransport(_error: unknown): void {
    const stream = this.#stream;
    if (stream !== undefined && !stream.destroyed) stream.close(constants.NGHTTP2_CANCEL);
  }

  protected override sendTrailers(trailers: HeaderList): void {
    this.#trailersOut = trailers;
  }

  protected override askToContinue(_writer: Writer, go: () => void): void {
    // The head has gone out already: a stream sends it when it is made.
    this.#stream?.on("continue", go);
  }

  #headers(): OutgoingHttpHeaders {
    const { head } = this;
    const lines = [...head.lines];
    if (head.contentLength !== undefined) lines.push("content-length", String(head.contentLength));
    if (head.expectContinue) lines.push("expect", "100-continue");
    // HTTP/2 has no connection headers (RFC 9113 section 8.2.2); these say nothing beyond what it does anyway.
    const fields = grouped(headerList(lines)).filter(([name]) =>
      name !== "connection" && name !== "keep-alive"
    );
    return {
      [constants.HTTP2_HEADER_METHOD]: this.request.method,
      [constants.HTTP2_HEADER_SCHEME]: this.#init.scheme,
      [constants.HTTP2_HEADER_AUTHORITY]: this.#init.host,
      [constants.HTTP2_HEADER_PATH]: this.#init.path,
      ...Object.fromEntries(fields),
    };
  }

  #onResponse(all: HeaderList): void {
    if (this.ended !== undefined) return;
    this.onHead();
    const status = Number(all.find(([name]) => name === constants.HTTP2_HEADER_STATUS)?.[1]);
    const headers = all.filter(([name]) => !name.startsWith(":"));
    let contentLength: number | undefined;
    try {
      contentLength = this.bodyLength(status, headers);
    } catch (error) {
      return this.fail(error);
    }
    const stream = this.#stream!;
    if (this.hasNoBody(status) || contentLength === 0) {
      stream.resume();
      this.respond(
        new ConnectorResponse({ status, headers, contentLength: this.hasNoBody(status) ? undefined : 0 }),
      );
      return this.bodyClosed();
    }
    const source = new EventBody(
      stream as BodyStream,
      this,
      contentLength,
      // A connection that breaks can look like an end. Where a length was declared, the response is held to it.
      () =>
        contentLength !== undefined ||
        (stream.rstCode ?? 0) === constants.NGHTTP2_NO_ERROR && this.#init.session.alive,
      () => this.#trailersIn,
    );
    this.body = source;
    this.respond(new ConnectorResponse({ status, headers, contentLength, source }));
  }

  #onError(error: unknown): void {
    if (this.ended !== undefined) return;
    if (this.responded) {
      this.body?.fail(error);
      return this.endUpload(error);
    }
    // RFC 9113 section 8.7: a refused stream was not processed, so any request may be made again.
    const unsent = this.#stream?.rstCode === constants.NGHTTP2_REFUSED_STREAM;
    const failure = this.explain(error, "head");
    const stale = unsent || this.#reused && isConnectionLoss(error);
    this.fail(stale ? new StaleConnection(failure, unsent) : failure);
  }

  #onClose(): void {
    this.#hold?.release();
    if (this.ended !== undefined || this.responded && this.uploadOver) return;
    const error = Object.assign(new Error("The stream was closed"), { code: "ECONNRESET" });
    if (this.responded) this.endUpload(error);
    else this.#onError(error);
  }
}

/** Fields by lower-case name, as `node:http2` takes them; lines of the same name become a list. */
function grouped(lines: HeaderList): [string, string | string[]][] {
  const fields = new Map<string, string | string[]>();
  for (const [name, value] of lines) {
    const key = name.toLowerCase();
    const before = fields.get(key);
    fields.set(key, before === undefined ? value : [before, value].flat());
  }
  return [...fields];
}

/** Header lines as received; from the parsed headers where the platform does not give the raw ones. */
function pairs(raw: unknown, headers: object): HeaderEntry[] {
  if (Array.isArray(raw)) return headerList(raw as string[]);
  return Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((one): HeaderEntry => [name, String(one)])
  );
}
