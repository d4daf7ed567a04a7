/** Streams around streams: one place for counting, waiting, cancelling and cleaning up. */

/** What happens as a stream passes through {@linkcode wrapStream}. */
export interface StreamHooks {
  /** Sees each chunk on its way, may wait, and may return another in its place. Throwing fails the stream. */
  chunk?(chunk: Uint8Array): Uint8Array | void | Promise<Uint8Array | void>;
  /** The source has ended; throwing makes the end an error. */
  flush?(): void | Promise<void>;
  /** What a failure of the source becomes. */
  fail?(error: unknown): unknown;
  /** Called exactly once: when the stream has ended, failed, or was cancelled. */
  done?(): void;
  /** Fails the stream, and cancels the source, with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * A stream that passes another through hooks. It buffers nothing: a chunk is taken from the source when one is asked
 * for. Cancelling it cancels the source; so does a failing hook.
 *
 * @param source The stream, or a function that opens it when the first chunk is asked for.
 */
export function wrapStream(
  source: ReadableStream<Uint8Array> | (() => ReadableStream<Uint8Array>),
  hooks: StreamHooks,
): ReadableStream<Uint8Array> {
  const { signal } = hooks;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let finished = false;
  let onAbort: (() => void) | undefined;

  const finish = () => {
    if (finished) return;
    finished = true;
    if (onAbort) signal?.removeEventListener("abort", onAbort);
    hooks.done?.();
  };
  const open = () => (typeof source === "function" ? source() : source).getReader();

  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        signal?.throwIfAborted();
        reader ??= open();
        const current = reader;
        if (signal && !onAbort) {
          // Listened to from the first read on, so that a result which nobody reads holds no listener.
          onAbort = () => {
            if (finished) return;
            finish();
            controller.error(signal.reason);
            current.cancel(signal.reason).catch(() => {});
          };
          signal.addEventListener("abort", onAbort, { once: true });
        }
        while (!finished) {
          const { done, value } = await current.read();
          if (finished) return;
          if (done) {
            await hooks.flush?.();
            if (finished) return;
            finish();
            controller.close();
            return;
          }
          const chunk = (await hooks.chunk?.(value)) ?? value;
          if (finished) return;
          // A pull must deliver something, or no further one comes.
          if (chunk.byteLength === 0) continue;
          controller.enqueue(chunk);
          return;
        }
      } catch (error) {
        if (finished) return;
        finish();
        const shown = hooks.fail && !signal?.aborted ? hooks.fail(error) : error;
        controller.error(shown);
        await (reader ? reader.cancel(shown) : cancelSource(source, shown)).catch(() => {});
      }
    },
    async cancel(reason) {
      finish();
      await (reader ? reader.cancel(reason) : cancelSource(source, reason));
    },
  }, { highWaterMark: 0 });
}

/** A stream of bytes held in memory, in copies of at most `chunkSize`, so that a reader can change what it gets. */
export function streamOfBytes(bytes: Uint8Array, chunkSize = 256 * 1024): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at < bytes.byteLength) controller.enqueue(bytes.slice(at, at += chunkSize));
      if (at >= bytes.byteLength) controller.close();
    },
  }, { highWaterMark: 0 });
}

function cancelSource(
  source: ReadableStream<Uint8Array> | (() => ReadableStream<Uint8Array>),
  reason: unknown,
): Promise<void> {
  // A source that is opened by its first read, or still to be opened, must hear of it too: it may hold a connection.
  return (typeof source === "function" ? source() : source).cancel(reason);
}
