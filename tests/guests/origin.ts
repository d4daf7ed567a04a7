import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** What the origin saw of one request. */
export interface Seen {
  method: string;
  /** The request target as it stood on the wire. */
  target: string;
  /** Names and values alternating, as sent. */
  rawHeaders: string[];
  /** Body bytes that arrived. */
  bytes: number;
  /** Whether the request's end arrived; `false` after an abort. */
  complete: boolean;
}

/** A running origin. */
export interface Origin {
  /** `HOST:PORT`, what guests get as `HTTP_SERVER`. */
  address: string;
  /** Requests in the order of their arrival; entries are filled as bytes come in. */
  seen: Seen[];
  /** Connections that are open now. */
  connections(): number;
  /** Closes connections that wait for another request. */
  closeIdle(): void;
  /** Cuts all connections and stops. */
  close(): Promise<void>;
}

/**
 * Starts the HTTP server that the guests' checks talk to. Any path echoes method, target and body; these do more:
 *
 * | path | answer |
 * |---|---|
 * | `/bytes/N` | N bytes of the test pattern, with `content-length` |
 * | `/stream/N` | the same, chunked |
 * | `/forever` | the pattern without end |
 * | `/sink` | reads the whole body, then says how many bytes |
 * | `/early` | answers at once and never reads the body |
 * | `/slow?ms=N` | the head after N milliseconds (default 5000) |
 * | `/drip?n=N&ms=M` | N single bytes, M milliseconds apart |
 * | `/stall` | a head and 5 bytes, then nothing |
 * | `/close` | reads nothing, closes the connection without an answer |
 * | `/reset` | the same with a TCP reset |
 * | `/truncated` | promises 100 bytes, sends 10, closes |
 * | `/truncated-chunk` | a chunked body that stops in the middle |
 * | `/bad-chunk` | a chunk size that is no number |
 * | `/garbage` | bytes that are not HTTP |
 * | `/big-head?n=N` | N bytes of response header |
 * | `/status/N` | that status |
 * | `/redirect?to=URL` | 302 |
 * | `/headers` | odd response headers: duplicates, bytes above 0x7F, names that must not reach a guest |
 * | `/trailers` | reads the body and lists the trailers that came |
 * | `/with-trailers` | a body followed by trailers |
 * | `/gzip` | a gzip-coded body |
 * | `/informational` | a 103 before the answer |
 */
export function startOrigin(): Promise<Origin> {
  const seen: Seen[] = [], sockets = new Set<Socket>(), busy = new Set<Socket>();
  const server = createServer({ joinDuplicateHeaders: false, keepAliveTimeout: 30_000, requestTimeout: 0 });
  server.on("request", (request, response) => {
    busy.add(request.socket);
    response.on("close", () => busy.delete(request.socket));
    answer(record(request, seen), request, response);
  });
  server.on("checkContinue", (request, response) => {
    response.writeContinue();
    server.emit("request", request, response);
  });
  server.on("connect", (request: IncomingMessage, socket: Socket) => {
    record(request, seen);
    socket.end("HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
  });
  server.on("clientError", (_error, socket) => socket.destroy());
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () =>
      resolve({
        address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
        seen,
        connections: () => sockets.size,
        closeIdle() {
          for (const socket of sockets) if (!busy.has(socket)) socket.destroy();
        },
        close: () => stop(server, sockets),
      }))
  );
}

function stop(server: Server, sockets: Set<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  return new Promise((resolve) => server.close(() => resolve()));
}

function record(request: IncomingMessage, seen: Seen[]): Seen {
  const entry = {
    method: request.method ?? "",
    target: request.url ?? "",
    rawHeaders: request.rawHeaders,
    bytes: 0,
    complete: false,
  };
  seen.push(entry);
  return entry;
}

type Answer = (request: IncomingMessage, response: ServerResponse, url: URL, seen: Seen) => unknown;

async function answer(seen: Seen, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Only to find the answer; what is echoed is the target as it came.
  const url = new URL("http://origin" + (request.url?.startsWith("/") ? request.url : "/"));
  const [, first = ""] = url.pathname.split("/");
  response.setHeader("x-storeport-test-method", seen.method);
  response.setHeader("x-storeport-test-uri", Buffer.from(seen.target, "latin1").toString("latin1"));
  response.sendDate = false;
  response.on("error", () => {});
  request.on("error", () => {});
  request.on("end", () => seen.complete = request.complete);
  try {
    await (Object.hasOwn(ANSWERS, first) ? ANSWERS[first]! : echo)(request, response, url, seen);
  } catch {
    response.destroy();
  }
}

