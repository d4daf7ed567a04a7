/** Gathering a sequence into batches. */
import { iterate } from "../../../store/concurrency.ts";

/** How long a batch that is not full waits for a slow source, in milliseconds. */
const PATIENCE = 50;

/**
 * Batches of at most `size`. A source that takes its time, perhaps because it waits for what becomes of the items
 * before, gets what it has given handed on. One that fails does so after the items before; leaving early closes it.
 */
export async function* batches<T>(
  items: Iterable<T> | AsyncIterable<T>,
  size: number,
): AsyncGenerator<readonly T[], void, undefined> {
  const source = iterate(items);
  let pending: Promise<IteratorResult<T>> | undefined;
  let ended = false;
  try {
    while (!ended) {
      const batch: T[] = [];
      let failure: { readonly error: unknown } | undefined;
      let timer: number | undefined;
      let impatient: Promise<undefined> | undefined;
      try {
        while (batch.length < size) {
          if (pending === undefined) {
            const step = source.next();
            if (!(step instanceof Promise)) {
              ended = step.done === true;
              if (ended) break;
              batch.push(step.value);
              continue;
            }
            pending = step;
          }
          if (batch.length > 0) {
            impatient ??= new Promise((resolve) => timer = setTimeout(resolve, PATIENCE));
          }
          const step: IteratorResult<T> | undefined =
            await (impatient === undefined ? pending : Promise.race([pending, impatient]));
          if (step === undefined) break;
          pending = undefined;
          ended = step.done === true;
          if (ended) break;
          batch.push(step.value);
        }
      } catch (error) {
        ended = true;
        pending = undefined;
        failure = { error };
      } finally {
        clearTimeout(timer);
      }
      if (batch.length > 0) yield batch;
      if (failure !== undefined) throw failure.error;
    }
  } finally {
    if (!ended) {
      pending?.catch(() => {});
      const closing = Promise.resolve(source.return?.()).catch(() => {});
      // One that is still at work on the next item may never come to its end.
      if (pending === undefined) await closing;
    }
  }
}
