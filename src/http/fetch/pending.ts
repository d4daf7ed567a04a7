/** A service over `fetch` as far as connecting makes it. What sends is loaded with the first request. */
import type { HttpRequest, HttpResponse, HttpService } from "../service.ts";
import { HttpError } from "../error.ts";
import type { ClientOptions } from "../options.ts";
import type { FetchAbilities } from "./platform.ts";

/** What a service over `fetch` is made of. */
export interface FetchSettings {
  /** The `fetch` to use, to be called without a receiver. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Options that have been checked. */
  readonly options: ClientOptions;
  /** What the `fetch` can do, as far as it was said. */
  readonly abilities: FetchAbilities;
}

/** Loads what sends, unless somebody who has it comes first: `opened` in `service.ts`. */
export class PendingFetch implements HttpService {
  readonly #settings: FetchSettings;
  #service: HttpService | undefined;
  #closed = false;

  /** Of settings that have been checked. */
  constructor(settings: FetchSettings) {
    this.#settings = settings;
  }

  call(request: HttpRequest): Promise<HttpResponse> {
    return this.#service === undefined ? this.#first(request) : this.#service.call(request);
  }

  close(): void {
    this.#closed = true;
    this.#service?.close?.();
  }

  /** The service itself, the same for all. */
  open(make: (settings: FetchSettings) => HttpService): HttpService {
    if (this.#service === undefined) {
      this.#service = make(this.#settings);
      if (this.#closed) this.#service.close?.();
    }
    return this.#service;
  }

  async #first(request: HttpRequest): Promise<HttpResponse> {
    let opened: (service: HttpService) => HttpService;
    try {
      ({ opened } = await import("../core.ts"));
    } catch (cause) {
      const { method, body } = request;
      const error = new HttpError("connect", `Cannot send ${method}: what sends cannot be loaded: ${cause}`, {
        cause,
      });
      if (body !== undefined && "stream" in body) body.stream.cancel(error).catch(() => {});
      throw error;
    }
    return await opened(this).call(request);
  }
}
