/** Headers that requests get where they do not set them themselves. */
import { hasHeader, type HeaderEntry, type HeaderList } from "../headers.ts";
import { checkDefaultHeaders, type ClientOptions } from "../options.ts";
import type { HttpLayer, HttpRequest, HttpResponse, HttpService } from "../service.ts";
import { VERSION } from "../version.ts";

/**
 * A layer that adds header lines to requests which have none of that name.
 *
 * @throws {ConfigurationError} for a line that is not a valid header.
 */
export function withDefaults(headers: HeaderList): HttpLayer {
  checkDefaultHeaders(headers);
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

/** What {@linkcode withDefaults} adds for these options: their `defaultHeaders`, and a `user-agent`. */
export function defaultHeaders(options: ClientOptions): HeaderList {
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
