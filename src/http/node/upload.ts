/** Sending a body: bounded by what the connection takes, and held to its declared length. */
import { type HttpBody, isStreamBody } from "../body.ts";
import { GatheringReader } from "../gathering_reader.ts";

/** Where body bytes go. */
export interface BodySink {
  /** Hands over bytes; a promise where the connection asks to wait, which rejects when it fails. */
  write(bytes: Uint8Array): Promise<void> | undefined;
}

/** A body that differed from its declared length, or was not a body at all. */
export class BodyMismatch extends Error {
  override readonly name = "BodyMismatch";
  /** Bytes there were, as far as they were counted. */
  readonly size: bigint;

  /** `size` bytes instead of `declared`. */
  constructor(size: number, declared: number, more: boolean) {
    super(
      more
        ? `Request body is longer than its declared ${declared} bytes`
        : `Request body ended after ${size} of ${declared} bytes`,
    );
    this.size = BigInt(size);
  }
}

/** Pieces handed to the connection at once: large enough to be cheap, small enough to show progress. */
const PIECE = 256 * 1024;

/** A body on its way out. */
export class Upload {
  readonly #body: HttpBody;
  readonly #declared: number | undefined;
  #reader: GatheringReader | undefined;
  #sent = 0;
  #cancelled = false;

  /** Prepares to send `body`, which shall have `declared` bytes if that is given. */
  constructor(body: HttpBody, declared: number | undefined) {
    this.#body = body;
    this.#declared = declared;
  }

  /**
   * Sends the body. Surplus bytes are never handed over: on the wire they would be the next request.
   *
   * @throws {BodyMismatch} for another length than declared; whatever the stream or the sink reject with.
   */
  async run(sink: BodySink): Promise<void> {
    const body = this.#body;
    if (isStreamBody(body)) await this.#sendStream(body.stream, sink);
    else if (body instanceof Uint8Array) await this.#sendBytes(body, sink);
    else for (const chunk of body) await this.#sendBytes(chunk, sink);
    if (this.#declared !== undefined && this.#sent < this.#declared) {
      throw new BodyMismatch(this.#sent, this.#declared, false);
    }
  }

  /** Lets go of a stream body. */
  cancel(reason: unknown): void {
    if (this.#cancelled || !isStreamBody(this.#body)) return;
    this.#cancelled = true;
    const stream = this.#body.stream;
    // The stream may be locked by someone else or broken already: then there is nothing to let go of.
    if (this.#reader !== undefined) this.#reader.cancel(reason).catch(() => {});
    else if (!stream.locked) stream.cancel(reason).catch(() => {});
  }

  async #sendStream(stream: ReadableStream<Uint8Array>, sink: BodySink): Promise<void> {
    const reader = new GatheringReader(stream);
    this.#reader = reader;
    for (;;) {
      const { done, value } = await reader.read();
      if (this.#cancelled) return;
      if (done) break;
      if (!(value instanceof Uint8Array)) {
        throw new TypeError("Request body stream gave something other than Uint8Array");
      }
      await this.#sendBytes(value, sink);
    }
    this.#cancelled = true;
    reader.releaseLock();
  }

  async #sendBytes(bytes: Uint8Array, sink: BodySink): Promise<void> {
    if (!(bytes instanceof Uint8Array)) throw new TypeError("Request body has a chunk other than Uint8Array");
    if (bytes.byteLength === 0) return;
    this.#sent += bytes.byteLength;
    if (this.#declared !== undefined && this.#sent > this.#declared) {
      throw new BodyMismatch(this.#sent, this.#declared, true);
    }
    for (let at = 0; at < bytes.byteLength; at += PIECE) {
      const piece = bytes.byteLength <= PIECE ? bytes : bytes.subarray(at, at + PIECE);
      const wait = sink.write(piece);
      if (wait !== undefined) await wait;
    }
  }
}
