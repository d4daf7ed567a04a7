/** A service whose code is loaded with its first request, so that programs that do not use it do not load it. */
import type { HttpRequest, HttpResponse, HttpService } from "./service.ts";

/** The service that `load` brings, once somebody asks for it; of several that it brings, the first. */
export class LazyService implements HttpService {
  readonly #load: (request: HttpRequest) => Promise<HttpService>;
  #service: HttpService | undefined;
  #closed = false;

  /** Loads nothing yet; `load` is told for which request it does, for its errors. */
  constructor(load: (request: HttpRequest) => Promise<HttpService>) {
    this.#load = load;
  }

  call(request: HttpRequest): Promise<HttpResponse> {
    return this.#service === undefined ? this.#first(request) : this.#service.call(request);
  }

  close(): void {
    this.#closed = true;
    this.#service?.close?.();
  }

  /** The service itself, of `make` where it is not there yet: for who has its code already. */
  open(make: () => HttpService): HttpService {
    if (this.#service === undefined) {
      this.#service = make();
      if (this.#closed) this.#service.close?.();
    }
    return this.#service;
  }

  async #first(request: HttpRequest): Promise<HttpResponse> {
    let loaded: HttpService;
    try {
      // Each that comes before it is there asks anew: one that fails, without a network say, is not the last word.
      loaded = await this.#load(request);
    } catch (error) {
      const { body } = request;
      if (body !== undefined && "stream" in body) body.stream.cancel(error).catch(() => {});
      throw error;
    }
    return await this.open(() => loaded).call(request);
  }
}
