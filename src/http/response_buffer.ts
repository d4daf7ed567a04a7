/** Collecting a body into one buffer. */
import { HttpError } from "./error.ts";

/** A declared length is believed up to here; past it the buffer grows as bytes really come. */
export const TRUSTED_LENGTH = 2 ** 30;

/** A buffer of a declared length, which need not be true. */
export class PieceBuffer {
  readonly #length: number;
  #bytes: Uint8Array<ArrayBuffer>;
  #used = 0;

  /** Allocates for `length` bytes, up to 1 GiB at first. */
  constructor(length: number) {
    this.#length = length;
    this.#bytes = new Uint8Array(Math.min(length, TRUSTED_LENGTH));
  }

  /** Adds a piece. The sum of pieces must not pass the declared length. */
  append(piece: Uint8Array): void {
    const needed = this.#used + piece.byteLength;
    if (needed > this.#bytes.byteLength) {
      const grown = new Uint8Array(Math.min(this.#length, Math.max(needed, this.#bytes.byteLength * 2)));
      grown.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = grown;
    }
    this.#bytes.set(piece, this.#used);
    this.#used = needed;
  }

  /** The bytes collected. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#used === this.#bytes.byteLength ? this.#bytes : this.#bytes.slice(0, this.#used);
  }
}

/** Pieces of `length` bytes in all as one buffer; a single piece that owns its buffer is handed on as it is. */
export function concatPieces(pieces: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const only = pieces[0];
  if (pieces.length === 1 && only !== undefined && isWhole(only)) return only;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}

/**
 * Whether the piece is a plain view of all of an unshared buffer (no `Buffer`, which may be a slice of Node's pool).
 */
export function isWhole(piece: Uint8Array): piece is Uint8Array<ArrayBuffer> {
  return piece.constructor === Uint8Array && piece.buffer instanceof ArrayBuffer &&
    piece.byteLength === piece.buffer.byteLength;
}

/** The error of a body for which there is no memory. */
export function tooLarge(length: number, cause: unknown): HttpError {
  return new HttpError("decode", `No memory for a response body of ${length} bytes`, {
    cause,
    detail: { tag: "HTTP-response-body-size", size: BigInt(length) },
  });
}
