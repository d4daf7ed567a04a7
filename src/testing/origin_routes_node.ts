/** What the test origin answers, by path. Query parameters are named with each route. */
import { deflateSync, gzipSync } from "node:zlib";
import type { Sighting, Sightings } from "./origin_sightings.ts";
import { latin1, raw, type Wire, type WireRequest } from "./origin_wire_node.ts";
import { patternBytes } from "../http/conformance/pattern.ts";

type Route = (wire: Wire, request: WireRequest, sightings: Sightings) => Promise<void> | void;

/** Answers one request. */
export async function answer(wire: Wire, request: WireRequest, sightings: Sightings): Promise<void> {
  // Any path under "/echo", and the root, so that targets of every shape have somewhere to go.
  const route = request.path === "/" || request.path.startsWith("/echo/") ? echo : ROUTES[request.path];
  await (route ?? notFound)(wire, request, sightings);
}

const ROUTES: Readonly<Record<string, Route>> = {
  /** What came in, as JSON, the strings Latin-1. */
  "/echo": echo,
  /** `size` bytes of the pattern; `framing`: `length` (default), `chunked`, `close`. */
  "/bytes": bytes,
  /** A response of `code`, with header lines `h=name:value`, and the text `body`. */
  "/status": status,
  /** The head after `ms` milliseconds. */
  "/slow-head": async (wire, request) => {
    await wire.pause(Number(request.query.get("ms")));
    await wire.write(head(200, ["content-length: 2"]) + "ok");
  },
  /** `pieces` pieces of 10 bytes, each after `ms`; `framing` as above. */
  "/trickle": trickle,
  /** `after` bytes of a body of 1 MiB, then nothing until the client goes. */
  "/stall": async (wire, request) => {
    await wire.write(head(200, ["content-length: 1048576"]));
    await wire.write(patternBytes(Number(request.query.get("after") ?? 0)));
    await wire.closed;
  },
  /** Nothing until the client goes; the request body is not read. */
  "/hang": (wire) => wire.closed,
  /** As much of an endless body as the client takes. */
  "/firehose": async (wire) => {
    await wire.write(head(200, ["connection: close"]));
    const piece = patternBytes(65536);
    while (!wire.gone) await wire.write(piece);
  },
  /** Trailer fields after a chunked body. */
  "/trailers": (wire) =>
    wire.write(
      head(200, ["transfer-encoding: chunked", "trailer: x-sum, x-byte"]) +
        "5\r\nhello\r\n0\r\nX-Sum: 1234\r\nx-byte: caf\xe9\r\n\r\n",
    ),
  /** Half a body, then an orderly close; `framing` as above. */
  "/truncated": async (wire, request) => {
    const chunked = request.query.get("framing") === "chunked";
    await wire.write(
      chunked
        ? head(200, ["transfer-encoding: chunked"]) + "5\r\nhello\r\n"
        : head(200, ["content-length: 10"]) + "hello",
    );
    wire.end();
  },
  /** Half a body, then a reset. */
  "/reset-in-body": async (wire) => {
    await wire.write(head(200, ["content-length: 100000"]) + "hello");
    // Else the reset overtakes the head in the client's system, and there is no response to break.
    await wire.pause(50);
    wire.reset();
  },
  /** More bytes than declared, then a close. */
  "/over-long": async (wire) => {
    await wire.write(head(200, ["content-length: 5", "connection: close"]) + "hello, and more");
    wire.end();
  },
  /** A reset in place of a response. */
  "/reset": (wire) => wire.reset(),
  /** An orderly close in place of a response. */
  "/close": (wire) => wire.end(),
  /** Not HTTP. */
  "/garbage": async (wire) => {
    await wire.write("SSH-2.0-OpenSSH_9.6\r\n\r\n");
    wire.end();
  },
  /** A chunk whose size is no number. */
  "/bad-chunk": async (wire) => {
    await wire.write(head(200, ["transfer-encoding: chunked"]) + "zz\r\nhello\r\n0\r\n\r\n");
    wire.end();
  },
  /** A head of `size` bytes or so. */
  "/big-head": (wire, request) =>
    wire.write(head(200, [`x-big: ${"a".repeat(Number(request.query.get("size")))}`, "content-length: 0"])),
  /** The pattern under a content coding: `coding` gzip (default) or deflate; `status`, `size`. Broken with `broken`. */
  "/coded": coded,
  /** Repeated header lines, two cookies. */
  "/duplicates": (wire) =>
    wire.write(
      head(200, [
        "X-Dup: one",
        "x-dup: two",
        "set-cookie: a=1; path=/",
        "Set-Cookie: b=2, c",
        "content-length: 0",
      ]),
    ),
  /** A header value with the byte 0xE9. */
  "/latin1": (wire) => wire.write(head(200, ["x-latin1: caf\xe9", "content-length: 0"])),
  /** `code` with a location. */
  "/redirect": (wire, request) =>
    wire.write(
      head(Number(request.query.get("code") ?? 302), ["location: /echo", "content-length: 5"]) + "moved",
    ),
  /** 103 before 200. */
  "/informational": (wire) =>
    wire.write(
      "HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n" + head(200, ["content-length: 2"]) + "ok",
    ),
  /** 101, unasked. */
  "/switch": async (wire) => {
    await wire.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n");
    await wire.closed;
  },
  /** 413 before the request body was read, then a close. */
  "/early": async (wire) => {
    await wire.write(head(413, ["content-length: 3", "connection: close"]) + "big");
    wire.end();
    await wire.closed;
  },
  /** Answers while it still reads: every piece of the request body comes back as it arrives. */
  "/mirror": mirror,
  /** What was seen of `id`; with `gone` not before its client has gone, `received` not before so many bytes came. */
  "/seen": seen,
};

