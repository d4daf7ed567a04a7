/** The portable connector: HTTP over the platform's `fetch`, in Deno, Node, Bun, browsers, workers and guests. */
import { isStreamBody } from "./body.ts";
import type { HttpConnector, HttpRequest, HttpResponse, HttpService } from "./connector.ts";
import { DeadlineQueue } from "./deadlines.ts";
import type { HttpError } from "./error.ts";
import {
  type FetchAbilities,
  probeGuarded,
  probeRequestStreams,
  probeStreamLength,
} from "./fetch/platform.ts";
import { agreedLength, collect, joined, UploadStream } from "./fetch/body.ts";
import { FetchExchange } from "./fetch/exchange.ts";
import { checkMethod, prepareHeaders, refuse, UrlReader } from "./fetch/request.ts";
import { checkOptions, type DenoClient, needsDenoClient } from "./fetch/settings.ts";
import type { ClientOptions } from "./options.ts";
import { redactUrl } from "./url.ts";
import { NotSupportedError } from "../store/error.ts";

export type { FetchAbilities } from "./fetch/platform.ts";

/** Options of {@linkcode FetchConnector}. */
export interface FetchConnectorOptions {
  /** The `fetch` to use. Default: the platform's, looked up at each `connect`. */
  readonly fetch?: typeof globalThis.fetch;
  /** What this `fetch` can do, where probing finds out wrong or a `fetch` of one's own differs. */
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
    // Called without a receiver, as some platforms insist on.
    return new FetchService((url, init) => fetch(url, init), options, this.#options.abilities ?? {});
  }
}

/** How slowly bytes may go out before the timer for the response head takes the request for stuck. */
const SLOWEST_UPLOAD = 64 * 1024 / 1000;

class FetchService implements HttpService {
  readonly #fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly #options: ClientOptions;
  readonly #abilities: FetchAbilities;
  readonly #guarded: boolean;
  readonly #urls = new UrlReader();
  readonly #deadlines = new DeadlineQueue();
  readonly #needsClient: boolean;
  #client: Promise<DenoClient> | undefined;
  #closed = false;

  constructor(
    fetch: (url: string, init: RequestInit) => Promise<Response>,
    options: ClientOptions,
    abilities: FetchAbilities,
  ) {
    this.#fetch = fetch;
    this.#options = options;
    this.#abilities = abilities;
    this.#guarded = abilities.guarded ?? probeGuarded();
    this.#needsClient = needsDenoClient(options);
  }

  async call(request: HttpRequest): Promise<HttpResponse> {
    const { method, body, signal } = request;
    let upload: UploadStream | undefined;
    let exchange: FetchExchange | undefined;
    try {
      if (signal?.aborted) throw signal.reason;
      checkMethod(method);
      const url = this.#urls.read(request.url);
      const headers = prepareHeaders(request, url.host, this.#guarded);
      const length = agreedLength(request, headers.declaredLength);
      if (request.trailers !== undefined) throw cannot(request, "trailers", "fetch has no way to send them");
      const init: FetchInit = { method, headers: headers.fields, redirect: "manual" };
      exchange = new FetchExchange(
        request,
        url.port,
        this.#options,
        this.#deadlines,
        this.#abilities.decodes,
      );
      init.signal = exchange.signal;
      if (this.#guarded) {
        // A page's cookies, its cache and its address are none of the request's.
        init.credentials = "omit";
        init.cache = "no-store";
        init.referrerPolicy = "no-referrer";
      }
      if (body === undefined) {
        // A written "content-length: 0" is to be sent where fetch would leave it out (DELETE, say).
        if (headers.declaredLength === 0 && method !== "GET" && method !== "HEAD") {
          init.body = new Uint8Array(0);
        }
        exchange.startHeadTimer(0);
      } else if (method === "GET" || method === "HEAD") {
        // No bytes are no body.
        if (length !== 0) throw cannot(request, "a body", "fetch refuses one with GET and HEAD");
        exchange.startHeadTimer(0);
      } else if (isStreamBody(body)) {
        upload = new UploadStream(
          body.stream,
          length,
          `${method} ${redactUrl(request.url)}`,
          exchange,
        );
        exchange.upload = upload;
        exchange.startHeadTimer(0);
        await this.#setStream(init, headers.fields, upload, length);
      } else {
        init.body = joined(body, length ?? 0);
        exchange.startHeadTimer((length ?? 0) / SLOWEST_UPLOAD);
      }
      if (this.#needsClient) init.client = await this.#denoClient();
      return await exchange.receive(await this.#fetch(url.href, init));
    } catch (error) {
      if (upload === undefined && body !== undefined && isStreamBody(body)) {
        body.stream.cancel(error).catch(() => {});
      }
      throw exchange === undefined ? error : exchange.headFailed(error);
    }
  }

  close(): void {
    this.#closed = true;
    this.#client?.then((client) => client.close(), () => {});
    this.#client = undefined;
  }

  async #setStream(
    init: FetchInit,
    fields: Record<string, string> | [string, string][],
    upload: UploadStream,
    length: number | undefined,
  ): Promise<void> {
    const { requestStreams, streamLength } = this.#abilities;
    if (!(requestStreams ?? probeRequestStreams())) {
      init.body = await collect(upload, length, "which takes no streams");
      return;
    }
    if (length !== undefined) {
      if (!(streamLength ?? probeStreamLength())) {
        init.body = await collect(upload, length, "which would send it chunked, without its length");
        return;
      }
      if (Array.isArray(fields)) fields.push(["content-length", String(length)]);
      else fields["content-length"] = String(length);
    }
    init.body = upload.stream;
    init.duplex = "half";
  }

  #denoClient(): Promise<DenoClient> {
    if (this.#closed) throw refuse("Cannot send: the service was closed", "internal-error");
    return this.#client ??= import("./fetch/client_deno.ts").then((module) =>
      module.createClient(this.#options)
    );
  }
}

interface FetchInit extends RequestInit {
  duplex?: "half";
  client?: DenoClient;
}

function cannot({ method, url }: HttpRequest, what: string, why: string): HttpError {
  return refuse(
    `Cannot send ${method} ${
      redactUrl(url)
    } with ${what}: ${why}; NodeHttpConnector can, where node:http exists`,
    what === "trailers" ? "HTTP-request-trailer-section-size" : "HTTP-protocol-error",
  );
}
