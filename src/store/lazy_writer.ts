/** Writers whose code is loaded on first use. */
import type { ObjectWriter, PutResult } from "./types.ts";

/**
 * A writer that hands all on to another, which `open` makes. It holds nothing back: a write is over when the other's
 * is, and what fails the other fails this one at once.
 */
export function lazyWriter(open: () => Promise<ObjectWriter>): ObjectWriter {
  const opened = open();
  const result = opened.then((writer) => writer.result);
  const inner = opened.then((writer) => writer.getWriter());
  // Who only watches the stream must not be told twice.
  result.catch(() => {});
  return new LazyWriter(inner, result);
}

class LazyWriter extends WritableStream<Uint8Array> implements ObjectWriter {
  readonly result: Promise<PutResult>;

  constructor(inner: Promise<WritableStreamDefaultWriter<Uint8Array>>, result: Promise<PutResult>) {
    const abort = async (reason: unknown): Promise<void> => {
      await inner.then((writer) => writer.abort(reason)).catch(() => {});
    };
    super({
      start(controller) {
        inner.then((writer) => writer.closed).catch((error) => controller.error(error));
        // `abort()` below is called only once a write under way has ended, which may take long. StarlingMonkey
        // (JavaScript in a WASM guest) has no such signal.
        const { signal } = controller;
        signal?.addEventListener("abort", () => void abort(signal.reason), { once: true });
      },
      write: async (chunk) => await (await inner).write(chunk),
      close: async () => await (await inner).close(),
      abort,
    });
    this.result = result;
  }
}
