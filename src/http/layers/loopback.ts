/** Which requests may go without encryption. Loaded for URLs that do not begin with `https://`. */
import { HttpError } from "../core.ts";
import type { HttpRequest } from "../service.ts";
import { isLoopbackHost, parseRequestUrl } from "../url.ts";

/**
 * The loopback origin that the request goes to, with its slash, so that it is a whole authority and cannot be
 * continued; `undefined` for `https:`.
 *
 * @throws {HttpError} of kind `denied` for `http:` to anywhere else, of kind `request` for what is no URL.
 */
export function loopbackOrigin({ method, url }: Pick<HttpRequest, "method" | "url">): string | undefined {
  const { scheme, host } = parseRequestUrl(url);
  if (scheme === "https") return undefined;
  if (isLoopbackHost(host)) return /^http:\/\/[^/?#\\]+\//.exec(url)?.[0];
  throw new HttpError(
    "denied",
    `Cannot send ${method} to "http://${host}": without encryption only loopback is allowed, ` +
      `set "allowHttp" to allow more`,
    { detail: { tag: "HTTP-request-denied" }, key: "allowHttp" },
  );
}
