/** Workers of Node. */
import { Worker } from "node:worker_threads";
import { endEpoch, newEpoch } from "../epoch.ts";
import type { FromWorker, WorkerPort } from "./protocol.ts";
import { workerUrl } from "./spawn.ts";

/** Starts a worker thread. */
export function nodeWorker(): WorkerPort {
  const worker = new Worker(workerUrl("worker_node"));
  const epoch = newEpoch();
  return {
    epoch,
    post: (message, transfer = []) => worker.postMessage(message, transfer as never[]),
    onMessage: (listener) => void worker.on("message", (data: readonly FromWorker[]) => listener(data)),
    onFailure: (listener) => {
      worker.on("error", (error) => listener(error instanceof Error ? error.message : String(error)));
      worker.on("exit", () => listener("It ended"));
    },
    terminate() {
      endEpoch(epoch);
      void worker.terminate();
    },
  };
}
