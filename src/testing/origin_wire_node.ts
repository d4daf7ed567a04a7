/** One connection of the test origin: reads requests byte for byte, writes whatever it is told to. */
import type { Socket } from "node:net";
import { concatBytes } from "../store/concat.ts";

const LATIN1 = "latin1";

/** A request as it stood on the wire. */
export interface WireRequest {
  /** As written. */
  readonly method: string;
  /** Request target as written. */
  readonly target: string;
  /** Path of the target. */
  readonly path: string;
  /** Query of the target. */
  readonly query: URLSearchParams;
  /** Header lines as written, Latin-1. */
  readonly headers: [name: string, value: string][];
  /** The body, read on demand. */
  readonly body: WireBody;
  /** Whether the body came in chunks. */
  readonly chunked: boolean;
}

/** A connection. */
export class Wire {
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;
  /** Its number, from 1. */
  readonly number: number;
  /** Bytes handed to and taken by the operating system so far, heads included. */
  pushed = 0;
  /** Whether the connection is closed. */
  gone = false;
  /** Called when something was received or sent. */
  onProgress: () => void = () => {};
  readonly #socket: Socket;
  #buffer: Uint8Array = new Uint8Array(0);
  #ended = false;
  #wake: () => void = () => {};

  constructor(socket: Socket, number: number) {
    this.#socket = socket;
    this.number = number;
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("data", (data: Uint8Array) => {
      this.#buffer = concatBytes([this.#buffer, data]);
      // Not read on: what nobody takes must stay in the sender.
      if (this.#buffer.byteLength > 65536) socket.pause();
      this.#wake();
    });
    socket.on("end", () => {
      this.#ended = true;
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.gone = true;
        this.#ended = true;
        this.#wake();
        resolve();
      });
    });
  }

  /** The next request head, or `undefined` where the connection ended. */
  async request(): Promise<WireRequest | undefined> {
    const head = await this.#until("\r\n\r\n");
    if (head === undefined) return undefined;
    const [first = "", ...lines] = head.split("\r\n");
    const [method = "", target = ""] = first.split(" ");
    const headers = lines.map(headerLine);
    const lengthLine = headers.find(([name]) => name.toLowerCase() === "content-length");
    const chunked = headers.some(([name, value]) =>
      name.toLowerCase() === "transfer-encoding" && value.toLowerCase().includes("chunked")
    );
    // Absolute form, as proxies are asked (RFC 9112 section 3.2.2).
    const origin = target.replace(/^https?:\/\/[^/?]*/i, "");
    const question = origin.indexOf("?");
    return {
      method,
      target,
      path: question < 0 ? origin : origin.slice(0, question),
      query: new URLSearchParams(question < 0 ? "" : origin.slice(question + 1)),
      headers,
      chunked,
      body: new WireBody(this, chunked ? undefined : Number(lengthLine?.[1] ?? 0)),
    };
  }

  /** Writes Latin-1 text or bytes; resolves when the operating system has taken them, or the client is gone. */
  async write(data: string | Uint8Array): Promise<void> {
    if (this.gone) return;
    const bytes = typeof data === "string" ? latin1(data) : data;
    const taken = await Promise.race([
      new Promise<boolean>((resolve) => this.#socket.write(bytes, (error) => resolve(!error))),
      this.closed,
    ]);
    if (taken !== true) {
      // A failed write is followed by the close, but not before timers and sockets get a turn.
      await this.closed;
      return;
    }
    this.pushed += bytes.byteLength;
    this.onProgress();
  }

  /** Closes the connection in an orderly way. */
  end(): void {
    this.#socket.end();
  }

  /** Closes the connection with a reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Waits, less long where the client goes away. */
  async pause(ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([new Promise<void>((resolve) => timer = setTimeout(resolve, ms)), this.closed]);
    clearTimeout(timer);
  }

  /** Text up to `mark`, which is taken too; `undefined` where the connection ends before. */
  async #until(mark: string): Promise<string | undefined> {
    for (;;) {
      const text = new TextDecoder(LATIN1).decode(this.#buffer);
      const at = text.indexOf(mark);
      if (at >= 0) {
        const head = raw(this.#buffer.subarray(0, at));
        this.#buffer = this.#buffer.slice(at + mark.length);
        return head;
      }
      if (!await this.#more()) return undefined;
    }
  }

  /** A line of a chunked body. */
  line(): Promise<string | undefined> {
    return this.#until("\r\n");
  }

  /** At most `limit` bytes, at least one; `undefined` where the connection ended. */
  async take(limit: number): Promise<Uint8Array | undefined> {
    while (this.#buffer.byteLength === 0) if (!await this.#more()) return undefined;
    const taken = this.#buffer.slice(0, limit);
    this.#buffer = this.#buffer.slice(taken.byteLength);
    return taken;
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const before = this.#buffer.byteLength;
    const woken = new Promise<void>((resolve) => this.#wake = resolve);
    this.#socket.resume();
    await woken;
    return this.#buffer.byteLength > before || !this.#ended;
  }
}

/** A request body on the wire. */
export class WireBody {
  /** Bytes read so far, framing not counted. */
  received = 0;
  /** Whether its end was read. */
  whole = false;
  /** Trailer lines of a chunked body, once whole. */
  readonly trailers: [name: string, value: string][] = [];
  readonly #wire: Wire;
  /** Bytes left: of the body, or of the chunk. */
  #left: number;
  readonly #chunked: boolean;

  constructor(wire: Wire, length: number | undefined) {
    this.#wire = wire;
    this.#chunked = length === undefined;
    this.#left = length ?? 0;
    if (length === 0) this.whole = true;
  }

  /** The next bytes; `undefined` at the end, also where the client broke off (then not `whole`). */
  async next(): Promise<Uint8Array | undefined> {
    if (this.whole) return undefined;
    if (this.#left === 0 && this.#chunked && !await this.#nextChunk()) return undefined;
    const bytes = await this.#wire.take(this.#left);
    if (bytes === undefined) return undefined;
    this.#left -= bytes.byteLength;
    this.received += bytes.byteLength;
    if (this.#left === 0 && !this.#chunked) this.whole = true;
    this.#wire.onProgress();
    return bytes;
  }

  /** All of it. */
  async all(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (let piece = await this.next(); piece !== undefined; piece = await this.next()) pieces.push(piece);
    return concatBytes(pieces);
  }

  /** Reads to the end; false where there is none. */
  async drain(): Promise<boolean> {
    while (await this.next() !== undefined);
    return this.whole;
  }

  async #nextChunk(): Promise<boolean> {
    // The end of the chunk before: only now, since some clients write it only with the next one.
    if (this.received > 0) await this.#wire.line();
    const size = await this.#wire.line();
    if (size === undefined) return false;
    this.#left = parseInt(size, 16);
    if (this.#left > 0) return true;
    for (
      let line = await this.#wire.line();
      line !== "" && line !== undefined;
      line = await this.#wire.line()
    ) {
      this.trailers.push(headerLine(line));
    }
    this.whole = true;
    this.#wire.onProgress();
    return false;
  }
}

function headerLine(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

/** Bytes as Latin-1, which `TextDecoder("latin1")` is not: it is windows-1252. */
export function raw(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Latin-1 as bytes. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (unit) => unit.charCodeAt(0));
}
