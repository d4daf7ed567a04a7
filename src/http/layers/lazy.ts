/** Layers whose code is loaded with their first request, so that programs that do not use them do not load them. */
import type { HttpLayer, HttpRequest, HttpResponse, HttpService } from "../service.ts";

/** The layer that `load` brings, around `inner`. */
export function lazyLayer(inner: HttpService, load: () => Promise<HttpLayer>): HttpService {
  return new LazyLayerService(inner, load);
}

class LazyLayerService implements HttpService {
  readonly #inner: HttpService;
  readonly #load: () => Promise<HttpLayer>;
  #layered: HttpService | undefined;

  constructor(inner: HttpService, load: () => Promise<HttpLayer>) {
    this.#inner = inner;
    this.#load = load;
  }

  call(request: HttpRequest): Promise<HttpResponse> {
    return this.#layered === undefined ? this.#first(request) : this.#layered.call(request);
  }

  close(): void {
    this.#inner.close?.();
  }

  async #first(request: HttpRequest): Promise<HttpResponse> {
    const layer = await this.#load();
    // Those who waited together share one.
    this.#layered ??= layer(this.#inner);
    return await this.#layered.call(request);
  }
}
