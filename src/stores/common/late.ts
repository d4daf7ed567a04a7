/** Code that is loaded when it is first needed. */
import { type ObjectStoreErrorOptions, toStoreError } from "../../store/error.ts";

/**
 * What is being loaded. A page whose own server is gone can load nothing: that is an error of the store too, and of
 * this operation alone, since the next one asks for it again.
 *
 * @param action What fails then, as it stands after "Cannot".
 * @param payload What was to be put: a stream that nobody will read is cancelled then.
 */
export async function late<T>(
  loading: Promise<T>,
  action: string,
  context: ObjectStoreErrorOptions,
  payload?: unknown,
): Promise<T> {
  try {
    return await loading;
  } catch (error) {
    if (payload instanceof ReadableStream) await payload.cancel(error).catch(() => {});
    const of = context.path === undefined ? "" : ` "${context.path}"`;
    throw toStoreError(error, `Cannot ${action}${of}`, context);
  }
}

/** The iterator that `open` brings, opened with the first step. */
export function lateIterable<T>(open: () => Promise<AsyncIterableIterator<T>>): AsyncIterableIterator<T> {
  let opened: AsyncIterableIterator<T> | undefined;
  let opening: Promise<AsyncIterableIterator<T>> | undefined;
  let ended = false;
  const first = async (): Promise<IteratorResult<T>> => {
    // Ended before its first step, as a generator may be, or by its failure to open.
    if (ended && opening === undefined) return { done: true, value: undefined };
    try {
      opened = await (opening ??= open());
    } catch (error) {
      ended = true;
      opening = undefined;
      throw error;
    }
    return await opened.next();
  };
  const done = (): IteratorResult<T> => ({ done: true, value: undefined });
  const end = async (iterator: AsyncIterator<T>) => await iterator.return?.() ?? done();
  return {
    next: () => opened?.next() ?? first(),
    // Without a wait before it where all is there: a step that is asked for after the end must come after it.
    return: () => {
      ended = true;
      if (opened !== undefined) return end(opened);
      // That it could not be opened is told by the step that opened it.
      return opening === undefined ? Promise.resolve(done()) : opening.then(end, done);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
