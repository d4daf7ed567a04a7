/** Where standard output and error go: a bounded queue in front of anything that takes bytes in its own time. */
import { concatBytes } from "../../store/concat.ts";
import { Wakers } from "../io/poll.ts";

/** Takes bytes and resolves when it will take more; rejects when it never will. */
export type ByteWriter = (bytes: Uint8Array) => Promise<void> | void;

/** Bytes that may wait in the host. */
const WINDOW = 64 * 1024;
/** How much of the output is remembered for the message of a trap. */
const TAIL = 4096;

const NOTHING = new Uint8Array(0);

/** An output of the guest, shared by all streams that the guest gets for it. */
export class OutputSink {
  readonly #write: ByteWriter;
  readonly #wakers = new Wakers();
  #queue: Uint8Array[] = [];
  #queued = 0;
  #pumping = false;
  #failed = false;
  #tail: Uint8Array = NOTHING;

  /** Whether it is a terminal. */
  readonly terminal: boolean;

  /** In front of `write`. */
  constructor(write: ByteWriter, terminal = false) {
    this.#write = write;
    this.terminal = terminal;
  }

  /** Bytes that may be written now. */
  get capacity(): number {
    return WINDOW - this.#queued;
  }

  /** Whether the other side has gone (a broken pipe). */
  get failed(): boolean {
    return this.#failed;
  }

  /** Whether everything written has been taken. */
  get drained(): boolean {
    return !this.#pumping;
  }

  /** The last of what was written, as text. */
  get tail(): string {
    return new TextDecoder().decode(this.#tail);
  }

  /** Called once when there is room, when all is drained, or when it failed. */
  wait(wake: () => void): () => void {
    return this.#wakers.add(wake);
  }

  /** Queues bytes. They are on their way before this returns, where the other side takes them at once. */
  push(bytes: Uint8Array): void {
    if (this.#failed || bytes.length === 0) return;
    this.#remember(bytes);
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    if (!this.#pumping) void this.#pump();
  }

  /** Resolves when everything has been taken or the other side has gone. */
  async drain(): Promise<void> {
    while (this.#pumping) await new Promise<void>((resolve) => this.#wakers.add(resolve));
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      while (this.#queue.length > 0) {
        const chunks = this.#queue;
        const size = this.#queued;
        this.#queue = [];
        const taken = this.#write(chunks.length === 1 ? chunks[0]! : concatBytes(chunks, size));
        if (taken !== undefined) await taken;
        this.#queued -= size;
        this.#wakers.wake();
      }
    } catch {
      this.#failed = true;
      this.#queue = [];
      this.#queued = 0;
    }
    this.#pumping = false;
    this.#wakers.wake();
  }

  #remember(bytes: Uint8Array): void {
    const kept = this.#tail.subarray(Math.max(0, this.#tail.length + Math.min(bytes.length, TAIL) - TAIL));
    this.#tail = concatBytes([kept, bytes.subarray(Math.max(0, bytes.length - TAIL))]);
  }
}
