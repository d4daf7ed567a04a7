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

// A response's body that is cancelled or aborted while the engine waits for its end takes the whole program down: it is
// closed once more. So the engine is told of an abort only until there is a response, a short body is read to its end
// instead, and the stream that is shown is one of ours.
const SHORT = 64 * 1024;
const fetchOfEngine = globalThis.fetch;

globalThis.fetch = async function fetch(input, init = {}) {
  const { signal } = init;
  const controller = new AbortController();
  const follow = () => controller.abort(signal.reason);
  if (signal?.aborted) follow();
  signal?.addEventListener("abort", follow);
  try {
    const response = await fetchOfEngine(input, { ...init, signal: controller.signal });
    if (response.body !== null) {
      Object.defineProperty(response, "body", { value: shown(response.body, signal) });
    }
    return response;
  } finally {
    signal?.removeEventListener("abort", follow);
  }
};

function shown(body, signal) {
  let reader, last;
  // One read at a time: two of them close the stream twice.
  const read = () =>
    last = (async () => {
      await last;
      reader ??= body.getReader();
      return await reader.read();
    })();
  const leave = async (reason) => {
    signal?.removeEventListener("abort", abort);
    for (let size = 0; size < SHORT;) {
      const { done, value } = await read();
      if (done) return;
      size += value.length;
    }
    await reader.cancel(reason);
  };
  let failed;
  let left = false;
  const abort = () => {
    left = true;
    failed(signal.reason);
    leave(signal.reason).catch(() => {});
  };
  return new ReadableStream({
    start(controller) {
      failed = (reason) => controller.error(reason);
      signal?.addEventListener("abort", abort);
    },
    async pull(controller) {
      const { done, value } = await read();
      if (left) return;
      if (!done) return controller.enqueue(value);
      signal?.removeEventListener("abort", abort);
      controller.close();
    },
    cancel(reason) {
      left = true;
      leave(reason).catch(() => {});
    },
  }, { highWaterMark: 0 });
}
