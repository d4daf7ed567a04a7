/** A service whose code is loaded with its first request, so that programs that do not use it do not load it. */
import type { HttpRequest, HttpResponse, HttpService } from "./service.ts";

/** Loads the service itself with the first request. Of several that requests at once have loaded, the first serves all. */
export class LazyService implements HttpService {
  readonly #load: (request: HttpRequest) => Promise<HttpService>;
  #service: HttpService | undefined;
  #closed = false;

  /** Loads nothing yet. `load` is given the request that it is called for, to name it in errors. */
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

  /** The service itself, made by `make` where it is not there yet: for callers that have its code already. */
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
      // Each request that comes before it is there loads it anew: a failure, for want of a network say, is not kept.
      loaded = await this.#load(request);
    } catch (error) {
      const { body } = request;
      if (body !== undefined && "stream" in body) body.stream.cancel(error).catch(() => {});
      throw error;
    }
    return await this.open(() => loaded).call(request);
  }
}
