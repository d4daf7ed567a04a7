/** Limits on concurrent requests. */
import { checkLimits } from "../core.ts";
import type { HttpLayer, HttpRequest, HttpResponse, HttpService } from "../service.ts";
import type { LimitOptions } from "./limit_options.ts";
import { observeBody } from "./observe_body.ts";
import { Semaphore } from "./semaphore.ts";

/**
 * A layer that bounds how many requests are under way. A permit is held until the response body has ended,
 * failed or been cancelled, not merely until its head is there, so the bound holds for open connections. Waiting
 * is first come, first served, and ends with the request's signal.
 *
 * A caller that holds one response open while it waits for another can wait for itself: with
 * `maxConcurrency: 1`, read a body before making the next request.
 *
 * @throws {ConfigurationError} for a limit that is not a positive integer (`Infinity` means none).
 */
export function withLimit(options: LimitOptions): HttpLayer {
  const { maxConcurrency: total, maxConcurrencyPerHost: perHost } = checkLimits(options);
  return (inner) => {
    if (total === undefined && perHost === undefined) return inner;
    const all = total === undefined ? undefined : new Semaphore(total);
    const hosts = perHost === undefined ? undefined : new HostSemaphores(perHost);
    return new LimitedService(inner, all, hosts);
  };
}

/** One semaphore an origin, forgotten when nobody uses it. */
class HostSemaphores {
  readonly #permits: number;
  readonly #byOrigin = new Map<string, Semaphore>();

  constructor(permits: number) {
    this.#permits = permits;
  }

  async acquire(url: string, signal?: AbortSignal): Promise<() => void> {
    const origin = (/^[^:]*:\/*[^/?#\\]*/.exec(url)?.[0] ?? url).toLowerCase();
    let semaphore = this.#byOrigin.get(origin);
    if (semaphore === undefined) this.#byOrigin.set(origin, semaphore = new Semaphore(this.#permits));
    const used = semaphore;
    const forget = () => {
      if (used.free === this.#permits && this.#byOrigin.get(origin) === used) this.#byOrigin.delete(origin);
    };
    try {
      const release = await used.acquire(signal);
      return () => {
        release();
        forget();
      };
    } catch (reason) {
      forget();
      throw reason;
    }
  }
}

class LimitedService implements HttpService {
  readonly #inner: HttpService;
  readonly #all: Semaphore | undefined;
  readonly #hosts: HostSemaphores | undefined;

  constructor(inner: HttpService, all: Semaphore | undefined, hosts: HostSemaphores | undefined) {
    this.#inner = inner;
    this.#all = all;
    this.#hosts = hosts;
  }

  async call(request: HttpRequest): Promise<HttpResponse> {
    // Mostly a permit is free, and a promise less is worth having.
    const free = this.#hosts === undefined && !request.signal?.aborted ? this.#all?.tryAcquire() : undefined;
    const release = free ?? await this.#acquire(request);
    try {
      const response = await this.#inner.call(request);
      return observeBody(request, response, { ended: release, cancelled: release, failed: release });
    } catch (error) {
      release();
      throw error;
    }
  }

  close(): void {
    this.#inner.close?.();
  }

  async #acquire({ url, signal }: HttpRequest): Promise<() => void> {
    // The host's permit first: one slow host's queue must not sit on the permits of all.
    const releaseHost = await this.#hosts?.acquire(url, signal);
    if (this.#all === undefined) return releaseHost!;
    try {
      const releaseAll = await this.#all.acquire(signal);
      return releaseHost === undefined ? releaseAll : () => {
        releaseAll();
        releaseHost();
      };
    } catch (reason) {
      releaseHost?.();
      throw reason;
    }
  }
}
