/** A connector with its layers: what stores and guests send their requests through. */
import type { HttpConnector, HttpLayer, HttpRequest, HttpResponse, HttpService } from "./connector.ts";
import { hasHeader, type HeaderEntry, type HeaderList, isFieldValue, isToken } from "./headers.ts";
import { lazyLayer } from "./lazy_layer.ts";
import { checkLimits } from "./limit_options.ts";
import type { ClientOptions } from "./options.ts";
import { withRetry } from "./retry_layer.ts";
import { VERSION } from "./version.ts";
import { ConfigurationError } from "../store/error.ts";

/**
 * Connects and puts the layers that the options ask for around the connection. From the outside in:
 *
 * 1. **defaults**: `defaultHeaders` and `userAgent`, once a request, so that a signature can cover them;
 * 2. **retry** (on unless `retry: false`): everything below happens for each attempt;
 * 3. **limit**: no permit is held during a back-off, and a signature does not age in the queue;
 * 4. **authorize**: the caller's own layer, typically one that signs. Being below retry it signs each attempt anew;
 * 5. **trace**: sees each attempt as it is sent, refusals included, without queueing time;
 * 6. **http only where allowed**: `http:` to loopback, elsewhere only with `allowHttp` (or over a `unixSocket`);
 * 7. **policy**: refuses URLs before anything is sent;
 * 8. the connector, which gets the options too: timeouts, TLS, pools, proxy, and the policy for resolved addresses.
 *
 * A layer whose option is not given is not there and costs nothing.
 *
 * ```ts ignore
 * const client = createClient(new FetchConnector(), { retry: { maxRetries: 3 }, limits: { maxConcurrency: 16 } });
 * const response = await client.call({ method: "GET", url: "https://example.com/", headers: [] });
 * console.log(response.status, await response.text());
 * client.close?.();
 * ```
 *
 * @throws {ConfigurationError} for an option that makes no sense.
 * @throws {NotSupportedError} for one that the connector cannot honour on this platform.
 */
export function createClient(
  connector: HttpConnector,
  options: ClientOptions = {},
  authorize?: HttpLayer,
): HttpService {
  const { policy, trace, limits, retry, allowHttp, unixSocket } = options;
  if (limits !== undefined) checkLimits(limits);
  let service = connector.connect(options);
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
  for (const [name, value] of headers) {
    if (!isToken(name) || !isFieldValue(value)) {
      // The value is not shown: it may be a key.
      throw new ConfigurationError(`Cannot use the default header "${name}": it is not a valid header line`, {
        store: "HTTP",
        key: "defaultHeaders",
      });
    }
  }
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
