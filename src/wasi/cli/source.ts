/** Where standard input comes from. */
import { closed, IoError, lastOperationFailed } from "../io/error.ts";
import { Wakers } from "../io/poll.ts";

/** Gives bytes when asked; `undefined` at the end. */
export type ByteReader = () => Promise<Uint8Array | undefined>;

/** Standard input, shared by all streams that the guest gets for it. Asks for bytes only when the guest waits. */
export class InputSource {
  readonly #read: ByteReader;
  readonly #wakers = new Wakers();
  #chunk: Uint8Array | undefined;
  #reading = false;
  #ended = false;
  #error: IoError | undefined;

  /** Whether it is a terminal. */
  readonly terminal: boolean;

  /** Reads from `read`; bytes that are there already may be given as `first`. */
  constructor(read: ByteReader, options: { readonly first?: Uint8Array; readonly terminal?: boolean } = {}) {
    this.#read = read;
    this.terminal = options.terminal ?? false;
    if (options.first !== undefined && options.first.length > 0) this.#chunk = options.first;
  }

  /** Whether `take` would do something; starts reading if not. */
  ready(): boolean {
    if (this.#chunk !== undefined || this.#ended || this.#error !== undefined) return true;
    this.#start();
    return false;
  }

  /** Up to `max` bytes that are there. */
  take(max: number): Uint8Array {
    const chunk = this.#chunk;
    if (chunk !== undefined) {
      if (chunk.length <= max) {
        this.#chunk = undefined;
        return chunk;
      }
      this.#chunk = chunk.subarray(max);
      return chunk.subarray(0, max);
    }
    const error = this.#error;
    if (error !== undefined) {
      this.#error = undefined;
      this.#ended = true;
      throw lastOperationFailed(error);
    }
    if (this.#ended) throw closed();
    return new Uint8Array(0);
  }

  /** Starts reading unless it is under way, and calls `wake` at the next change. */
  wait(wake: () => void): () => void {
    this.#start();
    return this.#wakers.add(wake);
  }

  #start(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#read().then(
      (chunk) => {
        if (chunk === undefined) this.#ended = true;
        else if (chunk.length > 0) this.#chunk = chunk;
      },
      (error: unknown) => {
        // A directory as standard input is the failure that guests ask about.
        const code = (error as { code?: unknown } | undefined)?.code;
        this.#error = new IoError("Cannot read standard input", {
          filesystem: code === "EISDIR" ? "is-directory" : "io",
        });
      },
    ).finally(() => {
      this.#reading = false;
      this.#wakers.wake();
    });
  }
}
