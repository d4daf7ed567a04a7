/** A served guest on a port. */
import { cannotListen, originOf } from "./address.ts";
import type { GuestServer } from "./server.ts";

/** Where to listen. */
export interface ListenOptions {
  /** Address. Default `127.0.0.1`: only this machine. */
  readonly hostname?: string;
  /** Port. Default 0: one that is free. */
  readonly port?: number;
  /** What listens: `deno` is faster, `node` carries trailers and every status. Default: Deno's where there is one. */
  readonly listener?: "deno" | "node";
}

/** A guest that listens. */
export interface ListeningGuest extends AsyncDisposable {
  /** Its URL, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Address listened on. */
  readonly hostname: string;
  /** Port listened on. */
  readonly port: number;
  /** Resolves when it has stopped listening and all connections have ended. */
  readonly finished: Promise<void>;
  /**
   * Takes no further connections, lets the requests under way end, then stops the server behind it; after `grace`
   * milliseconds (default 5,000) what is left is cut off.
   */
  shutdown(grace?: number): Promise<void>;
}

/** A platform's server, listening. */
export interface Listener {
  /** Port listened on. */
  readonly port: number;
  /** Resolves when it has stopped. */
  readonly finished: Promise<void>;
  /** Takes no further connections. */
  close(): void;
  /** Ends connections on which nothing is under way. */
  closeIdle(): void;
  /** Ends all connections, where the platform can. */
  abort(): void;
}

/** Where a platform's server listens. */
export interface ListenAddress {
  readonly hostname: string;
  readonly port: number;
}

const GRACE = 5_000;
/** Milliseconds that answers already given have at least. */
const LAST = 500;

/**
 * Listens on Deno, Node or Bun. `server` may be a function: it is called for each request, so that one guest can
 * replace another.
 *
 * ```ts ignore
 * const listening = await listenGuest(guest.serve(), { port: 8080 });
 * console.log(listening.url);
 * await listening.shutdown();
 * ```
 *
 * @throws {Error} when the address cannot be listened on; its cause is the platform's error.
 */
export async function listenGuest(
  server: GuestServer | (() => GuestServer),
  { hostname = "127.0.0.1", port = 0, listener }: ListenOptions = {},
): Promise<ListeningGuest> {
  const current = typeof server === "function" ? server : () => server;
  const onDeno = listener !== "node" && "Deno" in globalThis;
  const { listen } = onDeno ? await import("./listen_deno.ts") : await import("./listen_node.ts");
  let listening: Listener;
  try {
    listening = await listen(current, { hostname, port });
  } catch (error) {
    throw cannotListen(hostname, port, error);
  }
  const shutdown = async (grace: number = GRACE): Promise<void> => {
    listening.close();
    listening.closeIdle();
    await current().shutdown(grace);
    listening.closeIdle();
    // The guests are done; what they said may still be on its way to slow clients.
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        listening.abort();
        resolve();
      }, Math.max(grace, LAST));
    });
    await Promise.race([listening.finished, late]);
    clearTimeout(timer);
  };
  return {
    url: originOf(hostname, listening.port),
    hostname,
    port: listening.port,
    finished: listening.finished,
    shutdown,
    [Symbol.asyncDispose]: () => shutdown(),
  };
}
