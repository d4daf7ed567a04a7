/** A worker of Deno, Bun or a browser. Started by `spawn.ts`, imported by nobody. */
import type { FromWorker, ToWorker } from "./protocol.ts";
import { workerMain } from "./main.ts";

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<readonly ToWorker[]>) => void) | null;
  postMessage(message: readonly FromWorker[], transfer: Transferable[]): void;
};

workerMain({
  post: (messages, transfer = []) => scope.postMessage(messages, transfer),
  onMessage: (listener) => scope.onmessage = ({ data }) => listener(data),
});
