/**
 * A served guest behind `node:http` (Node, Deno, Bun): everything that `fetch` cannot say goes through, which is raw
 * targets, header lines in order, every status and trailers both ways.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { HeaderEntry, HeaderList } from "../../http/headers.ts";
import { type BodySource, isSource, type ServedRequest, type ServedResponse } from "./exchange.ts";
import { discard } from "./fetch.ts";
import type { GuestServer } from "./server.ts";

/**
 * A listener for the `request` event of a `node:http` or `node:https` server.
 *
 * ```ts ignore
 * import { createServer } from "node:http";
 *
 * createServer(nodeHandler(guest.serve())).listen(8080, "127.0.0.1");
 * ```
 */
export function nodeHandler(
  server: GuestServer,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  return (incoming, outgoing) => {
    outgoing.on("error", () => {}); // told by "close"
    serveOne(server, incoming, outgoing).catch(() => outgoing.destroy());
  };
}

async function serveOne(
  server: GuestServer,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const request = requestOf(incoming);
  let gone: (() => void) | undefined;
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) gone?.();
  });
  const answer = await server.exchange(request, {
    remote: incoming.socket.remoteAddress,
    onGone: (listener) => gone = listener,
  });
  if (outgoing.destroyed) return isSource(answer.body) ? answer.body.cancel() : undefined;
  await send(answer, request.method, incoming, outgoing);
}

function requestOf(incoming: IncomingMessage): ServedRequest {
  const headers = pairs(incoming.rawHeaders);
  // More than one is an error (RFC 9112 section 3.2), which `node:http` lets pass.
  const hosts = headers.filter(([name]) => name.toLowerCase() === "host").length;
  const target = incoming.url ?? "/";
  const absolute = /^(https?):\/\/([^/?#]*)(.*)$/is.exec(target);
  const encrypted = (incoming.socket as { encrypted?: boolean }).encrypted === true;
  const hasBody = incoming.headers["transfer-encoding"] !== undefined ||
    Number(incoming.headers["content-length"] ?? 0) > 0;
  const path = (absolute === null ? target : absolute[3]!).replace(/#.*$/, "");
  return {
    method: incoming.method ?? "GET",
    scheme: encrypted ? "https" : "http",
    authority: hosts > 1 ? "" : absolute?.[2] ?? incoming.headers.host ?? "",
    path: path === "" ? "/" : path,
    headers,
    body: hasBody ? incomingSource(incoming) : undefined,
    trailers: () => pairs(incoming.rawTrailers),
  };
}

/** Node gives names and values in turn. */
function pairs(raw: readonly string[]): HeaderEntry[] {
  const entries: HeaderEntry[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) entries.push([raw[at]!, raw[at + 1]!]);
  return entries;
}

function incomingSource(incoming: IncomingMessage): BodySource {
  let chunks: AsyncIterator<Uint8Array> | undefined;
  let over = false;
  return {
    async read() {
      if (over) return undefined;
      // The iterator would end quietly where the client went away before it began.
      if (incoming.destroyed && !incoming.complete) throw new Error("The client went away");
      chunks ??= incoming[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
      const { done, value } = await chunks.next();
      if (done) {
        over = true;
        if (!incoming.complete) throw new Error("The client went away");
        return undefined;
      }
      // Buffers share a pool with others.
      return new Uint8Array(value);
    },
    // Destroying the request would destroy the socket, and the response with it.
    cancel() {
      if (over) return;
      over = true;
      incoming.resume();
    },
  };
}

async function send(
  { status, headers, body, trailers }: ServedResponse,
  method: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const bodiless = method === "HEAD" || status < 200 || status === 204 || status === 304;
  const whole = !isSource(body);
  const wholeTrailers = whole ? trailers() : [];
  const lines = headers.flat();
  const declared = headers.some(([name]) => name.toLowerCase() === "content-length");
  if (!declared && !bodiless && whole && wholeTrailers.length === 0) {
    lines.push("content-length", String(body?.length ?? 0));
  }
  // What was not read of the request stands in the way of the next one on this connection.
  if (!incoming.complete) lines.push("connection", "close");
  outgoing.sendDate = !headers.some(([name]) => name.toLowerCase() === "date");
  // `node:http` cannot send these as a final answer.
  outgoing.writeHead(status < 200 ? 500 : status, lines);
  if (bodiless) {
    outgoing.end();
    return discard(body);
  }
  if (whole) {
    addTrailers(outgoing, wholeTrailers);
    outgoing.end(body);
    return;
  }
  outgoing.flushHeaders();
  await stream(body, outgoing, trailers);
}

async function stream(body: BodySource, outgoing: ServerResponse, trailers: () => HeaderList): Promise<void> {
  const gone = new Promise<void>((resolve) => outgoing.once("close", resolve));
  try {
    for (;;) {
      const piece = await body.read();
      if (outgoing.destroyed) return body.cancel();
      if (piece === undefined) break;
      if (!outgoing.write(piece)) {
        await Promise.race([new Promise((resolve) => outgoing.once("drain", resolve)), gone]);
      }
    }
    addTrailers(outgoing, trailers());
    outgoing.end();
  } catch {
    cutShort(outgoing);
    body.cancel();
  }
}

/**
 * The status has gone out: only a connection cut short can say that the body is not whole. What was written before
 * belongs to the answer, and `destroy` would throw away what the socket has not taken yet.
 */
function cutShort(outgoing: ServerResponse): void {
  if (outgoing.socket?.destroySoon === undefined) outgoing.destroy();
  else outgoing.socket.destroySoon();
}

function addTrailers(outgoing: ServerResponse, trailers: HeaderList): void {
  if (trailers.length > 0) outgoing.addTrailers(trailers as unknown as [string, string][]);
}
