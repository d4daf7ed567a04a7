/** The layers around a connection. */
import { checkHeaders } from "./check.ts";
import type { HttpLayer, HttpRequest, HttpResponse, HttpService } from "./service.ts";
import { opened } from "./fetch/service.ts";
import { hasHeader, type HeaderEntry, type HeaderList } from "./headers.ts";
import { lazyLayer } from "./lazy_layer.ts";
import type { ClientOptions } from "./options.ts";
import { withRetry } from "./retry/layer.ts";
import { VERSION } from "./version.ts";

/** `connected` with the layers that checked options ask for; which, `createClient` tells. */
export function layered(connected: HttpService, options: ClientOptions, authorize?: HttpLayer): HttpService {
  const { policy, trace, limits, retry, allowHttp, unixSocket } = options;
  let service = opened(connected);
  if (policy !== undefined) service = lazyLayer(service, async () => (await loadLayers()).withPolicy(policy));
  if (!allowHttp && unixSocket === undefined) service = withHttpsOnly()(service);
  if (trace !== undefined) service = lazyLayer(service, async () => (await loadLayers()).withTrace(trace));
  if (authorize !== undefined) service = authorize(service);
  if (limits !== undefined) service = lazyLayer(service, async () => (await loadLayers()).withLimit(limits));
  if (retry !== false) service = withRetry(retry)(service);
  return withDefaults(defaultHeaders(options))(service);
}

function loadLayers(): Promise<typeof import("./layers.ts")> {
  return import("./layers.ts");
}

/** The headers that requests of these options get where they do not set them themselves. */
function defaultHeaders(options: ClientOptions): HeaderList {
  const headers = options.defaultHeaders ?? [];
  if (hasHeader(headers, "user-agent")) return headers;
  const userAgent = options.userAgent ?? defaultUserAgent();
  return userAgent === undefined ? headers : [...headers, ["user-agent", userAgent]];
}

function defaultUserAgent(): string | undefined {
  // A browser names itself, and setting the header there would cost a CORS preflight for every simple GET. Browsers
  // are told by the product token that all of them, and nothing else, begin with.
  const platform = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent;
  return platform?.startsWith("Mozilla/") ? undefined : `storeport/${VERSION}`;
}

/**
 * A layer that adds header lines to requests which have none of that name.
 *
 * @throws {ConfigurationError} for a line that is not a valid header.
 */
export function withDefaults(headers: HeaderList): HttpLayer {
  checkHeaders(headers);
  return (inner) => headers.length === 0 ? inner : new DefaultsService(inner, headers);
}

class DefaultsService implements HttpService {
  readonly #inner: HttpService;
  readonly #defaults: HeaderList;

  constructor(inner: HttpService, defaults: HeaderList) {
    this.#inner = inner;
    this.#defaults = defaults;
  }

  call(request: HttpRequest): Promise<HttpResponse> {
    const given = request.headers;
    const headers: HeaderEntry[] = [...given];
    for (const line of this.#defaults) {
      // Against what was given: a default of several lines is added whole.
      if (!hasHeader(given, line[0])) headers.push(line);
    }
    return this.#inner.call({ ...request, headers });
  }

  close(): void {
    this.#inner.close?.();
  }
}

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
