/** A gateway on a port. */
import type { ObjectStore } from "../store/object_store.ts";
import { createGateway } from "./gateway.ts";
import type { GatewayOptions } from "./options.ts";

/** Options of {@linkcode serveGateway}. */
export interface ServeGatewayOptions extends GatewayOptions {
  /** The store to serve. */
  readonly store: ObjectStore;
  /** Address to listen on. Default `127.0.0.1`: only this machine. */
  readonly hostname?: string;
  /** Port to listen on. Default 0: one that is free. */
  readonly port?: number;
  /** Certificate chain and private key, PEM, to serve HTTPS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A gateway that listens. */
export interface GatewayServer extends AsyncDisposable {
  /** Where it is: `http://127.0.0.1:8080` and the base path. */
  readonly url: string;
  /** Address listened on. */
  readonly hostname: string;
  /** Port listened on. */
  readonly port: number;
  /** Resolves when it has stopped. */
  readonly finished: Promise<void>;
  /**
   * Takes no further connections, lets the requests under way end, and resolves when they have; after `grace`
   * milliseconds (default 5,000) those left are cut off.
   */
  shutdown(grace?: number): Promise<void>;
}

/** What a runtime's server needs to be told. */
export interface ListenOptions {
  /** Address to listen on. */
  readonly hostname: string;
  /** Port to listen on, 0 for a free one. */
  readonly port: number;
  /** Certificate chain and private key, PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A runtime's server, listening. */
export interface Listener {
  /** Port listened on. */
  readonly port: number;
  /** Resolves when it has stopped. */
  readonly finished: Promise<void>;
  /** Takes no further connections and resolves when the requests under way have ended. */
  close(): Promise<void>;
  /** Cuts off what is under way. */
  abort(): void;
}

const DEFAULT_GRACE = 5000;

/**
 * Serves a store over HTTP, on Deno, Node and Bun. See {@linkcode createGateway} for what it answers; on other
 * platforms hand its `fetch` to the platform's server.
 *
 * @example
 * ```ts ignore
 * const server = await serveGateway({ store: new MemoryStore(), port: 8080 });
 * console.log(server.url);
 * await server.shutdown();
 * ```
 *
 * @throws the platform's error when the address cannot be listened on.
 */
export async function serveGateway(options: ServeGatewayOptions): Promise<GatewayServer> {
  const { store, hostname = "127.0.0.1", port = 0, tls } = options;
  const gateway = createGateway(store, options);
  // In Deno too: `Deno.serve` (2.9) takes more off a connection than a slow store asks for, without bound, and moves
  // all of it with every chunk: 300 MiB in chunks of 16 KiB onto a disk took minutes, where `node:http` takes a second.
  const { listen } = await import("./serve_node.ts");
  const listener = await listen(gateway.fetch, { hostname, port, tls });
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const basePath = (options.basePath ?? "").replace(/\/+$/, "");
  const shutdown = async (grace: number = DEFAULT_GRACE): Promise<void> => {
    const timer = setTimeout(() => listener.abort(), grace);
    try {
      await listener.close();
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    url: `${tls === undefined ? "http" : "https"}://${host}:${listener.port}${basePath}`,
    hostname,
    port: listener.port,
    finished: listener.finished,
    shutdown,
    [Symbol.asyncDispose]: () => shutdown(),
  };
}
