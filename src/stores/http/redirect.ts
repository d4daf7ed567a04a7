/** Following redirects of reads. Loaded with the first. */
import type { HttpRequest, HttpResponse, HttpService } from "../../http/service.ts";
import { GenericError, getHeader, NotFoundError, redactUrl, REDIRECTS } from "../common/core.ts";

/** As many as browsers and HTTP libraries mostly follow. */
const MAX_HOPS = 10;

/** What errors shall say. */
export interface RedirectContext {
  /** Short name of the store. */
  readonly store: string;
  /** Path of the object. */
  readonly path: string;
}

/**
 * Follows the redirects of a GET or HEAD; each hop goes through all layers, the policy among them.
 *
 * @throws {NotFoundError} when the redirect only adds a slash: the path is a directory, which is no object.
 * @throws {GenericError} for a loop, or more than 10 hops.
 */
export async function follow(
  service: HttpService,
  request: HttpRequest,
  first: HttpResponse,
  context: RedirectContext,
): Promise<HttpResponse> {
  let { url } = request;
  const seen = new Set([url]);
  for (let response = first;; response = await service.call({ ...request, url })) {
    const location = REDIRECTS.has(response.status) ? getHeader(response.headers, "location") : undefined;
    if (location === undefined) return response;
    await response.cancel();
    const next = resolve(location, url);
    if (next === undefined) {
      throw new GenericError(`Cannot get "${context.path}": the server redirects to what is no URL`, context);
    }
    if (isSlashAdded(url, next)) {
      throw new NotFoundError(`Cannot get "${context.path}": it is a directory, not an object`, {
        ...context,
        status: response.status,
        isDirectory: true,
      });
    }
    if (seen.has(next) || seen.size > MAX_HOPS) {
      const why = seen.has(next) ? "redirects in a circle" : `redirects more than ${MAX_HOPS} times`;
      throw new GenericError(
        `Cannot get "${context.path}": the server ${why}, at last to ${redactUrl(next)}`,
        {
          ...context,
          status: response.status,
        },
      );
    }
    seen.add(next);
    url = next;
  }
}

function resolve(location: string, base: string): string | undefined {
  try {
    const url = new URL(location, base);
    url.hash = "";
    return url.href;
  } catch {
    return undefined;
  }
}

/** Paths are compared alone: behind a proxy, servers get their own scheme and port wrong. */
function isSlashAdded(from: string, to: string): boolean {
  return new URL(to).pathname === `${new URL(from).pathname}/`;
}
