/** The service behind `NodeHttpConnector`: prepares requests, makes attempts, owns the pool. */
import { isStreamBody } from "../body.ts";
import type { HttpRequest, HttpResponse, HttpService } from "../connector.ts";
import { DeadlineQueue } from "../deadlines.ts";
import type { ClientOptions } from "../options.ts";
import { PoolAgent } from "./agent.ts";
import { Dialer } from "./dial.ts";
import { Exchange, type ExchangeInit, StaleConnection } from "./exchange.ts";
import { prepareHead } from "./head.ts";
import type { NodeSettings } from "./settings.ts";
import { parseTarget } from "./target.ts";
import { Upload } from "./upload.ts";

/** RFC 9110 section 9.2.2, and PROPFIND of RFC 4918. */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PROPFIND"]);

/** Sends requests over `node:http`. */
export class NodeService implements HttpService {
  readonly #options: ClientOptions;
  readonly #agent: PoolAgent;
  readonly #dialer: Dialer;
  readonly #deadlines = new DeadlineQueue();

  /** Opens nothing yet. */
  constructor(settings: NodeSettings) {
    this.#options = settings.options;
    this.#agent = new PoolAgent(settings.options);
    this.#dialer = new Dialer(settings);
  }

  /** See {@linkcode HttpService.call}. */
  async call(request: HttpRequest): Promise<HttpResponse> {
    const init = this.#prepare(request);
    try {
      return await new Exchange(init).run();
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
      if (!mayRepeat(request, error.unsent)) throw error.cause;
      // Connections of one age die together: the server was restarted, or has the same idle timeout for all.
      this.#agent.evict(init.poolKey);
    }
    try {
      return await new Exchange(init).run();
    } catch (error) {
      throw error instanceof StaleConnection ? error.cause : error;
    }
  }

  /** See {@linkcode HttpService.close}. */
  close(): void {
    this.#agent.close();
  }

  #prepare(request: HttpRequest): ExchangeInit {
    const started = performance.now();
    try {
      const { origin, path } = parseTarget(request.url);
      const head = prepareHead(request);
      // An http request goes to the proxy itself, which is told the whole URL; an https one through a tunnel.
      const proxy = origin.secure ? undefined : this.#dialer.proxyFor(origin);
      return {
        request,
        head,
        host: head.host ?? origin.host,
        requestTarget: proxy === undefined ? path : origin.key + path,
        poolKey: proxy === undefined ? origin.key : `proxy ${proxy.origin.key}`,
        extraLines: proxy?.authorization === undefined ? [] : ["Proxy-Authorization", proxy.authorization],
        dial: (signal) => this.#dialer.dial(origin, request.url, ["http/1.1"], signal),
        agent: this.#agent,
        deadlines: this.#deadlines,
        timeouts: this.#options,
        started,
      };
    } catch (error) {
      if (request.body !== undefined) new Upload(request.body, undefined).cancel(error);
      throw error;
    }
  }
}

/** Whether a request whose kept connection died may go out once more. */
function mayRepeat(request: HttpRequest, unsent: boolean): boolean {
  if (request.body !== undefined && isStreamBody(request.body)) return false;
  // Trailers are asked for once.
  if (request.trailers !== undefined) return false;
  return unsent || (request.idempotent ?? IDEMPOTENT.has(request.method));
}
