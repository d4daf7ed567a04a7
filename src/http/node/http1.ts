/** Attempts over HTTP/1.1, by `node:http`. */
import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import { isStreamBody } from "../body.ts";
import { getHeader, type HeaderList } from "../headers.ts";
import { ConnectorResponse } from "../response.ts";
import type { PoolAgent, PooledRequestArgs } from "./agent.ts";
import { isConnectionLoss } from "./errors.ts";
import { Exchange, type ExchangeInit, StaleConnection, type Writer } from "./exchange.ts";
import { refuse } from "./head.ts";
import { headerList, messageBody } from "./message.ts";

/** What an attempt over HTTP/1.1 is made with. */
export interface Http1Init extends ExchangeInit {
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
}

/** Response heads up to here: as much as a WASI guest may be given. */
const MAX_HEAD = 128 * 1024;

/** One attempt. */
export class Http1Exchange extends Exchange {
  readonly #init: Http1Init;
  #dialAbort: AbortController | undefined;
  #client: ClientRequest | undefined;
  #socket: Socket | undefined;
  #receivedBefore = 0;
  #sentBefore = 0;

  /** Prepares an attempt. */
  constructor(init: Http1Init) {
    super(init);
    this.#init = init;
  }

  protected override open(): void {
    let client: ClientRequest;
    try {
      client = this.#makeRequest();
    } catch (error) {
      return this.fail(
        refuse(this.request, "the platform refused it", { tag: "HTTP-protocol-error" }, error),
      );
    }
    this.#client = client;
    client.on("socket", (socket) => this.#onSocket(socket));
    client.on("response", (message) => this.#onResponse(message));
    client.on("error", (error) => this.#onError(error));
    if (this.head.hasBody) client.on("close", () => this.#onClose());
    client.on("upgrade", (_message, socket) => {
      socket.destroy();
      this.fail(
        this.error("decode", "the server switched protocols unasked", { tag: "HTTP-upgrade-failed" }),
      );
    });
    this.send(client);
    // A stream may have nothing to give until the response is there (full duplex); the head must not wait for it.
    const { body } = this.request;
    if (body !== undefined && isStreamBody(body)) client.flushHeaders();
  }

  protected override closeTransport(error: unknown): void {
    this.#dialAbort?.abort(error);
    this.#client?.destroy();
  }

  protected override sendTrailers(trailers: HeaderList): void {
    this.#client?.addTrailers(trailers.map(([name, value]): [string, string] => [name, value]));
  }

  protected override askToContinue(_writer: Writer, go: () => void): void {
    this.#client?.on("continue", go);
    this.#client?.flushHeaders();
  }

  #makeRequest(): ClientRequest {
    const { requestTarget, poolKey, extraLines, agent, dial, host } = this.#init;
    const { head } = this;
    const { method } = this.request;
    const lines = ["Host", host, ...head.lines, ...extraLines];
    if (head.chunked) lines.push("Transfer-Encoding", "chunked");
    else if (head.contentLength !== undefined) lines.push("Content-Length", String(head.contentLength));
    if (head.expectContinue) lines.push("Expect", "100-continue");
    const args: PooledRequestArgs = {
      agent,
      method,
      path: requestTarget,
      maxHeaderSize: MAX_HEAD,
      poolKey,
      dial: () => {
        this.#dialAbort = new AbortController();
        return dial(this.#dialAbort.signal);
      },
    };
    this.#init.agent.prune();
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

  #onSocket(socket: Socket): void {
    if (this.ended !== undefined) {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    this.#receivedBefore = socket.bytesRead;
    this.#sentBefore = socket.bytesWritten;
    this.onConnected();
  }

  #onResponse(message: IncomingMessage): void {
    if (this.ended !== undefined) {
      message.on("error", () => {});
      message.destroy();
      return;
    }
    this.onHead();
    const headers = headerList(message.rawHeaders);
    const status = message.statusCode ?? 0;
    const keepAlive = getHeader(headers, "keep-alive");
    if (keepAlive !== undefined && this.#socket !== undefined) this.#init.agent.hint(this.#socket, keepAlive);
    let contentLength: number | undefined;
    try {
      contentLength = this.bodyLength(status, headers);
    } catch (error) {
      message.on("error", () => {});
      return this.fail(error);
    }
    if (contentLength === 0) return this.#respondEmpty(message, status, headers);
    const source = messageBody(message, this, contentLength);
    this.body = source;
    this.respond(new ConnectorResponse({ status, headers, contentLength, source }));
  }

  /** A response without a body is over with its head, and its connection free before the caller asks for it again. */
  #respondEmpty(message: IncomingMessage, status: number, headers: HeaderList): void {
    // That of a HEAD, 204 or 304 response is not about a body that could be held to it.
    const contentLength = this.hasNoBody(status) ? undefined : 0;
    const over = () => {
      if (this.responseOver) return;
      this.respond(new ConnectorResponse({ status, headers, contentLength }));
      this.bodyClosed();
    };
    message.on("end", over);
    message.on("error", over);
    message.on("close", over);
    message.resume();
  }

  #onError(error: unknown): void {
    if (this.ended !== undefined) return;
    if (this.responded) {
      this.body?.fail(error);
      // The response is whole, or is failing by its own events; what is left of the upload has nowhere to go.
      return this.endUpload(error);
    }
    const failure = this.explain(error, this.connected ? "head" : "connect");
    const stale = this.connected && this.#init.agent.reuses(this.#client!) && isConnectionLoss(error) &&
      this.#socket?.bytesRead === this.#receivedBefore;
    this.fail(
      stale ? new StaleConnection(failure, this.#socket?.bytesWritten === this.#sentBefore) : failure,
    );
  }

  #onClose(): void {
    if (this.ended !== undefined || this.responded && this.uploadOver) return;
    const error = Object.assign(new Error("The connection was closed"), { code: "ECONNRESET" });
    if (this.responded) this.endUpload(error);
    else this.#onError(error);
  }
}

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