/** A response head, header lines as they shall stand. */
function head(code: number, lines: readonly string[]): string {
  return [`HTTP/1.1 ${code} Answer`, ...lines, "", ""].join("\r\n");
}

function notFound(wire: Wire): Promise<void> {
  return wire.write(head(404, ["content-length: 9"]) + "not found");
}

async function json(wire: Wire, request: WireRequest, value: unknown): Promise<void> {
  const body = new TextEncoder().encode(JSON.stringify(value));
  await wire.write(head(200, ["content-type: application/json", `content-length: ${body.byteLength}`]));
  if (request.method !== "HEAD") await wire.write(body);
}

async function echo(wire: Wire, request: WireRequest): Promise<void> {
  const body = await request.body.all();
  await json(wire, request, {
    method: request.method,
    target: request.target,
    headers: request.headers,
    body: raw(body.subarray(0, 65536)),
    length: body.byteLength,
    chunked: request.chunked,
    whole: request.body.whole,
    trailers: request.body.trailers,
    connection: wire.number,
  });
}

async function bytes(wire: Wire, request: WireRequest): Promise<void> {
  const size = Number(request.query.get("size"));
  const framing = request.query.get("framing") ?? "length";
  await wire.write(head(200, [framed(framing, size), "content-type: application/octet-stream", 'etag: "1"']));
  if (request.method === "HEAD") return;
  await writePattern(wire, size, framing);
}

function framed(framing: string, size: number): string {
  if (framing === "chunked") return "transfer-encoding: chunked";
  return framing === "close" ? "connection: close" : `content-length: ${size}`;
}

async function writePattern(wire: Wire, size: number, framing: string): Promise<void> {
  for (let at = 0; at < size && !wire.gone; at += 65536) {
    await writePiece(wire, patternBytes(Math.min(65536, size - at), at), framing);
  }
  await finish(wire, framing);
}

async function writePiece(wire: Wire, piece: Uint8Array, framing: string): Promise<void> {
  if (framing === "chunked") await wire.write(`${piece.byteLength.toString(16)}\r\n`);
  await wire.write(piece);
  if (framing === "chunked") await wire.write("\r\n");
}

async function finish(wire: Wire, framing: string): Promise<void> {
  if (framing === "chunked") await wire.write("0\r\n\r\n");
  if (framing === "close") wire.end();
}

async function status(wire: Wire, request: WireRequest): Promise<void> {
  const code = Number(request.query.get("code"));
  const body = request.query.get("body") ?? "";
  const bodiless = code === 204 || code === 304;
  const lines = request.query.getAll("h");
  if (!bodiless) lines.push(`content-length: ${body.length}`);
  await wire.write(head(code, lines) + (bodiless || request.method === "HEAD" ? "" : body));
}

async function trickle(wire: Wire, request: WireRequest): Promise<void> {
  const pieces = Number(request.query.get("pieces"));
  const framing = request.query.get("framing") ?? "length";
  await wire.write(head(200, [framed(framing, pieces * 10)]));
  for (let i = 0; i < pieces && !wire.gone; i++) {
    await wire.pause(Number(request.query.get("ms")));
    await writePiece(wire, patternBytes(10, i * 10), framing);
  }
  await finish(wire, framing);
}

async function coded(wire: Wire, request: WireRequest): Promise<void> {
  const coding = request.query.get("coding") ?? "gzip";
  const pattern = patternBytes(Number(request.query.get("size") ?? 10000));
  const whole: Uint8Array = coding === "gzip"
    ? gzipSync(pattern)
    : coding === "deflate"
    ? deflateSync(pattern)
    : pattern;
  const code = Number(request.query.get("status") ?? 200);
  // A range of a stored gzip object is a slice of its coded bytes.
  const body = code === 206
    ? whole.subarray(0, 20)
    : request.query.has("broken")
    ? latin1("this is not compressed at all")
    : whole;
  const lines = [`content-encoding: ${coding}`, `content-length: ${body.byteLength}`];
  if (code === 206) lines.push(`content-range: bytes 0-19/${whole.byteLength}`);
  await wire.write(head(code, lines));
  if (request.method !== "HEAD") await wire.write(body);
}

async function mirror(wire: Wire, request: WireRequest): Promise<void> {
  await wire.write(head(200, ["transfer-encoding: chunked"]));
  for (let piece = await request.body.next(); piece !== undefined; piece = await request.body.next()) {
    await writePiece(wire, piece, "chunked");
  }
  await finish(wire, "chunked");
}

async function seen(wire: Wire, request: WireRequest, sightings: Sightings): Promise<void> {
  const found = sightings.of(request.query.get("id") ?? "");
  // Long enough for any machine; what is asked for usually has happened by now.
  const giveUpAt = performance.now() + 10_000;
  while (!satisfied(found, request.query) && performance.now() < giveUpAt && !wire.gone) await wire.pause(5);
  await json(wire, request, found);
}

function satisfied(found: Sighting, query: URLSearchParams): boolean {
  return (!query.has("gone") || found.gone) && (!query.has("started") || found.started) &&
    found.received >= Number(query.get("received") ?? 0) && (!query.has("whole") || found.whole);
}
