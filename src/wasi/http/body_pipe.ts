/** The host's side of an outgoing body: a bounded window between the guest's writes and whoever sends them. */
import type { HttpError } from "../../http/error.ts";
import { concatBytes } from "../../store/concat.ts";
import { Wakers } from "../io/poll.ts";

/** Small writes are joined into pieces up to this size before they are handed on. */
const PIECE = 256 * 1024;

/** Carries bytes from the guest to a reader. The reader may come before, during or after the writing. */
export class BodyPipe {
  readonly #window: number;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #state: "open" | "finished" | "aborted" = "open";
  #failure: HttpError | undefined;
  #cancelled = false;
  #pulled: (() => void) | undefined;
  readonly #room = new Wakers();
  readonly #progress = new Wakers();

  /** Holds `window` bytes at most, or one write more. */
  constructor(window: number) {
    this.#window = window;
  }

  /** Bytes that may be written now. */
  get capacity(): number {
    return this.#window - this.#queued;
  }

  /** Whether nobody will read any more. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** What the body was aborted with. */
  get failure(): HttpError | undefined {
    return this.#failure;
  }

  /** Whether the guest has ended the body, in whatever way. */
  get ended(): boolean {
    return this.#state !== "open";
  }

  /** Whether the guest has written more than the window takes and somebody must read. */
  get full(): boolean {
    return this.capacity <= 0;
  }

  /** Called once when there is room, or nobody reads any more. */
  onRoom(wake: () => void): () => void {
    return this.#room.add(wake);
  }

  /** Called once when the window is full or the body has ended. */
  onProgress(wake: () => void): () => void {
    return this.#progress.add(wake);
  }

  /** Queues bytes of the guest. */
  push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    this.#signal();
    if (this.full) this.#progress.wake();
  }

  /** The body is complete. */
  finish(): void {
    if (this.#state !== "open") return;
    this.#state = "finished";
    this.#signal();
    this.#progress.wake();
  }

  /** The body will never be complete: its reader must not take what there is for all. */
  abort(failure: HttpError): void {
    if (this.#state !== "open") return;
    this.#state = "aborted";
    this.#failure = failure;
    this.#queue = [];
    this.#queued = 0;
    this.#signal();
    this.#progress.wake();
  }

  /** Nobody will read: what is written from now on is `closed`. */
  cancel(): void {
    this.#cancelled = true;
    this.#queue = [];
    this.#queued = 0;
    this.#room.wake();
  }

  /** All bytes, where the body is complete: taken out at once. */
  takeWhole(): Uint8Array | undefined {
    if (this.#state !== "finished") return undefined;
    const bytes = this.#queue.length === 1 ? this.#queue[0]! : concatBytes(this.#queue, this.#queued);
    this.#queue = [];
    this.#queued = 0;
    return bytes;
  }

  /** The bytes as they come. Called once. */
  stream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        while (this.#queue.length === 0 && this.#state === "open") {
          await new Promise<void>((resolve) => this.#pulled = resolve);
        }
        if (this.#state === "aborted") return controller.error(this.#failure);
        const chunk = this.#next();
        if (chunk === undefined) return controller.close();
        controller.enqueue(chunk);
      },
      cancel: () => {
        this.cancel();
        this.#signal();
      },
    }, { highWaterMark: 0 }); // the window is ours; a second one would only hide it
  }

  #next(): Uint8Array | undefined {
    let size = 0;
    let count = 0;
    while (count < this.#queue.length && (count === 0 || size + this.#queue[count]!.length <= PIECE)) {
      size += this.#queue[count++]!.length;
    }
    if (count === 0) return undefined;
    const chunks = this.#queue.splice(0, count);
    this.#queued -= size;
    this.#room.wake();
    return chunks.length === 1 ? chunks[0] : concatBytes(chunks, size);
  }

  #signal(): void {
    const pulled = this.#pulled;
    this.#pulled = undefined;
    pulled?.();
  }
}
