/** Writing a stream of unknown length: one put while small, parts when large. */
import { GenericError, toStoreError } from "./error.ts";
import type { ObjectStore } from "./object_store.ts";
import type { PathInput } from "./path.ts";
import type { ObjectWriter, PutResult, WriterOptions } from "./types.ts";
import { PartSink } from "./writer_parts.ts";
import { PutSink } from "./writer_put.ts";
import type { WriterContext, WriterSink, WriterTarget } from "./writer_sink.ts";

/**
 * A writer over `put` and `putMultipart`. What is written is copied; at most `concurrency` × `partSize` bytes are under
 * way besides the part being filled, and a write waits while there is no room. The first `partSize` bytes decide: an
 * object that stays below goes out as one put.
 *
 * @throws {GenericError} for a part size or concurrency that is not a positive integer.
 */
export function createWriter(
  store: WriterTarget,
  path: PathInput,
  options: WriterOptions,
  context: WriterContext,
): ObjectWriter {
  return new StoreWriter(new PartSink(store, path, options, context), options.signal);
}

/**
 * A writer over a streaming `put`, for stores that can put a stream of unknown length and have no parts. The part
 * options mean nothing to it.
 */
export function createPutWriter(
  store: Pick<ObjectStore, "put">,
  path: PathInput,
  options: WriterOptions,
  context: WriterContext,
): ObjectWriter {
  return new StoreWriter(new PutSink(store, path, options, context), options.signal);
}

class StoreWriter extends WritableStream<Uint8Array> implements ObjectWriter {
  readonly result: Promise<PutResult>;

  constructor(sink: WriterSink, signal: AbortSignal | undefined) {
    let resolve!: (result: PutResult) => void;
    let reject!: (error: unknown) => void;
    const result = new Promise<PutResult>((yes, no) => [resolve, reject] = [yes, no]);
    // Who only watches the stream must not be told twice.
    result.catch(() => {});

    let failing: Promise<void> | undefined;
    let settled = false;
    /** The first failure: every later one is its consequence, and shown as it. */
    let first: { error: unknown } | undefined;
    const settle = () => {
      settled = true;
      signal?.removeEventListener("abort", onAbort);
    };
    const fail = (error: unknown): Promise<void> => {
      if (settled) return failing ?? Promise.resolve();
      settle();
      first = { error };
      return failing = sink.abort(error).then(() => reject(error));
    };
    let onAbort = () => {};
    const typed = (error: unknown): unknown =>
      signal?.aborted
        ? signal.reason
        : toStoreError(error, `Cannot write "${sink.context.path}"`, sink.context);

    super({
      start(controller) {
        const failNow = (error: unknown) => {
          if (settled) return;
          controller.error(error);
          void fail(error);
        };
        onAbort = () => failNow(signal?.reason);
        // `abort()` below is called only once a write under way has ended, which may take long. StarlingMonkey
        // (JavaScript in a WASM guest) has no such signal.
        controller.signal?.addEventListener("abort", () => void fail(controller.signal.reason), {
          once: true,
        });
        sink.start((error) => failNow(typed(error)));
        if (signal?.aborted) onAbort();
        else signal?.addEventListener("abort", onAbort, { once: true });
      },
      async write(chunk) {
        try {
          if (!(chunk instanceof Uint8Array)) {
            throw new GenericError(
              `Cannot write "${sink.context.path}": a chunk is no Uint8Array`,
              sink.context,
            );
          }
          await sink.write(chunk);
        } catch (error) {
          await fail(typed(error));
          throw first ? first.error : typed(error);
        }
      },
      async close() {
        try {
          const done = await sink.close();
          settle();
          resolve(done);
        } catch (error) {
          await fail(typed(error));
          throw first ? first.error : typed(error);
        }
      },
      async abort(reason) {
        await fail(reason);
      },
    });
    this.result = result;
  }
}
