/** Request bodies for `fetch`: joined, counted against their length, or collected where a stream cannot be sent. */
import { bodyLength } from "../body.ts";
import { HttpError } from "../error.ts";
import { GatheringReader } from "../gathering_reader.ts";
import { redactUrl } from "../redact.ts";
import type { HttpRequest } from "../service.ts";
import { refuse } from "./head.ts";
import { joined } from "./plain.ts";
import { probeStreamLength } from "./upload_platform.ts";

/**
 * How much of a stream is collected so that its length can be sent where `fetch` would drop it: one part of a
 * multipart upload and to spare. What is larger is refused rather than held in memory.
 */
export const COLLECT_LIMIT = 16 * 2 ** 20;

/** Who wants to know how a stream fares. */
export interface UploadWatcher {
  /** The platform took a piece, or the end. */
  progress(): void;
  /** Nothing more will come: the request must break off. Says whether it did. */
  failed(error: HttpError): boolean;
}

/**
 * workerd and StarlingMonkey end a request whose stream fails, or is aborted, as if it were whole, and the server would
 * keep half an object. So the stream of a request that was aborted does not end any more.
 */
function never(): Promise<never> {
  return new Promise(() => {});
}

/** A stream on its way out: counts its bytes, tells of progress, and can be stopped. */
export class UploadStream {
  readonly stream: ReadableStream<Uint8Array>;
  /** Why the stream could not be sent: some platforms hand on no more of an error than its text. */
  failure: HttpError | undefined;
  readonly #reader: GatheringReader;
  readonly #length: number | undefined;
  readonly #what: string;
  readonly #watcher: UploadWatcher;
  #sent = 0;
  #done = false;
  #stopped = false;

  /** Takes over `source`; `watcher` is told of its progress. */
  constructor(
    source: ReadableStream<Uint8Array>,
    length: number | undefined,
    what: string,
    watcher: UploadWatcher,
  ) {
    // Measured into a server that drops it, pieces of 64 KiB: on Node 400 MiB/s as they are and 740 gathered, on Deno
    // 500 and 440, where what is copied stays in memory for a while too.
    this.#reader = new GatheringReader(source, probeStreamLength() ? undefined : 64 * 1024);
    this.#length = length;
    this.#what = what;
    this.#watcher = watcher;
    this.stream = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        let piece: Uint8Array | undefined;
        try {
          piece = await this.next();
        } catch (error) {
          if (watcher.failed(error as HttpError)) return await never();
          throw error;
        }
        if (this.#stopped) return await never();
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
      },
      cancel: (reason) => this.stop(reason),
    }, { highWaterMark: 0 });
    // Undici before 8, that of Node up to 24, splits the stream to have a second one for repeats that it never makes of
    // a stream, where all that is sent would stay in memory. It asks the stream itself; no other fetch does.
    this.stream.tee = () => [new ReadableStream(), this.stream];
  }

  /** The next piece that has bytes; `undefined` at the end. */
  async next(): Promise<Uint8Array | undefined> {
    try {
      return await this.#next();
    } catch (error) {
      this.failure = error as HttpError;
      throw error;
    }
  }

  async #next(): Promise<Uint8Array | undefined> {
    for (;;) {
      this.#watcher.progress();
      let result: ReadableStreamReadResult<Uint8Array>;
      try {
        result = await this.#reader.read();
      } catch (cause) {
        this.#done = true;
        throw new HttpError("request", `Cannot send the body of ${this.#what}: its stream failed`, { cause });
      }
      if (result.done) {
        this.#done = true;
        this.#watcher.progress();
        if (this.#length !== undefined && this.#sent < this.#length) throw this.#mismatch("ended after");
        return undefined;
      }
      if (!(result.value instanceof Uint8Array)) {
        const error = new HttpError(
          "request",
          `Cannot send the body of ${this.#what}: its stream holds no bytes`,
        );
        this.stop(error);
        throw error;
      }
      this.#sent += result.value.byteLength;
      if (this.#length !== undefined && this.#sent > this.#length) {
        const error = this.#mismatch("reached");
        this.stop(error);
        throw error;
      }
      if (result.value.byteLength > 0) return result.value;
    }
  }

  /**
   * `answer`, or a rejection when the signal is aborted: StarlingMonkey waits for the end of a request's stream
   * whatever the signal says, and that of an aborted request does not come.
   */
  orAborted(answer: Promise<Response>, signal: AbortSignal): Promise<Response> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        answer.then((late) => late.body?.cancel()).catch(() => {});
        reject(signal.reason);
      };
      if (signal.aborted) return abort();
      signal.addEventListener("abort", abort, { once: true });
      answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    });
  }

  /** Cancels the source, if it has not ended. */
  stop(reason: unknown): void {
    if (this.#done) return;
    this.#done = true;
    this.#stopped = true;
    this.#reader.cancel(reason).catch(() => {});
  }

  #mismatch(verb: string): HttpError {
    return new HttpError(
      "request",
      `Cannot send the body of ${this.#what}: it ${verb} ${this.#sent} bytes, declared were ${this.#length}`,
      { detail: { tag: "HTTP-request-body-size", size: BigInt(this.#sent) } },
    );
  }
}

/** The length that the body is to have, from the body and the `content-length` header, which must agree. */
export function agreedLength(request: HttpRequest, declared: number | undefined): number | undefined {
  const body = request.body;
  const length = body === undefined ? 0 : bodyLength(body);
  if (declared === undefined || (body === undefined && request.method === "HEAD")) return length;
  if (length !== undefined && length !== declared) {
    throw new HttpError(
      "request",
      `Cannot send ${request.method} ${
        redactUrl(request.url)
      }: its body has ${length} bytes, its content-length says ${declared}`,
      { detail: { tag: "HTTP-request-body-size", size: BigInt(length) } },
    );
  }
  return declared;
}

/** Reads a stream into memory, up to {@linkcode COLLECT_LIMIT}. */
export async function collect(
  upload: UploadStream,
  length: number | undefined,
  why: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (length !== undefined && length > COLLECT_LIMIT) throw tooLong(upload, length, why);
  const pieces: Uint8Array[] = [];
  let total = 0;
  for (let piece = await upload.next(); piece !== undefined; piece = await upload.next()) {
    // A copy: the source may use its buffer again once the next piece is asked for.
    pieces.push(piece.slice());
    total += piece.byteLength;
    if (total > COLLECT_LIMIT) throw tooLong(upload, total, why);
  }
  return joined(pieces, total);
}

function tooLong(upload: UploadStream, size: number, why: string): HttpError {
  const error = refuse(
    `Cannot send a stream of ${size} bytes over this platform's fetch, ${why}; streams up to ${COLLECT_LIMIT} bytes ` +
      "are sent from memory. Use NodeHttpConnector where node:http exists, or send the body in parts",
    "HTTP-request-body-size",
  );
  upload.stop(error);
  return error;
}
