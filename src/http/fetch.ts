/** The portable connector: HTTP over the platform's `fetch`, in Deno, Node, Bun, browsers, workers and guests. */
import type { HttpConnector, HttpRequest, HttpResponse, HttpService } from "./connector.ts";
import { DeadlineQueue } from "./deadlines.ts";
import { HttpError } from "./error.ts";
import { FetchExchange } from "./fetch/exchange.ts";
import { plainBody, plainFields, PlainUrls, uploadTime } from "./fetch/plain.ts";
import { type FetchAbilities, probeGuarded } from "./fetch/platform.ts";
import type { FetchCall } from "./fetch/prepare.ts";
import { asksForClient, checkOptions, type DenoClient } from "./fetch/settings.ts";
import type { ClientOptions } from "./options.ts";
import { NotSupportedError } from "../store/error.ts";

export type { FetchAbilities } from "./fetch/platform.ts";

/** Options of {@linkcode FetchConnector}. */
export interface FetchConnectorOptions {
  /** The `fetch` to use. Default: the platform's, looked up at each `connect`. */
  readonly fetch?: typeof globalThis.fetch;
  /** What this `fetch` can do, where probing is wrong or your own `fetch` differs. */
  readonly abilities?: FetchAbilities;
}

/**
 * HTTP over `fetch`. What `fetch` cannot carry is refused by name rather than changed on the way; the message says
 * whether `NodeHttpConnector` can:
 *
 * - a GET or HEAD body, the methods CONNECT and TRACE, a `host` other than the URL's, request trailers, paths that
 *   the URL parser would rewrite (`/a/../b`, `%2e%2e`, a space), headers of the connection, ports that the Fetch
 *   standard blocks, user information in URLs;
 * - in browsers, headers that the platform keeps for itself, and redirects, which it hides;
 * - streams with a declared length where `fetch` would send them chunked (Deno) or not at all (Firefox, Safari) are
 *   sent from memory up to 16 MiB and refused above.
 *
 * What `fetch` does not show is not there: informational responses, response trailers (empty), the case and the
 * separate lines of repeated response headers (one line, values joined with a comma; `set-cookie` kept apart).
 *
 * Content codings are asked for by nobody (`accept-encoding: identity`); where a response comes encoded all the same
 * and the platform decodes it (Node, browsers), it says `decoded: true` and has no `contentLength`, and a decoded
 * range is an error.
 *
 * Timers: `fetch` does not tell when it is connected, so `connectTimeout` and `firstByteTimeout` are one timer of
 * their sum, which starts anew with each piece of a streamed request body; bytes are given 64 KiB/s. Node's own
 * limits (10 s to connect, 300 s to the head and between pieces) stay in force below longer timers.
 *
 * A `policy` is asked about URLs (by `createClient`); the addresses that names resolve to are not visible to `fetch`.
 *
 * ```ts ignore
 * const service = new FetchConnector().connect();
 * const response = await service.call({ method: "GET", url: "https://example.com/", headers: [] });
 * console.log(response.status, await response.text());
 * ```
 */
export class FetchConnector implements HttpConnector {
  readonly #options: FetchConnectorOptions;

  /** Looks at nothing yet: the platform is looked at by `connect` and the first request. */
  constructor(options: FetchConnectorOptions = {}) {
    this.#options = options;
  }

  /**
   * A service with these options.
   *
   * @throws {NotSupportedError} where there is no `fetch`, and for an option that this platform's cannot honour.
   */
  connect(options: ClientOptions = {}): HttpService {
    const given = this.#options.fetch;
    const fetch = given ?? globalThis.fetch;
    if (typeof fetch !== "function") {
      throw new NotSupportedError(
        'Cannot connect: this environment has no "fetch"; pass one as new FetchConnector({ fetch }), or another ' +
          "HttpConnector in the options of the store or guest",
        { store: "HTTP" },
      );
    }
    checkOptions(options, given === undefined);
    // Called without a receiver, as some platforms insist on.
    return new FetchService((url, init) => fetch(url, init), options, this.#options.abilities ?? {});
  }
}

class FetchService implements HttpService {
  readonly #fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly #options: ClientOptions;
  readonly #abilities: FetchAbilities;
  readonly #guarded: boolean;
  readonly #plainUrls = new PlainUrls();
  readonly #deadlines = new DeadlineQueue();
  readonly #asksForClient: boolean;
  #client: Promise<DenoClient> | undefined;
  #closed = false;

  constructor(
    fetch: (url: string, init: RequestInit) => Promise<Response>,
    options: ClientOptions,
    abilities: FetchAbilities,
  ) {
    this.#fetch = fetch;
    this.#options = options;
    this.#abilities = abilities;
    this.#guarded = abilities.guarded ?? probeGuarded();
    this.#asksForClient = asksForClient(options);
  }

  async call(request: HttpRequest): Promise<HttpResponse> {
    const exchange = new FetchExchange(
      request,
      this.#options,
      this.#deadlines,
      this.#abilities.decodes,
      this.#guarded,
    );
    try {
      request.signal?.throwIfAborted();
      const { url, init } = this.#plainCall(request, exchange) ?? await this.#prepare(request, exchange);
      init.redirect = "manual";
      init.signal = exchange.signal;
      if (this.#guarded) {
        // A page's cookies, its cache and its address are none of the request's.
        init.credentials = "omit";
        // With anything but "force-cache" a write may go out with a "cache-control: no-cache" that nobody asked for and
        // servers take for the object's (Fetch standard, HTTP-network-or-cache fetch); writes are never cached anyway.
        init.cache = request.method === "GET" || request.method === "HEAD" ? "no-store" : "force-cache";
        init.referrerPolicy = "no-referrer";
      }
      if (this.#asksForClient) (init as { client?: DenoClient }).client = await this.#denoClient();
      // Loaded beside the first request.
      const loading = responses === undefined ? loadResponses() : undefined;
      loading?.catch(() => {});
      const answer = this.#fetch(url, init);
      const response = await (exchange.upload?.orAborted(answer, exchange.signal) ?? answer);
      const received = exchange.receive(response, responses ?? await loading!);
      // Waiting for what is there costs a turn.
      return received instanceof Promise ? await received : received;
    } catch (error) {
      throw await exchange.headFailed(error);
    }
  }

  close(): void {
    this.#closed = true;
    this.#client?.then((client) => client.close(), () => {});
    this.#client = undefined;
  }

  /** A request that `fetch` sends as it is. */
  #plainCall(request: HttpRequest, exchange: FetchExchange): FetchCall | undefined {
    const { method, url } = request;
    if (!this.#plainUrls.has(url, this.#guarded)) return undefined;
    const headers = plainFields(request, this.#guarded);
    const body = plainBody(request);
    if (headers === undefined || body === undefined) return undefined;
    exchange.startHeadTimer(uploadTime(body.byteLength));
    return { url, init: method === "PUT" ? { method, headers, body } : { method, headers } };
  }

  async #prepare(request: HttpRequest, exchange: FetchExchange): Promise<FetchCall> {
    const { prepareRequest } = await import("./fetch/prepare.ts");
    return await prepareRequest(request, exchange, this.#abilities, this.#guarded);
  }

  #denoClient(): Promise<DenoClient> {
    if (this.#closed) throw new HttpError("request", "Cannot send: the service was closed");
    return this.#client ??= import("./fetch/client_deno.ts").then((module) =>
      module.createClient(this.#options)
    );
  }
}

type Responses = typeof import("./response.ts");
let responses: Responses | undefined;

/** What reads responses. */
async function loadResponses(): Promise<Responses> {
  return responses ??= await import("./response.ts");
}
