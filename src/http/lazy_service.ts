/** A service whose code is loaded with its first request, so that programs that do not use it do not load it. */
import type { HttpRequest, HttpResponse, HttpService } from "./service.ts";

/** The service that `load` brings, once somebody asks for it. */
export class LazyService implements HttpService {
  readonly #load: () => Promise<HttpService>;
  #loading: Promise<HttpService> | undefined;
  #service: HttpService | undefined;
  #closed = false;

  /** Loads nothing yet. */
  constructor(load: () => Promise<HttpService>) {
    this.#load = load;
  }

  call(request: HttpRequest): Promise<HttpResponse> {
    return this.#service === undefined ? this.#first(request) : this.#service.call(request);
  }

  close(): void {
    this.#closed = true;
    this.#service?.close?.();
  }

  async #first(request: HttpRequest): Promise<HttpResponse> {
    let service: HttpService;
    try {
      service = await (this.#loading ??= this.#open());
    } catch (error) {
      const { body } = request;
      if (body !== undefined && "stream" in body) body.stream.cancel(error).catch(() => {});
      throw error;
    }
    return await service.call(request);
  }

  async #open(): Promise<HttpService> {
    const service = await this.#load();
    if (this.#closed) service.close?.();
    return this.#service = service;
  }
}
