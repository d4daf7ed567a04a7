/** Limits on concurrent requests. */
import type { HttpLayer, HttpRequest, HttpResponse, HttpService } from "./service.ts";
import { checkLimits } from "./core.ts";
import type { LimitOptions } from "./limit_options.ts";
import { observeBody } from "./observe.ts";

/**
 * A counting semaphore: permits are granted strictly in the order they were asked for.
 *
 * ```ts ignore
 * const semaphore = new Semaphore(4);
 * const release = await semaphore.acquire(signal);
 * try {
 *   await work();
 * } finally {
 *   release();
 * }
 * ```
 */
export class Semaphore {
  #free: number;
  // A set keeps insertion order and forgets an aborted waiter in constant time.
  readonly #waiters = new Set<(release: () => void) => void>();

  /** With so many permits; a positive integer. Throws `RangeError` for anything else. */
  constructor(permits: number) {
    if (!Number.isSafeInteger(permits) || permits < 1) {
      throw new RangeError(`Cannot make a semaphore of ${permits} permits: a positive integer is needed`);
    }
    this.#free = permits;
  }

  /** Permits that nobody holds. */
  get free(): number {
    return this.#free;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Resolves with the function that gives the permit back (calling it again does nothing). Rejects with the
   * signal's reason when it is aborted first; the place in the queue is then given up.
   */
  acquire(signal?: AbortSignal): Promise<() => void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const release = this.tryAcquire();
    if (release !== undefined) return Promise.resolve(release);
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiters.delete(grant);
        reject(signal!.reason);
      };
      const grant = (release: () => void) => {
        signal?.removeEventListener("abort", abort);
        resolve(release);
      };
      this.#waiters.add(grant);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** A permit if one is free, without waiting; else `undefined`. */
  tryAcquire(): (() => void) | undefined {
    // One is free only while nobody waits, so this overtakes no one.
    if (this.#free === 0) return undefined;
    this.#free--;
    return this.#releaser();
  }

  #releaser(): () => void {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      // Handed straight to the next in line: a newcomer cannot slip in between.
      for (const grant of this.#waiters) {
        this.#waiters.delete(grant);
        grant(this.#releaser());
        return;
      }
      this.#free++;
    };
  }
}

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
