/** The credentials of {@linkcode HttpStore} as a layer. */
import type { HttpLayer } from "../../http/service.ts";
import { bytesToLatin1, type HeaderEntry } from "../../http/headers.ts";
import { ConfigurationError } from "../../store/error.ts";
import type { HttpAuth } from "./options.ts";

const STORE = "HTTP";

/** Adds the credentials to requests for the store's own origin; a redirect may lead to anybody. */
export function authorization(auth: HttpAuth, origin: string): HttpLayer {
  const fixed = "bearer" in auth
    ? typeof auth.bearer === "string" ? bearer(auth.bearer) : undefined
    : basic(auth.username, auth.password);
  return (inner) => ({
    async call(request) {
      if (!request.url.startsWith(`${origin}/`)) return await inner.call(request);
      const value = fixed ?? bearer(await (auth as { bearer: () => string | Promise<string> }).bearer());
      const line: HeaderEntry = ["authorization", value];
      return await inner.call({ ...request, headers: [...request.headers, line] });
    },
    close: () => inner.close?.(),
  });
}

function bearer(token: string): string {
  // RFC 6750 section 2.1; the token itself is not shown.
  if (/^[A-Za-z0-9\-._~+/]+=*$/.test(token)) return `Bearer ${token}`;
  throw new ConfigurationError("Cannot use the bearer token: it holds a character that no token may hold", {
    store: STORE,
    key: "auth",
  });
}

function basic(username: string, password: string): string {
  if (username.includes(":")) {
    throw new ConfigurationError("Cannot use the user name: it holds a colon", { store: STORE, key: "auth" });
  }
  return `Basic ${btoa(bytesToLatin1(new TextEncoder().encode(`${username}:${password}`)))}`;
}
