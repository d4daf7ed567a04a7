/** The service behind `NodeHttpConnector`: prepares requests, makes attempts, owns the pools. */
import { DeadlineQueue, HttpError, isStreamBody, redactUrl } from "../core.ts";
import type { ClientOptions } from "../options.ts";
import { isIdempotent } from "../retry/rules.ts";
import type { HttpRequest, HttpResponse, HttpService } from "../service.ts";
import { DEFAULT_CONNECT_TIMEOUT, duration } from "../timeouts.ts";
import { PoolAgent } from "./agent.ts";
import { http2Works } from "./check_options.ts";
import { Dialer } from "./dial.ts";
import { toHttpError } from "./errors.ts";
import { StaleConnection } from "./exchange.ts";
import { prepareHead, type RequestHead } from "./head.ts";
import { Http1Exchange, type Http1Init } from "./http1.ts";
import { Http2Exchange } from "./http2.ts";
import type { Proxy } from "./proxy.ts";
import { type Connected, SessionHold, SessionPool } from "./session.ts";
import type { NodeSettings } from "./settings.ts";
import { type Origin, parseTarget, type Target } from "./target.ts";
import { Upload } from "./upload.ts";

/** A request, looked at. */
interface Prepared {
  readonly target: Target;
  readonly head: RequestHead;
  readonly started: number;
}

/** Sends requests over `node:http` and, where the options allow it, `node:http2`. */
export class NodeService implements HttpService {
  readonly #options: ClientOptions;
  readonly #agent: PoolAgent;
  readonly #dialer: Dialer;
  readonly #sessions: SessionPool | undefined;
  readonly #deadlines = new DeadlineQueue();

  /** Opens nothing yet. */
  constructor(settings: NodeSettings) {
    const { options } = settings;
    this.#options = options;
    this.#agent = new PoolAgent(options);
    this.#dialer = new Dialer(settings);
    // Where HTTP/2 is only allowed, HTTP/1.1 will do.
    if (options.http2Only || options.http1Only === false && http2Works()) {
      this.#sessions = new SessionPool(options, this.#dialer);
    }
  }

  /** See {@linkcode HttpService.call}. */
  async call(request: HttpRequest): Promise<HttpResponse> {
    const prepared = this.#prepare(request);
    try {
      return await this.#attempt(request, prepared);
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
      if (!mayRepeat(request, error.unsent)) throw error.cause;
      // Connections of one age die together: the server was restarted, or has the same idle timeout for all.
      this.#agent.evict(poolKey(prepared.target.origin, this.#proxyOf(prepared.target.origin)));
    }
    try {
      return await this.#attempt(request, prepared);
    } catch (error) {
      throw error instanceof StaleConnection ? error.cause : error;
    }
  }

  /** See {@linkcode HttpService.close}. */
  close(): void {
    this.#agent.close();
    this.#sessions?.close();
  }

