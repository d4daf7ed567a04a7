/** `node:http` under a gateway, and any Fetch handler as a `node:http` request listener. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Gateway } from "./gateway.ts";
import type { Listener, ListenOptions } from "./serve.ts";

/** A listener for the `request` event of a `node:http` or `node:https` server. */
export type NodeRequestListener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/** How long requests that are cut off have to say so, in milliseconds. */
const LAST_WORDS = 250;
/** How many bytes of a request that nobody wants are waited for before it is answered, and how long in milliseconds. */
const SMALL_REST = 64 * 1024, REST_WAIT = 1_000;

/** Listens with `node:http`. */
export async function listen(handler: Gateway["fetch"], options: ListenOptions): Promise<Listener> {
  const { hostname, port, tls } = options;
  /** What ends each request under way. */
  const underWay = new Set<AbortController>();
  let closing = false;
  // Clients keep connections for later, and not all of those count as idle after a request that was broken off.
  const closeWhenDone = (): void => {
    if (underWay.size === 0) server.closeAllConnections();
  };
  const listener: NodeRequestListener = (incoming, outgoing) => {
    const controller = new AbortController();
    underWay.add(controller);
    outgoing.once("close", () => {
      underWay.delete(controller);
      if (closing) closeWhenDone();
    });
    serveOne({ fetch: handler }, incoming, outgoing, controller).catch(() => outgoing.destroy());
  };
  const server: Server = tls === undefined
    ? createServer(listener)
    : createSecureServer({ ...tls }, listener);
  // Uploads may take as long as they take; a client that sends nothing is cut off by the headers' timeout.
  server.requestTimeout = 0;
  const finished = new Promise<void>((resolve) => server.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    finished,
    close: () => {
      closing = true;
      server.close();
      server.closeIdleConnections();
      closeWhenDone();
      return finished;
    },
    abort: () => {
      for (const controller of underWay) controller.abort(new Error("The server is stopping"));
      const timer = setTimeout(() => server.closeAllConnections(), LAST_WORDS);
      finished.then(() => clearTimeout(timer));
    },
  };
}

/**
 * A gateway as a `node:http` request listener: `createServer(nodeListener(gateway))`. Bodies are streamed both ways
 * with back-pressure, and a client that goes away aborts the request's signal.
 */
export function nodeListener(gateway: Pick<Gateway, "fetch">): NodeRequestListener {
  return (incoming, outgoing) => {
    serveOne(gateway, incoming, outgoing, new AbortController()).catch(() => outgoing.destroy());
  };
}

async function serveOne(
  gateway: Pick<Gateway, "fetch">,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  controller: AbortController,
): Promise<void> {
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) controller.abort(new DOMException("The client went away", "AbortError"));
  });
  let request: Request;
  try {
    request = requestOf(incoming, controller.signal);
  } catch {
    outgoing.writeHead(400, { "content-type": "text/plain", "connection": "close" }).end("Bad request\n");
    return;
  }
  const response = await gateway.fetch(request);
  if (!incoming.complete && incoming.headers.expect === undefined) await skipRest(incoming, outgoing);
  const headers: Record<string, string | string[]> = {};
  response.headers.forEach((value, name) => headers[name] = value);
  // What was not read of the request stands in the way of the next one on this connection.
  if (!incoming.complete) headers["connection"] = "close";
  outgoing.writeHead(response.status, headers);
  if (response.body === null || request.method === "HEAD") {
    await response.body?.cancel();
    outgoing.end();
    return;
  }
  await send(response.body, outgoing);
}

/**
 * Waits for what nobody has read of a request, where it is not much: the XML of a PROPFIND may arrive after its head,
 * and closing the connection for it costs the client more than it saves us.
 */
async function skipRest(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  // Somebody has begun to read, and stopped for a reason.
  if (begun.has(incoming) || Number(incoming.headers["content-length"] ?? 0) > SMALL_REST) return;
  let length = 0, timer: ReturnType<typeof setTimeout> | undefined;
  await new Promise<void>((resolve) => {
    timer = setTimeout(resolve, REST_WAIT);
    incoming.on("data", (chunk: Uint8Array) => {
      length += chunk.byteLength;
      if (length > SMALL_REST) resolve();
    });
    incoming.once("end", resolve);
    outgoing.once("close", resolve);
  });
  clearTimeout(timer);
}

/** Requests whose bodies somebody reads. */
const begun = new WeakSet<IncomingMessage>();

function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request {
  const target = incoming.url ?? "/";
  // Parsers of URLs take dot segments out before anybody can refuse them.
  if (!target.startsWith("/") || /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$|\?)/i.test(target)) {
    throw new TypeError("Cannot take the request's target");
  }
  const scheme = "encrypted" in incoming.socket ? "https" : "http";
  const method = incoming.method ?? "GET";
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const hasBody = incoming.headers["transfer-encoding"] !== undefined ||
    Number(incoming.headers["content-length"] ?? 0) > 0;
  const init: RequestInit & { duplex?: "half" } = { method, headers, signal };
  if (hasBody && method !== "GET" && method !== "HEAD") {
    init.body = bodyOf(incoming);
    init.duplex = "half";
  }
  return new Request(`${scheme}://${incoming.headers.host ?? "localhost"}${target}`, init);
}

function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = incoming[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      begun.add(incoming);
      const { done, value } = await chunks.next();
      if (done) controller.close();
      // Buffers share a pool with others.
      else controller.enqueue(new Uint8Array(value));
    },
    // Destroying the request would destroy the socket, and the response with it.
    cancel: () => void incoming.resume(),
  }, { highWaterMark: 0 });
}

async function send(body: ReadableStream<Uint8Array>, outgoing: ServerResponse): Promise<void> {
  const reader = body.getReader();
  const gone = new Promise<void>((resolve) => outgoing.once("close", resolve));
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (outgoing.destroyed) return await reader.cancel();
      if (!outgoing.write(value)) {
        await Promise.race([new Promise((resolve) => outgoing.once("drain", resolve)), gone]);
      }
    }
    outgoing.end();
  } catch (error) {
    // The status has gone out: only a connection cut short can say that the body is not whole.
    outgoing.destroy();
    await reader.cancel(error).catch(() => {});
  }
}
