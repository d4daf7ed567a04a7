/** Layers whose code is loaded with their first request, so that programs which do not ask for them do without. */
import type { HttpLayer, HttpRequest, HttpResponse, HttpService } from "./connector.ts";

type Layers = typeof import("./layers.ts");

/** One of those layers around `inner`. */
export function lazyLayer(inner: HttpService, make: (layers: Layers) => HttpLayer): HttpService {
  return new LazyLayerService(inner, make);
}

class LazyLayerService implements HttpService {
  readonly #inner: HttpService;
  readonly #make: (layers: Layers) => HttpLayer;
  #layered: HttpService | undefined;

  constructor(inner: HttpService, make: (layers: Layers) => HttpLayer) {
    this.#inner = inner;
    this.#make = make;
  }

  call(request: HttpRequest): Promise<HttpResponse> {
    return this.#layered === undefined ? this.#first(request) : this.#layered.call(request);
  }

  close(): void {
    this.#inner.close?.();
  }

  async #first(request: HttpRequest): Promise<HttpResponse> {
    const layers = await import("./layers.ts");
    // Those who waited together share one.
    this.#layered ??= this.#make(layers)(this.#inner);
    return await this.#layered.call(request);
  }
}
