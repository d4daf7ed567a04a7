/** Writers around writers. */
import type { ObjectWriter, PutResult } from "../store/mod.ts";

/** What a wrapper does to a writer. */
export interface WriterHooks {
  /** Awaited before the first write or the closing; the signal says that the writer was aborted meanwhile. */
  begin?(signal: AbortSignal): Promise<void>;
  /** What a failure becomes. */
  fail?(error: unknown): unknown;
  /** Called once, when the writer has been closed, has failed or was aborted. */
  done?(): void;
}

/** A writer that passes everything on to another. */
export function mapWriter(inner: ObjectWriter, hooks: WriterHooks): ObjectWriter {
  return new MappedWriter(inner, hooks);
}

class MappedWriter extends WritableStream<Uint8Array> implements ObjectWriter {
  readonly result: Promise<PutResult>;

  constructor(inner: ObjectWriter, hooks: WriterHooks) {
    const { fail = (error) => error, done } = hooks;
    const writer = inner.getWriter();
    const mapped = (error: unknown): never => {
      throw fail(error);
    };
    let ready: Promise<void> | undefined;
    let begin = () => Promise.resolve();
    super({
      start(controller) {
        begin = () => ready ??= Promise.resolve(hooks.begin?.(controller.signal)).catch(mapped);
        // Also what fails between two writes must show at once.
        writer.closed.catch((error) => controller.error(fail(error)));
      },
      async write(chunk) {
        await begin();
        await writer.ready.catch(mapped);
        await writer.write(chunk).catch(mapped);
      },
      async close() {
        await begin();
        await writer.close().catch(mapped);
      },
      async abort(reason) {
        await writer.abort(reason).catch(mapped);
      },
    });
    this.result = inner.result.catch(mapped).finally(() => done?.());
    // Who only watches the stream must not be told twice.
    this.result.catch(() => {});
  }
}
