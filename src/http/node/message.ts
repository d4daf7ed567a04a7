/** Response bodies of `node:http`: read as they are asked for, the connection paused in between. */
import type { IncomingMessage } from "node:http";
import type { HeaderEntry, HeaderList } from "../headers.ts";
import type { BodyPiece, BodySource } from "../response.ts";

/** What a body tells the request it belongs to. */
export interface BodyOwner {
  /** Somebody begins, or ceases, to wait for bytes. */
  waiting(yes: boolean): void;
  /** The body is wanted no more. */
  giveUp(reason: unknown): void;
  /** What a failure of the body looks like to callers. */
  failure(error: unknown): unknown;
  /** The body has ended, failed or was given up. */
  bodyClosed(): void;
}

/** The few things of an incoming message, or of an HTTP/2 stream, that reading a body needs. */
export interface BodyStream {
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "end" | "close" | "aborted", listener: () => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
  pause(): unknown;
  resume(): unknown;
}

/** Read ahead of the consumer up to here, then the connection is paused. */
const READ_AHEAD = 256 * 1024;
const END: BodyPiece = { done: true };

/** A body whose bytes come by events. */
export class EventBody implements BodySource {
  readonly #stream: BodyStream;
  readonly #owner: BodyOwner;
  readonly #length: number | undefined;
  readonly #trailers: () => HeaderList;
  readonly #queue: Uint8Array[] = [];
  #queued = 0;
  #flowing = false;
  #started = false;
  #over = false;
  #error: unknown;
  #failed = false;
  #waiter: { resolve(piece: BodyPiece): void; reject(error: unknown): void } | undefined;

  /** Listens for the end from now on; bytes are taken once they are asked for. */
  constructor(
    stream: BodyStream,
    owner: BodyOwner,
    length: number | undefined,
    complete: () => boolean,
    trailers: () => HeaderList,
  ) {
    this.#stream = stream;
    this.#owner = owner;
    this.#length = length;
    this.#trailers = trailers;
    stream.on("end", () => {
      if (complete()) this.#end();
      else this.fail(closedEarly());
    });
    stream.on("error", (error) => this.fail(error));
    stream.on("close", () => {
      // The error is made only where it is needed: each body is closed, and stack traces are dear.
      if (!this.#over) this.fail(closedEarly());
    });
  }

  /** See {@linkcode BodySource.read}. */
  read(): Promise<BodyPiece> {
    const value = this.#queue.shift();
    if (value !== undefined) {
      this.#queued -= value.byteLength;
      return Promise.resolve({ done: false, value });
    }
    if (this.#failed) return Promise.reject(this.#error);
    if (this.#over) return Promise.resolve(END);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#flow();
    });
  }

  /** See {@linkcode BodySource.whole}. */
  whole(): Promise<Uint8Array<ArrayBuffer>> {
    const buffer = new Uint8Array(this.#length ?? 0);
    let used = 0;
    return new Promise((resolve, reject) => {
      if (this.#failed) return reject(this.#error);
      this.#waiter = {
        resolve: () => resolve(used === buffer.length ? buffer : buffer.slice(0, used)),
        reject,
      };
      this.#owner.waiting(true);
      this.#stream.on("data", (chunk) => {
        // Node's parser holds the body to its length; were it not to, a short buffer must not throw here.
        const room = buffer.length - used;
        this.#owner.waiting(true);
        buffer.set(chunk.byteLength > room ? chunk.subarray(0, room) : chunk, used);
        used += chunk.byteLength;
      });
    });
  }

  /** See {@linkcode BodySource.cancel}. */
  cancel(reason: unknown): void {
    this.abort(reason);
    this.#owner.giveUp(reason);
  }

  /** See {@linkcode BodySource.failure}. */
  failure(error: unknown): unknown {
    return this.#owner.failure(error);
  }

  /** See {@linkcode BodySource.trailers}. */
  trailers(): HeaderList {
    return this.#trailers();
  }

  /** See {@linkcode BodySource.closed}. */
  closed(): void {
    this.#owner.bodyClosed();
  }

  /** Ends the body with an error, unless it has ended already. */
  fail(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#failed = true;
    this.#error = error;
    this.#take()?.reject(error);
  }

  /** Ends the body with an error at once: what was read ahead is dropped. */
  abort(error: unknown): void {
    this.#queue.length = 0;
    if (this.#over && !this.#failed) {
      this.#failed = true;
      this.#error = error;
    }
    this.fail(error);
  }

  #flow(): void {
    this.#owner.waiting(true);
    if (!this.#started) {
      this.#started = true;
      this.#flowing = true;
      // This listener is what sets the stream flowing.
      this.#stream.on("data", (chunk) => this.#data(chunk));
    } else if (!this.#flowing) {
      this.#flowing = true;
      this.#stream.resume();
    }
  }

  #data(chunk: Uint8Array): void {
    if (this.#over) return;
    // Not a Buffer: its `slice` does not copy, which no reader of a Uint8Array expects.
    const value = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const waiter = this.#take();
    if (waiter !== undefined) return waiter.resolve({ done: false, value });
    this.#queue.push(value);
    this.#queued += value.byteLength;
    if (this.#queued >= READ_AHEAD && this.#flowing) {
      this.#flowing = false;
      this.#stream.pause();
    }
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#take()?.resolve(END);
  }

  #take(): { resolve(piece: BodyPiece): void; reject(error: unknown): void } | undefined {
    const waiter = this.#waiter;
    if (waiter !== undefined) {
      this.#waiter = undefined;
      this.#owner.waiting(false);
    }
    return waiter;
  }
}

function closedEarly(): Error {
  return Object.assign(new Error("The connection was closed before the response was complete"), {
    code: "ECONNRESET",
  });
}

/** Raw header lines, which Node gives name and value alternating. */
export function headerList(raw: readonly string[]): HeaderEntry[] {
  const headers: HeaderEntry[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) headers.push([raw[i]!, raw[i + 1]!]);
  return headers;
}

/** The body of a message of `node:http`. */
export function messageBody(
  message: IncomingMessage,
  owner: BodyOwner,
  length: number | undefined,
): EventBody {
  return new EventBody(
    message as BodyStream,
    owner,
    length,
    () => message.complete,
    () => headerList(message.rawTrailers),
  );
}
