/** `wasi:http/types.outgoing-body` and the stream that fills it. */
import { Resource } from "../abi/handles.ts";
import { failed, WitError } from "../abi/lower.ts";
import { HttpError } from "../../http/error.ts";
import type { HeaderList } from "../../http/headers.ts";
import { closed, IoError, lastOperationFailed } from "../io/error.ts";
import { OutputStream } from "../io/streams.ts";
import { BodyPipe } from "./body_pipe.ts";
import type { ErrorCode } from "./error_code.ts";
import { declaredLength, type Fields } from "./fields.ts";

/** Which kind of message a body belongs to: its size errors are named after it. */
export type BodyKind = "request" | "response";

/** `outgoing-body` */
export class OutgoingBody extends Resource {
  /** Where its bytes go. */
  readonly pipe: BodyPipe;
  /** Declared length. */
  readonly declared: number | undefined;
  /** Trailers given with `finish`. */
  trailers: HeaderList = [];
  /** Whether trailers can still go out: not once the message is on its way over what carries none. */
  carriesTrailers = true;
  /** Whether the message has been given to the host: until then nobody reads. */
  sent = false;
  readonly #kind: BodyKind;
  readonly #limit: number;
  #written = 0;
  #streamTaken = false;
  #overflow: ErrorCode | undefined;
  #finished = false;

  /** For a message of `kind`; `limit` bytes at most, `window` of them ahead of whoever sends them. */
  constructor(kind: BodyKind, declared: number | undefined, limit: number, window: number) {
    super();
    this.pipe = new BodyPipe(window);
    this.#kind = kind;
    this.declared = declared;
    this.#limit = limit;
  }

  /** `write` */
  write(): OutputStream {
    if (this.#streamTaken) throw failed;
    this.#streamTaken = true;
    return new BodyStream(this).childOf(this);
  }

  /** `finish`; takes the body. */
  finish(trailers: Fields | undefined): void {
    this.#finished = true;
    if (this.#overflow !== undefined) throw new WitError(this.#overflow);
    if (this.declared !== undefined && this.#written !== this.declared) throw new WitError(this.#refuse());
    if (trailers !== undefined && trailers.list.length > 0 && !this.carriesTrailers) {
      this.pipe.abort(
        new HttpError("request", "Trailers cannot be carried", { detail: { tag: "internal-error" } }),
      );
      throw new WitError(
        { tag: "internal-error", val: "trailers are not supported here" } satisfies ErrorCode,
      );
    }
    // A declared length leaves no place for trailers on the wire (RFC 9112 section 6).
    if (trailers !== undefined && this.declared === undefined) this.trailers = trailers.freeze().list;
    this.pipe.finish();
  }

  override drop(): void {
    if (this.#finished) return;
    this.pipe.abort(
      new HttpError("request", "The guest gave up the body before its end", {
        detail: { tag: "HTTP-protocol-error" },
      }),
    );
  }

  /** Takes bytes of the stream; over the declared length or the limit they are refused whole. */
  accept(bytes: Uint8Array): void {
    this.#written += bytes.length;
    if (this.#written > (this.declared ?? Infinity) || this.#written > this.#limit) {
      this.#overflow = this.#refuse();
      throw lastOperationFailed(
        new IoError(`The ${this.#kind} body is larger than allowed`, { http: this.#overflow }),
      );
    }
    this.pipe.push(bytes);
  }

  /**
   * Whether the stream takes no more: the reader has gone, or the body was refused. A reader that has all that was
   * declared may go before the guest says that this was the end, and a guest that asks in between (StarlingMonkey) is
   * not told of a failure.
   */
  get over(): boolean {
    return this.pipe.ended || (this.pipe.cancelled && this.#written !== this.declared);
  }

  /** Aborts the message for its size. */
  #refuse(): ErrorCode {
    const tag = this.#kind === "request" ? "HTTP-request-body-size" : "HTTP-response-body-size";
    const size = BigInt(this.#written);
    this.pipe.abort(
      new HttpError("request", `The ${this.#kind} body has another length than declared or allowed`, {
        detail: { tag, size },
      }),
    );
    return { tag, val: size };
  }
}

/**
 * The body of a message with these headers.
 *
 * @throws {WitError} {@linkcode failed} where they declare a length that no body can have.
 */
export function outgoingBody(kind: BodyKind, headers: Fields, limit: number, window: number): OutgoingBody {
  let declared: number | undefined;
  try {
    declared = declaredLength(headers.list);
  } catch {
    throw failed;
  }
  return new OutgoingBody(kind, declared, limit, window);
}

/** The `output-stream` of a body. */
class BodyStream extends OutputStream {
  readonly #body: OutgoingBody;

  constructor(body: OutgoingBody) {
    super();
    this.#body = body;
  }

  protected capacity(): number {
    if (this.#body.over) throw closed();
    return Math.max(0, this.#body.pipe.capacity);
  }

  protected accept(bytes: Uint8Array): void {
    if (this.#body.over) throw closed();
    this.#body.accept(bytes);
  }

  ready(): boolean {
    return this.#body.over || this.#body.pipe.capacity > 0;
  }

  wait(wake: () => void): () => void {
    return this.#body.pipe.onRoom(wake);
  }

  override stuck(): string | undefined {
    return this.#body.sent
      ? undefined
      : "room in the body of a message that was never sent (send it before writing more than the window takes)";
  }
}
