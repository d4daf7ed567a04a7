/** Bounded concurrency that leaves no task behind. */

/**
 * Maps items with at most `limit` under way; results in the order of the items. The first failure aborts the signal
 * that the others were given, and is thrown once they have all come to an end.
 */
export async function mapConcurrent<T, R>(
  items: readonly T[],
  limit: number,
  map: (item: T, index: number, signal: AbortSignal) => Promise<R>,
  signal?: AbortSignal,
): Promise<R[]> {
  const controller = new AbortController();
  const either = signal ? AbortSignal.any([signal, controller.signal]) : controller.signal;
  const results: R[] = new Array(items.length);
  let next = 0;
  let failure: { error: unknown } | undefined;
  const work = async () => {
    while (next < items.length && !failure) {
      const index = next++;
      try {
        results[index] = await map(items[index]!, index, either);
      } catch (error) {
        failure ??= { error };
        controller.abort(failure.error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(Math.max(1, limit), items.length) }, work));
  if (failure) throw failure.error;
  return results;
}

/**
 * Maps a sequence with at most `limit` under way, yielding results in the order of the input. `map` must not reject. A
 * failing input ends the results after those of the items before it. Leaving early waits for what is under way and
 * closes the input.
 */
export async function* mapOrdered<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  map: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const source = iterate(items);
  const running: Promise<R>[] = [];
  let step: Promise<Step<T>> | undefined;
  let ended = false;
  let failure: { error: unknown } | undefined;
  try {
    while (true) {
      if (!ended && running.length < Math.max(1, limit)) step ??= nextStep(source);
      const first = running[0];
      if (!step && !first) break;
      // The input may be waiting for a result of ours before it goes on, so never wait for the input alone.
      const event = await Promise.race(
        [step, first?.then(() => undefined)].filter((each) => each !== undefined),
      );
      if (event) {
        step = undefined;
        if (event.kind === "item") running.push(map(event.item));
        else ended = true;
        if (event.kind === "failed") failure = event;
      } else {
        running.shift();
        yield await first!;
      }
    }
    if (failure) throw failure.error;
  } finally {
    await Promise.allSettled(running);
    if (!ended) {
      const closing = Promise.resolve(source.return?.()).catch(() => {});
      // A generator that is still at work on the next item may never come to its end.
      if (!step) await closing;
    }
  }
}

type Step<T> = { kind: "item"; item: T } | { kind: "ended" } | { kind: "failed"; error: unknown };

async function nextStep<T>(source: Iterator<T> | AsyncIterator<T>): Promise<Step<T>> {
  try {
    const { done, value } = await source.next();
    return done ? { kind: "ended" } : { kind: "item", item: value };
  } catch (error) {
    return { kind: "failed", error };
  }
}

/** The iterator of a sequence, whichever kind it is. */
export function iterate<T>(items: Iterable<T> | AsyncIterable<T>): Iterator<T> | AsyncIterator<T> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}
