/**
 * An HTTP/1.1 origin for tests, on raw sockets, so that it can also do what no HTTP library would: break off, send
 * garbage, lie about lengths, and say byte for byte what came in. Runs where `node:net` exists: Deno, Node, Bun.
 */
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { Wire, type WireRequest } from "./origin_wire_node.ts";
import { answer } from "./origin_routes_node.ts";
import { type Sighting, Sightings } from "./origin_sightings.ts";

/** Options of {@linkcode startOrigin}. */
export interface OriginOptions {
  /** Serve TLS with this key and certificate chain, PEM. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Listen on this unix socket rather than on 127.0.0.1. */
  readonly unixSocket?: string;
}

/** A running origin. */
export interface Origin {
  /** `http://127.0.0.1:<port>` or `https://localhost:<port>`; `http://localhost` on a unix socket. */
  readonly url: string;
  /** The port; 0 on a unix socket. */
  readonly port: number;
  /** How many connections were accepted so far. */
  readonly connections: number;
  /** What was seen of requests with `?id=…`. */
  seen(id: string): Sighting;
  /** Ends every connection and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts an origin on a free port of 127.0.0.1. Its paths are those of `origin_routes_node.ts`.
 *
 * ```ts ignore
 * const origin = await startOrigin();
 * const response = await fetch(`${origin.url}/bytes?size=1024`);
 * await origin.close();
 * ```
 */
export async function startOrigin(options: OriginOptions = {}): Promise<Origin> {
  const sightings = new Sightings();
  let connections = 0;
  const sockets = new Set<Socket>();
  const accept = (socket: Socket): void => {
    connections++;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serve(new Wire(socket, connections), sightings);
  };
  const server: Server = options.tls === undefined
    ? createServer(accept)
    // The types of TLSSocket and Socket differ only in what is not used here.
    : createTlsServer(options.tls, (socket) => accept(socket as unknown as Socket)) as unknown as Server;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    if (options.unixSocket !== undefined) server.listen(options.unixSocket, resolve);
    else server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const scheme = options.tls === undefined ? "http" : "https";
  const host = options.tls === undefined ? "127.0.0.1" : "localhost";
  return {
    url: options.unixSocket === undefined ? `${scheme}://${host}:${port}` : "http://localhost",
    port,
    get connections(): number {
      return connections;
    },
    seen: (id) => sightings.of(id),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function serve(wire: Wire, sightings: Sightings): Promise<void> {
  try {
    for (let request = await wire.request(); request !== undefined; request = await wire.request()) {
      await exchange(wire, request, sightings);
      if (wire.gone || !await request.body.drain()) break;
    }
  } catch {
    // Clients that break off are what half of the tests are about.
  }
  wire.end();
}

async function exchange(wire: Wire, request: WireRequest, sightings: Sightings): Promise<void> {
  const id = request.query.get("id");
  if (id === null || request.path === "/seen") return await answer(wire, request, sightings);
  const seen = sightings.of(id);
  seen.started = true;
  const pushedBefore = wire.pushed;
  const update = (): void => {
    seen.received = request.body.received;
    seen.pushed = wire.pushed - pushedBefore;
    seen.whole = request.body.whole;
  };
  wire.onProgress = update;
  wire.closed.then(() => seen.gone = true);
  await answer(wire, request, sightings);
  update();
}
