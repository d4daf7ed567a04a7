/** The faithful connector: HTTP over `node:http`, in Deno, Node and Bun. */
import type { HttpConnector } from "./connector.ts";
import { isWorkerd, LazyService } from "./core.ts";
import { checkOptions } from "./node/check_options.ts";
import type { NodeHttpConnectorOptions, NodeSettings } from "./node/settings.ts";
import type { ClientOptions } from "./options.ts";
import type { HttpService } from "./service.ts";
import { NotSupportedError } from "../store/error.ts";

export type { NodeHttpConnectorOptions, NodeLookup } from "./node/settings.ts";

/**
 * HTTP over `node:http`. Requests stand on the wire as they are given: header lines in order, with duplicates, case
 * and bytes; paths unchanged; `host`, GET bodies, declared lengths of streams and trailers; responses are shown
 * likewise.
 *
 * - Connections are kept for each service (`poolIdleTimeout`, `poolMaxIdlePerHost`) until `close()`. A kept
 *   connection that proves dead before any response byte is replaced once, without the caller noticing, where the
 *   request can be repeated: it is idempotent (or nothing of it was sent) and its body is not a stream.
 * - `connectTimeout`, `firstByteTimeout` and `readTimeout` are separate timers; the first covers name resolution, TCP,
 *   proxy and TLS.
 * - With a `policy`, the addresses that a name resolves to are judged and only those that passed are connected to.
 *   Through a proxy it is the proxy that resolves: the policy then judges URLs only, and what the proxy may reach is
 *   the proxy's configuration.
 * - A method with lower-case letters is sent as it is; its header lines of the same name then stand side by side.
 *
 * What cannot be sent is refused with an `HttpError` of kind `request`: CONNECT, user information in URLs,
 * `transfer-encoding` as a header, characters outside ASCII in a path, trailers after a declared length.
 *
 * ```ts ignore
 * const service = new NodeHttpConnector().connect({ connectTimeout: 1_000 });
 * const response = await service.call({ method: "GET", url: "https://example.com/a/../b", headers: [] });
 * console.log(response.status, await response.text());
 * service.close?.();
 * ```
 */
export class NodeHttpConnector implements HttpConnector {
  readonly #options: NodeHttpConnectorOptions;

  /** Loads nothing yet: Node's modules are loaded with the first request. */
  constructor(options: NodeHttpConnectorOptions = {}) {
    this.#options = options;
  }

  /**
   * A service with these options.
   *
   * @throws {ConfigurationError} for options that contradict each other or cannot be read.
   * @throws {NotSupportedError} for options that cannot be honoured.
   */
  connect(options: ClientOptions = {}): HttpService {
    checkOptions(options);
    return new LazyService(() => loadService({ ...this.#options, options }));
  }
}

/** The implementation is loaded with the first request, so that importing this module needs no `node:` modules. */
async function loadService(settings: NodeSettings): Promise<HttpService> {
  // Asked before the import, which takes StarlingMonkey down, and sends a page to its server.
  if (isWorkerd() || !("process" in globalThis)) throw withoutNodeHttp();
  const { NodeService } = await import("./node/service.ts").catch((cause) => {
    throw withoutNodeHttp(cause);
  });
  return new NodeService(settings);
}

function withoutNodeHttp(cause?: unknown): NotSupportedError {
  return new NotSupportedError(
    'This environment has no "node:http" of its own; use FetchConnector, or pass an HttpConnector of your own',
    { store: "HTTP", cause },
  );
}