  #prepare(request: HttpRequest): Prepared {
    const started = performance.now();
    try {
      return { target: parseTarget(request.url), head: prepareHead(request), started };
    } catch (error) {
      if (request.body !== undefined) new Upload(request.body, undefined).cancel(error);
      throw error;
    }
  }

  #attempt(request: HttpRequest, prepared: Prepared): Promise<HttpResponse> {
    if (this.#sessions !== undefined) return this.#negotiate(request, prepared, this.#sessions);
    return new Http1Exchange(this.#http1(request, prepared)).run();
  }

  #http1(request: HttpRequest, { target: { origin, path }, head, started }: Prepared): Http1Init {
    const proxy = this.#proxyOf(origin);
    return {
      request,
      head,
      host: head.host ?? origin.host,
      requestTarget: proxy === undefined ? path : origin.key + path,
      poolKey: poolKey(origin, proxy),
      extraLines: proxy?.authorization === undefined ? [] : ["Proxy-Authorization", proxy.authorization],
      dial: (signal) => this.#dialer.dial(origin, request.url, ["http/1.1"], signal),
      agent: this.#agent,
      deadlines: this.#deadlines,
      timeouts: this.#options,
      started,
    };
  }

  /** Connecting is shared with other requests, so this request's own limits are put around the waiting for it. */
  async #connect(
    request: HttpRequest,
    { target: { origin }, started }: Prepared,
    sessions: SessionPool,
  ): Promise<Connected | undefined> {
    const { signal, timeouts } = request;
    const waiting = new AbortController();
    const abort = () => waiting.abort(signal?.reason);
    const limit = (ms: number, error: HttpError) =>
      ms === Infinity ? undefined : this.#deadlines.start(ms, () => waiting.abort(error));
    const total = duration(timeouts?.timeout ?? this.#options.timeout) - (performance.now() - started);
    const deadlines = [
      limit(
        duration(timeouts?.connectTimeout ?? this.#options.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT),
        NO_CONNECTION,
      ),
      limit(total, NOT_DONE),
    ];
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    try {
      return await sessions.connect(origin, request.url, waiting.signal);
    } catch (error) {
      const failure = signal?.aborted ? signal.reason : connectFailure(request, error);
      if (request.body !== undefined) new Upload(request.body, undefined).cancel(failure);
      throw failure;
    } finally {
      signal?.removeEventListener("abort", abort);
      for (const deadline of deadlines) deadline?.stop();
    }
  }

  /** The proxy that is asked itself, with the whole URL, as for http; an https request goes through a tunnel. */
  #proxyOf(origin: Origin): Proxy | undefined {
    return origin.secure ? undefined : this.#dialer.proxyFor(origin);
  }

  async #negotiate(request: HttpRequest, prepared: Prepared, sessions: SessionPool): Promise<HttpResponse> {
    const { target: { origin, path }, head, started } = prepared;
    const connected = await this.#connect(request, prepared, sessions);
    if (connected instanceof SessionHold) {
      try {
        return await new Http2Exchange({
          request,
          head,
          host: head.host ?? origin.host,
          scheme: origin.secure ? "https" : "http",
          path,
          session: connected.session,
          deadlines: this.#deadlines,
          timeouts: this.#options,
          started,
        }).run();
      } finally {
        // The exchange has its own hold by now, where it made a stream.
        connected.release();
      }
    }
    const init = this.#http1(request, prepared);
    if (connected === undefined) return await new Http1Exchange(init).run();
    let left: typeof connected | undefined = connected;
    const dial: Http1Init["dial"] = (signal) => {
      const socket = left;
      left = undefined;
      return socket === undefined ? init.dial(signal) : Promise.resolve(socket);
    };
    try {
      return await new Http1Exchange({ ...init, dial }).run();
    } finally {
      left?.destroy();
    }
  }
}

const NO_CONNECTION = new HttpError("connect", "no connection in time", {
  detail: { tag: "connection-timeout" },
});
const NOT_DONE = new HttpError("timeout", "it was not done in time", {
  detail: { tag: "HTTP-response-timeout" },
});

function poolKey(origin: Origin, proxy: Proxy | undefined): string {
  return proxy === undefined ? origin.key : `proxy ${proxy.origin.key}`;
}

function connectFailure(request: HttpRequest, error: unknown): HttpError {
  const name = `${request.method} ${redactUrl(request.url)}`;
  if (!(error instanceof HttpError)) return toHttpError(error, "connect", name);
  return new HttpError(error.kind, `Failed to connect for ${name}: ${error.message}`, {
    cause: error.cause ?? error,
    detail: error.detail,
    key: error.key,
  });
}

/** Whether a request whose kept connection died may go out once more. */
function mayRepeat(request: HttpRequest, unsent: boolean): boolean {
  if (request.body !== undefined && isStreamBody(request.body)) return false;
  // Trailers are asked for once.
  if (request.trailers !== undefined) return false;
  return unsent || isIdempotent(request);
}
