/**
 * Fairness. A guest that polls something ready in a loop never lets go of the thread: promises settle, but
 * timers, sockets and other instances wait for the event loop to turn. So a busy guest gives up one turn about
 * every millisecond (microtasks would not do: they run before the loop turns).
 */

/** How long a guest may keep the thread, in milliseconds. */
const SLICE = 1;
/** How many turns of the event loop follow. */
const TURNS = 8;
/** Calls between two looks at the clock. */
const CALLS = 16;

const immediate = (globalThis as { setImmediate?: (callback: () => void) => unknown }).setImmediate;
const cancelImmediate = (globalThis as { clearImmediate?: (id: never) => void }).clearImmediate;

/** Runs `callback` in a later turn; returns what takes it back. `setTimeout` would wait 1–4 ms. */
export function nextTurn(callback: () => void): () => void {
  if (immediate !== undefined && cancelImmediate !== undefined) {
    const id = immediate(callback) as never;
    return () => cancelImmediate(id);
  }
  const { port1, port2 } = new MessageChannel();
  const close = () => {
    port1.close();
    port2.close();
  };
  port1.onmessage = () => {
    close();
    callback();
  };
  port2.postMessage(undefined);
  return close;
}

/** Knows when the event loop last turned, for one instance. */
export class Turns {
  #last = performance.now();
  #calls = 0;
  #cancel: (() => void) | undefined;

  /** Whether the guest has had the thread for long enough. Cheap enough to be asked at every poll. */
  due(): boolean {
    if (++this.#calls < CALLS) return false;
    this.#calls = 0;
    return performance.now() - this.#last > SLICE;
  }

  /** The guest has just been called. */
  begin(): void {
    this.#last = performance.now();
    this.#calls = 0;
  }

  /** Notes the next turn without waiting for it: the guest is about to wait for something else. */
  watch(): void {
    // A turn noted just now is news enough.
    if (this.#cancel !== undefined || performance.now() - this.#last < SLICE) return;
    this.#cancel = nextTurn(() => {
      this.#cancel = undefined;
      this.#last = performance.now();
      this.#calls = 0;
    });
  }

  /** Resolves some turns of the event loop later: a request takes many to get anywhere. */
  async next(): Promise<void> {
    for (let i = 0; i < TURNS; i++) await new Promise<void>((resolve) => void nextTurn(resolve));
    this.#last = performance.now();
    this.#calls = 0;
  }

  /** Takes back what is scheduled. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
