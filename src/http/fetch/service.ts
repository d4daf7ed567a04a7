/** Sending over `fetch`. Loaded with the first request. */
import { DeadlineQueue } from "../deadlines.ts";
import { HttpError } from "../error.ts";
import type { ClientOptions } from "../options.ts";
import type { HttpRequest, HttpResponse, HttpService } from "../service.ts";
import { asksForClient, type DenoClient } from "./check_options.ts";
import { FetchExchange } from "./exchange.ts";
import { type FetchSettings, PendingFetch } from "./pending.ts";
import { type FetchCall, plainBody, plainFields, PlainUrls, uploadTime } from "./plain.ts";
import { type FetchAbilities, probeGuarded } from "./platform.ts";

/** The service that sends: one that is pending is opened, any other is returned as it is. */
export function opened(service: HttpService): HttpService {
  return service instanceof PendingFetch ? service.open(() => fetchService(service.settings)) : service;
}

/** A service over `fetch` with these settings. */
export function fetchService(settings: FetchSettings): HttpService {
  return new FetchService(settings);
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

  constructor({ fetch, options, abilities }: FetchSettings) {
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
      const answer = this.#fetch(url, init);
      const response = await (exchange.upload?.orAborted(answer, exchange.signal) ?? answer);
      const received = exchange.receive(response);
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
    const { prepareRequest } = await import("./prepare.ts");
    return await prepareRequest(request, exchange, this.#abilities, this.#guarded);
  }

  #denoClient(): Promise<DenoClient> {
    if (this.#closed) throw new HttpError("request", "Cannot send: the service was closed");
    return this.#client ??= import("./client_deno.ts").then((module) => module.createClient(this.#options));
  }
}
