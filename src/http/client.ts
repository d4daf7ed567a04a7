/** A connector with its layers: what stores and guests send their requests through. */
import { isStreamBody } from "./body.ts";
import type { HttpConnector } from "./connector.ts";
import { opened } from "./fetch/service.ts";
import { defaultHeaders, withDefaults } from "./layers/defaults.ts";
import { withHttpsOnly } from "./layers/https_only.ts";
import { lazyLayer } from "./layers/lazy.ts";
import { checkClientOptions, type ClientOptions } from "./options.ts";
import { withRetry } from "./retry/layer.ts";
import type { HttpLayer, HttpRequest, HttpResponse, HttpService } from "./service.ts";

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
  checkClientOptions(options);
  return layered(connector.connect(options), options, authorize);
}

/** `connected` with the layers that checked options ask for; {@linkcode createClient} lists them. */
export function layered(connected: HttpService, options: ClientOptions, authorize?: HttpLayer): HttpService {
  const { policy, trace, limits, retry, allowHttp, unixSocket } = options;
  let service = opened(connected);
  if (policy !== undefined) {
    service = lazyLayer(service, async () => (await loadOptional()).withPolicy(policy));
  }
  if (!allowHttp && unixSocket === undefined) service = withHttpsOnly()(service);
  if (trace !== undefined) service = lazyLayer(service, async () => (await loadOptional()).withTrace(trace));
  if (authorize !== undefined) service = authorize(service);
  if (limits !== undefined) {
    service = lazyLayer(service, async () => (await loadOptional()).withLimit(limits));
  }
  if (retry !== false) service = withRetry(retry)(service);
  return new ClientService(withDefaults(defaultHeaders(options))(service));
}

/** The outermost: cancels the stream of a request that a layer refused, of which the connector never heard. */
class ClientService implements HttpService {
  readonly #inner: HttpService;

  constructor(inner: HttpService) {
    this.#inner = inner;
  }

  call(request: HttpRequest): Promise<HttpResponse> {
    const { body } = request;
    const called = this.#inner.call(request);
    if (body !== undefined && isStreamBody(body)) {
      // What a connector reads is locked, and its own to cancel.
      called.catch((error) => body.stream.cancel(error)).catch(() => {});
    }
    return called;
  }

  close(): void {
    this.#inner.close?.();
  }
}

function loadOptional(): Promise<typeof import("./layers/optional.ts")> {
  return import("./layers/optional.ts");
}
