/** A connector with its layers: what stores and guests send their requests through. */
import { checkClient } from "./check.ts";
import type { HttpConnector } from "./connector.ts";
import type { HttpLayer, HttpService } from "./service.ts";
import { layered } from "./layered.ts";
import type { ClientOptions } from "./options.ts";

export { withDefaults, withHttpsOnly } from "./layered.ts";

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
  checkClient(options);
  return layered(connector.connect(options), options, authorize);
}
