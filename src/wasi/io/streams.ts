/** `wasi:io/streams`: the base of every stream a guest can hold. */
import { Resource } from "../abi/handles.ts";
import type { Waitable } from "./poll.ts";

/** The most that one read or one permit is for: lengths of guests may be as large as 2^64-1. */
export const MAX_CHUNK = 1024 * 1024;

/** A guest's u64 length as a number that is safe to allocate. */
export function clampLength(length: bigint): number {
  return length > BigInt(MAX_CHUNK) ? MAX_CHUNK : Number(length);
}

/** `input-stream`. Subclasses say where the bytes come from. */
export abstract class InputStream extends Resource implements Waitable {
  /**
   * Up to `max` bytes that are there now; empty for "would block" or when `max` is 0.
   *
   * @throws {WitError} `closed` at the end, and `last-operation-failed` once before that where it failed.
   */
  abstract read(max: number): Uint8Array;
  abstract ready(): boolean;
  abstract wait(wake: () => void): () => void;

  /** Like `read`, for the number of bytes only. */
  skip(max: number): number {
    return this.read(max).length;
  }
}

/** `output-stream`. The base keeps the permits; subclasses say where the bytes go. */
export abstract class OutputStream extends Resource implements Waitable {
  #permit = 0;

  /**
   * How many bytes may be written now; 0 for "wait".
   *
   * @throws {WitError} `closed`, or `last-operation-failed` once.
   */
  protected abstract capacity(): number;
  /** Takes bytes, no more than `capacity` said. */
  protected abstract accept(bytes: Uint8Array): void;
  /**
   * Starts to flush and says whether `capacity` is 0 until that is done. Nothing by default: bytes go on their
   * way at once.
   */
  protected startFlush(): boolean {
    return false;
  }
  abstract ready(): boolean;
  abstract wait(wake: () => void): () => void;
  stuck?(): string | undefined;

  /** `check-write` */
  checkWrite(): number {
    return this.#permit = Math.min(this.capacity(), MAX_CHUNK);
  }

  /** `write`; more than the last permit is a trap. */
  write(bytes: Uint8Array): void {
    if (bytes.length > this.#permit) {
      throw new RangeError(`The guest wrote ${bytes.length} bytes with a permit for ${this.#permit}`);
    }
    this.#permit -= bytes.length;
    if (bytes.length > 0) this.accept(bytes);
    else this.capacity(); // an empty write still tells of a closed stream
  }

  /** `write-zeroes`; more than the last permit is a trap. */
  writeZeroes(length: bigint): void {
    if (length > BigInt(this.#permit)) {
      throw new RangeError("cannot write more zeroes than `check_write` allows");
    }
    this.write(new Uint8Array(Number(length)));
  }

  /** `flush` */
  flush(): void {
    if (this.startFlush()) this.#permit = 0;
  }
}
