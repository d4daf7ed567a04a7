/** The line from a worker to whoever started it. */
import type { FromWorker, Port, ToWorker } from "./protocol.ts";

/** See the file's head. */
export type WorkerLine = Port<readonly FromWorker[], readonly ToWorker[]>;

/** Sends a message in the next list. */
export interface Send {
  (message: FromWorker, transfer?: Transferable[]): void;
  /** Sends the list now. */
  flush(): void;
  /** Sends a list soon, even an empty one, if `wanted` is true by then. */
  wake(wanted: () => boolean): void;
}

/** How many microtasks messages wait for others: the answer and the return of a guest then go as one. */
const HOPS = 12;

/** Collects messages that come together: a list costs no more than one. */
export function batching(line: WorkerLine): Send {
  let messages: FromWorker[] = [];
  let transfer: Transferable[] = [];
  let waking: (() => boolean) | undefined;
  let waits = false;
  const flush = () => {
    const wakes = waking?.() === true;
    waking = undefined;
    if (messages.length === 0 && !wakes) return;
    const [list, moved] = [messages, transfer];
    [messages, transfer] = [[], []];
    line.post(list, moved);
  };
  const hop = (hops: number) => {
    if (hops > 0) return queueMicrotask(() => hop(hops - 1));
    waits = false;
    flush();
  };
  const later = () => {
    if (waits) return;
    waits = true;
    hop(HOPS);
  };
  const send = (message: FromWorker, moved: Transferable[] = []) => {
    messages.push(message);
    if (moved.length > 0) transfer.push(...moved);
    later();
  };
  const wake = (wanted: () => boolean) => {
    waking = wanted;
    later();
  };
  return Object.assign(send, { flush, wake });
}
