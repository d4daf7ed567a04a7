/** Handles on standard input, output and error. */
import type { Instance } from "../instance.ts";
import { closed } from "../io/error.ts";
import { InputStream, OutputStream } from "../io/streams.ts";
import type { OutputSink } from "./sink.ts";
import type { InputSource } from "./source.ts";

/** A handle on standard input. */
export class StdinStream extends InputStream {
  readonly #source: InputSource;

  /** On `source`. */
  constructor(source: InputSource) {
    super();
    this.#source = source;
  }

  read(max: number): Uint8Array {
    // Asking for nothing still tells of the end.
    return this.#source.take(max);
  }

  ready(): boolean {
    return this.#source.ready();
  }

  wait(wake: () => void): () => void {
    return this.#source.wait(wake);
  }
}

/** A handle on standard output or error. */
export class SinkStream extends OutputStream {
  readonly #instance: Instance;
  readonly #sink: OutputSink;
  #flushing = false;

  /** On `sink`. */
  constructor(instance: Instance, sink: OutputSink) {
    super();
    this.#instance = instance;
    this.#sink = sink;
  }

  protected capacity(): number {
    if (this.#sink.failed) throw closed();
    if (this.#flushing && !this.#sink.drained) return 0;
    this.#flushing = false;
    return this.#sink.capacity;
  }

  protected accept(bytes: Uint8Array): void {
    this.#instance.countOutput(bytes.length);
    this.#sink.push(bytes);
  }

  protected override startFlush(): boolean {
    if (this.#sink.failed) throw closed();
    this.#flushing = !this.#sink.drained;
    return this.#flushing;
  }

  ready(): boolean {
    if (this.#sink.failed) return true;
    return this.#flushing ? this.#sink.drained : this.#sink.capacity > 0;
  }

  wait(wake: () => void): () => void {
    return this.#sink.wait(wake);
  }
}
