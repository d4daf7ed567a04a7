/** Keeps `http:` requests on this machine. */
import type { HttpLayer, HttpRequest, HttpResponse, HttpService } from "../service.ts";

/**
 * A layer that refuses `http:` URLs unless they go to loopback, where nobody listens in: `localhost`, names under
 * it, 127.0.0.0/8, `::1`. The refusal is of kind `denied` and names the option that lifts it.
 */
export function withHttpsOnly(): HttpLayer {
  return (inner) => new HttpsOnlyService(inner);
}

class HttpsOnlyService implements HttpService {
  readonly #inner: HttpService;
  /** `http://host:port/` that was found to be loopback last: most services talk to one place. */
  #known: string | undefined;

  constructor(inner: HttpService) {
    this.#inner = inner;
  }

  call(request: HttpRequest): Promise<HttpResponse> {
    const { url } = request;
    if (url.startsWith("https://") || this.#known !== undefined && url.startsWith(this.#known)) {
      return this.#inner.call(request);
    }
    return this.#check(request);
  }

  close(): void {
    this.#inner.close?.();
  }

  async #check(request: HttpRequest): Promise<HttpResponse> {
    const { loopbackOrigin } = await import("./loopback.ts");
    this.#known = loopbackOrigin(request) ?? this.#known;
    return await this.#inner.call(request);
  }
}
