/** Options of {@linkcode HttpStore}. */
import type { ConnectionOptions } from "../common/connection.ts";

/** Credentials that go with every request to the store's own origin, never to where it redirects. */
export type HttpAuth =
  /** A bearer token (RFC 6750), or what gives one: it is asked for each attempt, and so can renew it. */
  | { readonly bearer: string | (() => string | Promise<string>) }
  /** A user name and password (RFC 7617). */
  | { readonly username: string; readonly password: string };

/** Options of {@linkcode HttpStore}. */
export interface HttpStoreOptions extends ConnectionOptions {
  /** Credentials. Default: the user information of the URL, if it has any. */
  readonly auth?: HttpAuth;
  /**
   * Whether the server honours `if-match` and `if-none-match` of a PUT, on which the modes `"create"` and `{ update }`
   * stand. Many do not, and overwrite (nginx). `"probe"` finds out before the first conditional write, with a PUT of a
   * name that does not exist under a condition that cannot hold; `true` takes it for granted; `false` refuses such
   * writes. Default `"probe"`.
   */
  readonly conditionalPut?: boolean | "probe";
}
