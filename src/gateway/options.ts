/** Options of a gateway: what it allows, and to whom. */

/** Who may use a gateway. Any one of the credentials given is enough. */
export interface GatewayAuth {
  /** Accepted bearer tokens (RFC 6750). */
  readonly bearer?: string | readonly string[];
  /** Accepted user names and passwords (RFC 7617). Only over TLS or loopback is this any protection. */
  readonly basic?: readonly { readonly username: string; readonly password: string }[];
}

/** What browsers' scripts of other origins may do. */
export interface GatewayCors {
  /** Origins allowed, such as `https://app.example.com`; `"*"` for all. */
  readonly origins: "*" | readonly string[];
  /** Let browsers send credentials; not possible with `"*"`. Default false. */
  readonly credentials?: boolean;
  /** How long a browser may remember a preflight, in seconds. Default 600. */
  readonly maxAge?: number;
  /** Response headers that scripts may read, besides those that the gateway exposes anyway. */
  readonly exposedHeaders?: readonly string[];
}

/**
 * A web page that works with the gateway. `storeport gateway --ui` serves one; its files are built from
 * `examples/browser`.
 */
export interface GatewayUi {
  /** The file of that name in the page's one folder; `undefined` where there is none. */
  file(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** Options of {@linkcode createGateway}. */
export interface GatewayOptions {
  /** Path under which the store is served, such as `/files`. Default the root. */
  readonly basePath?: string;
  /** Refuse everything that writes with 405. Default false. */
  readonly readOnly?: boolean;
  /** Largest body of a PUT in bytes; beyond it 413. Default no limit. */
  readonly maxBodySize?: number;
  /** Who may use it. Default everyone who can reach it. */
  readonly auth?: GatewayAuth;
  /** Cross-origin access. Default none. */
  readonly cors?: GatewayCors;
  /** Answer GET of a collection with a listing, HTML or (by `accept`) JSON. Default true; `false` answers 404. */
  readonly index?: boolean;
  /**
   * A page to serve at `_ui/` below the base path, to anybody: it asks for credentials itself. The name `_ui` is then
   * the page's. Writing below it is refused, and objects that were there before cannot be reached. Default none.
   */
  readonly ui?: GatewayUi;
  /**
   * Tells the content type of an object by its path, where the store does not keep one: files have none. Default: no
   * type is said. The `storeport gateway` command goes by the name's ending.
   */
  readonly contentTypeOf?: (path: string) => string | undefined;
  /** Told of failures whose cause the client is not told: for logs. Must not throw. */
  readonly onError?: (error: unknown, request: Request) => void;
}
