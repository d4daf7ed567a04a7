// What StarlingMonkey lacks of the web's streams and signals, and storeport's conformance cases use. Imported first.

// `throwIfAborted` reports the reason and does not throw it.
AbortSignal.prototype.throwIfAborted = function throwIfAborted() {
  if (this.aborted) throw this.reason;
};

// The reason of a signal made by `any` is not a value at all.
AbortSignal.any = function any(signals) {
  const controller = new AbortController();
  const list = [...signals];
  const aborted = list.find((signal) => signal.aborted);
  if (aborted !== undefined) {
    controller.abort(aborted.reason);
    return controller.signal;
  }
  const follow = (event) => {
    for (const signal of list) signal.removeEventListener("abort", follow);
    controller.abort(event.target.reason);
  };
  for (const signal of list) signal.addEventListener("abort", follow);
  return controller.signal;
};

// Streams cannot be walked with `for await`.
ReadableStream.prototype[Symbol.asyncIterator] ??= async function* values() {
  const reader = this.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      ended = done;
      if (done) return;
      yield value;
    }
  } catch (error) {
    ended = true;
    throw error;
  } finally {
    // Leaving the loop early cancels the stream.
    if (!ended) await reader.cancel();
    reader.releaseLock();
  }
};
