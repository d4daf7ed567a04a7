/** The portable connector: HTTP over the platform's `fetch`, in Deno, Node, Bun, browsers, workers and guests. */
import type { HttpConnector } from "./connector.ts";
import { checkOptions } from "./fetch/check_options.ts";
import { PendingFetch } from "./fetch/pending.ts";
import type { FetchAbilities } from "./fetch/platform.ts";
import type { ClientOptions } from "./options.ts";
import type { HttpService } from "./service.ts";
import { NotSupportedError } from "../store/error.ts";

export type { FetchAbilities } from "./fetch/platform.ts";

/** Options of {@linkcode FetchConnector}. */
export interface FetchConnectorOptions {
  /** The `fetch` to use. Default: the platform's, looked up at each `connect`. */
  readonly fetch?: typeof globalThis.fetch;
  /** What this `fetch` can do, where probing is wrong or your own `fetch` differs. */
  readonly abilities?: FetchAbilities;
}

/**
 * HTTP over `fetch`. What `fetch` cannot carry is refused by name rather than changed on the way; the message says
 * whether `NodeHttpConnector` can:
 *
 * - a GET or HEAD body, the methods CONNECT and TRACE, a `host` other than the URL's, request trailers, paths that
 *   the URL parser would rewrite (`/a/../b`, `%2e%2e`, a space), headers of the connection, ports that the Fetch
 *   standard blocks, user information in URLs;
 * - in browsers, headers that the platform keeps for itself, and redirects, which it hides;
 * - streams with a declared length where `fetch` would send them chunked (Deno) or not at all (Firefox, Safari) are
 *   sent from memory up to 16 MiB and refused above.
 *
 * What `fetch` does not show is not there: informational responses, response trailers (empty), the case and the
 * separate lines of repeated response headers (one line, values joined with a comma; `set-cookie` kept apart).
 *
 * Content codings are asked for by nobody (`accept-encoding: identity`); where a response comes encoded all the same
 * and the platform decodes it (Node, browsers), it says `decoded: true` and has no `contentLength`, and a decoded
 * range is an error.
 *
 * Timers: `fetch` does not tell when it is connected, so `connectTimeout` and `firstByteTimeout` are one timer of
 * their sum, which starts anew with each piece of a streamed request body; bytes are given 64 KiB/s. Node's own
 * limits (10 s to connect, 300 s to the head and between pieces) stay in force below longer timers.
 *
 * A `policy` is asked about URLs (by `createClient`); the addresses that names resolve to are not visible to `fetch`.
 *
 * ```ts ignore
 * const service = new FetchConnector().connect();
 * const response = await service.call({ method: "GET", url: "https://example.com/", headers: [] });
 * console.log(response.status, await response.text());
 * ```
 */
export class FetchConnector implements HttpConnector {
  readonly #options: FetchConnectorOptions;

  /** Looks at nothing yet: the platform is looked at by `connect` and the first request. */
  constructor(options: FetchConnectorOptions = {}) {
    this.#options = options;
  }

  /**
   * A service with these options.
   *
   * @throws {NotSupportedError} where there is no `fetch`, and for an option that this platform's cannot honour.
   */
  connect(options: ClientOptions = {}): HttpService {
    const given = this.#options.fetch;
    const fetch = given ?? globalThis.fetch;
    if (typeof fetch !== "function") {
      throw new NotSupportedError(
        'Cannot connect: this environment has no "fetch"; pass one as new FetchConnector({ fetch }), or another ' +
          "HttpConnector in the options of the store or guest",
        { store: "HTTP" },
      );
    }
    checkOptions(options, given === undefined);
    return new PendingFetch({
      // Called without a receiver, as some platforms insist on.
      fetch: (url, init) => fetch(url, init),
      options,
      abilities: this.#options.abilities ?? {},
    });
  }
}
