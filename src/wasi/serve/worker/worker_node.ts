/** A worker thread of Node. Started by `spawn_node.ts`, imported by nobody. */
import { parentPort } from "node:worker_threads";
import type { ToWorker } from "./protocol.ts";
import { workerMain } from "./main.ts";

const port = parentPort!;

workerMain({
  post: (messages, transfer = []) => port.postMessage(messages, transfer as never[]),
  onMessage: (listener) => void port.on("message", (data: readonly ToWorker[]) => listener(data)),
});
