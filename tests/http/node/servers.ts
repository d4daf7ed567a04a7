/** Raw servers for the tests of the Node connector: they see and send bytes, not messages. */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

/** A server that hands each connection to a function. */
export interface RawServer extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:<port>`, or `https://localhost:<port>`. */
  readonly url: string;
  /** Connections so far, closed ones included. */
  readonly connections: readonly Connection[];
}

/** A connection as the server sees it. */
export interface Connection {
  readonly socket: Socket;
  /** All that came in, one code unit a byte. */
  readonly received: string;
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;
  /** Resolves once `received` contains `text`, rejects if the connection closes before. */
  until(text: string): Promise<void>;
}

/** Starts a server on a free port of 127.0.0.1, or at a path. */
export async function rawServer(
  serve: (connection: Connection, number: number) => unknown,
  options: { readonly tls?: TlsOptions; readonly path?: string } = {},
): Promise<RawServer> {
  const connections: Connection[] = [];
  const accept = (socket: Socket) => {
    const connection = watch(socket);
    connections.push(connection);
    Promise.resolve(serve(connection, connections.length)).catch(() => socket.destroy());
  };
  const raw = new Set<Socket>();
  const server: Server = options.tls === undefined
    ? createServer(accept)
    : createTlsServer(options.tls, accept as never) as unknown as Server;
  // Of TLS servers too: a handshake that never ends is no connection to `accept`.
  server.on("connection", (socket: Socket) => {
    raw.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => raw.delete(socket));
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => {
    if (options.path === undefined) server.listen(0, "127.0.0.1", resolve);
    else server.listen(options.path, resolve);
  });
  const port = options.path === undefined ? (server.address() as AddressInfo).port : 0;
  return {
    port,
    url: options.tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    connections,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const { socket } of connections) socket.destroy();
        for (const socket of raw) socket.destroy();
      }),
  };
}

function watch(socket: Socket): Connection {
  let received = "";
  const waiters = new Set<(from: number) => void>();
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  socket.on("error", () => {});
  socket.on("data", (chunk: Uint8Array) => {
    const from = received.length;
    for (let at = 0; at < chunk.length; at += 8192) {
      received += String.fromCharCode(...chunk.subarray(at, at + 8192));
    }
    for (const check of waiters) check(from);
  });
  return {
    socket,
    get received() {
      return received;
    },
    closed,
    until: (text) =>
      new Promise((resolve, reject) => {
        // Only what is new is looked at: much may have come in.
        const check = (from: number) => {
          if (received.indexOf(text, Math.max(0, from - text.length)) < 0) return;
          waiters.delete(check);
          resolve();
        };
        waiters.add(check);
        closed.then(() => reject(new Error(`The connection closed before ${JSON.stringify(text)} came`)));
        check(0);
      }),
  };
}

/** A server that answers each request of a connection, in order, with bytes; requests are told apart by their heads. */
export function answering(...answers: readonly string[]): Promise<RawServer> {
  return rawServer(async (connection) => {
    let seen = 0;
    for (let i = 0;; i++) {
      const from = seen;
      await until(connection, () => connection.received.indexOf("\r\n\r\n", from) >= 0);
      seen = connection.received.indexOf("\r\n\r\n", from) + 4;
      connection.socket.write(answers[Math.min(i, answers.length - 1)]!, "latin1");
    }
  });
}

async function until({ socket, closed }: Connection, condition: () => boolean): Promise<void> {
  let gone = false;
  closed.then(() => gone = true);
  while (!condition()) {
    if (gone) throw new Error("closed");
    await new Promise((resolve) => {
      socket.once("data", resolve);
      socket.once("close", resolve);
    });
  }
}

/** A response of status 200 with this body. */
export function ok(body = "ok", lines: readonly string[] = []): string {
  return ["HTTP/1.1 200 OK", `content-length: ${body.length}`, ...lines, "", body].join("\r\n");
}

/** The head of a message: its lines, and the empty one that ends it. */
export function head(...lines: readonly string[]): string {
  return [...lines, "", ""].join("\r\n");
}