const ANSWERS: Record<string, Answer> = {
  bytes: async (_request, response, url) => {
    const size = Number(url.pathname.split("/")[2]);
    response.setHeader("content-length", size);
    await sendPattern(response, size);
  },
  stream: async (_request, response, url) => await sendPattern(response, Number(url.pathname.split("/")[2])),
  forever: async (_request, response) => await sendPattern(response, Infinity),
  sink: async (request, response, _url, seen) => {
    await drain(request, seen);
    response.end(`${seen.bytes} bytes`);
  },
  early: (_request, response) => response.end("early"),
  slow: async (_request, response, url) => {
    await pause(response, Number(url.searchParams.get("ms") ?? 5000));
    response.end("slow");
  },
  drip: async (_request, response, url) => {
    const count = Number(url.searchParams.get("n") ?? 3), ms = Number(url.searchParams.get("ms") ?? 10);
    response.flushHeaders();
    for (let at = 0; at < count && !response.destroyed; at++) {
      response.write(Buffer.of(at % 251));
      await pause(response, ms);
    }
    response.end();
  },
  stall: (_request, response) => void response.writeHead(200).write("five!"),
  close: (request) => request.socket.end(),
  reset: (request) => request.socket.resetAndDestroy(),
  truncated: async (_request, response) => {
    response.setHeader("content-length", 100);
    response.write("only ten b");
    await pause(response, 20);
    response.destroy();
  },
  "truncated-chunk": (request) =>
    raw(request, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10\r\nhalf"),
  "bad-chunk": (request) =>
    raw(request, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n"),
  garbage: (request) => raw(request, "this is no HTTP\r\n\r\n"),
  "big-head": (request, _response, url) =>
    raw(
      request,
      `HTTP/1.1 200 OK\r\nx-big: ${
        "b".repeat(Number(url.searchParams.get("n")))
      }\r\ncontent-length: 0\r\n\r\n`,
    ),
  status: (_request, response, url) => response.writeHead(Number(url.pathname.split("/")[2])).end(),
  redirect: (_request, response, url) =>
    response.writeHead(302, { location: url.searchParams.get("to") ?? "/" }).end("moved"),
  headers: (request) =>
    raw(
      request,
      "HTTP/1.1 200 OK\r\nX-Twice: 1\r\nset-cookie: a=1\r\nX-Twice: 2\r\nset-cookie: b=2\r\nx-bytes: \xe9\xff\r\n" +
        "keep-alive: timeout=5\r\nproxy-authenticate: Basic\r\nupgrade: h2c\r\nx-empty:\r\ncontent-length: 2\r\n\r\nok",
    ),
  trailers: async (request, response, _url, seen) => {
    await drain(request, seen);
    const pairs: string[] = [];
    for (let at = 0; at < request.rawTrailers.length; at += 2) {
      pairs.push(`${request.rawTrailers[at]!.toLowerCase()}: ${request.rawTrailers[at + 1]}`);
    }
    response.end(pairs.length > 0 ? pairs.join(", ") : "none");
  },
  "with-trailers": (request) =>
    raw(
      request,
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-checksum, x-twice\r\n\r\n" +
        "4\r\nbody\r\n0\r\nx-checksum: 42\r\nx-twice: 1\r\nx-twice: 2\r\n\r\n",
    ),
  gzip: (_request, response) => {
    const coded = Buffer.from("1f8b08000000000000034bcf2cc9484d010061c8e9ec05000000", "hex");
    response.writeHead(200, { "content-encoding": "gzip", "content-length": coded.length }).end(coded);
  },
  informational: (_request, response) => {
    response.writeEarlyHints({ link: "</style.css>; rel=preload" });
    response.end("after hints");
  },
};

const echo: Answer = async (request, response, _url, seen) => {
  for (const name of ["content-type", "content-length"]) {
    const value = request.headers[name];
    if (value !== undefined) response.setHeader(name, value);
  }
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    seen.bytes += chunk.length;
    await send(response, chunk);
  }
  response.end();
};

async function drain(request: IncomingMessage, seen: Seen): Promise<void> {
  for await (const chunk of request as AsyncIterable<Uint8Array>) seen.bytes += chunk.length;
}

/** Byte `i` of the pattern is `i % 251`, the same as the guests' own. */
export function pattern(size: number, from = 0): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => (from + at) % 251);
}

// A whole number of periods, so that every piece of it starts the pattern anew.
const BLOCK = pattern(251 * 1024);

async function sendPattern(response: ServerResponse, size: number): Promise<void> {
  for (let at = 0; at < size && !response.destroyed; at += BLOCK.length) {
    await send(response, size - at >= BLOCK.length ? BLOCK : BLOCK.subarray(0, size - at));
  }
  response.end();
}

/** Writes and waits while the other side does not read. */
function send(response: ServerResponse, chunk: Uint8Array): Promise<void> | void {
  if (response.write(chunk) || response.destroyed) return;
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}

/** Waits, but no longer than the client does. */
function pause(response: ServerResponse, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    response.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function raw(request: IncomingMessage, bytes: string): void {
  request.socket.end(Buffer.from(bytes, "latin1"));
}
