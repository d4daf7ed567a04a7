/** Workers of Node. */
import process from "node:process";
import { Worker } from "node:worker_threads";
import { endEpoch, newEpoch } from "../../epoch.ts";
import type { FromWorker, WorkerPort } from "./protocol.ts";
import { workerUrl } from "./spawn.ts";

/** Not called: it tells those who pack modules that this one is wanted, though nobody imports it. */
export const workerModule = (): Promise<unknown> => import("./worker_node.ts");

/** Starts a worker thread. */
export function nodeWorker(): WorkerPort {
  // `--input-type` is for a program that came with `--eval`; a worker of a file refuses it.
  const execArgv = process.execArgv.filter((flag) => !flag.startsWith("--input-type"));
  const worker = new Worker(workerUrl("worker_node"), { execArgv });
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
