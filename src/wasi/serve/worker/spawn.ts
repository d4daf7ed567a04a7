/** Starting a worker, on whatever platform this is. */
import { NotSupportedError } from "../../../store/error.ts";
import { endEpoch, newEpoch } from "../../epoch.ts";
import { hasNode } from "../../platform.ts";
import type { FromWorker, ToWorker, WorkerPort } from "./protocol.ts";

/** Where a worker's code is. Published packages hold JavaScript. */
export function workerUrl(name: string): URL {
  return new URL(`./${name}.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url);
}

/** Not called: it tells those who pack modules that this one is wanted, though nobody imports it. */
export const workerModule = (): Promise<unknown> => import("./worker.ts");

/** What a worker of Deno may do: its `permissions` option. */
export type WorkerPermissions = Readonly<Record<string, unknown>>;

/**
 * Starts a worker. `permissions` are Deno's, which knows them only with `--unstable-worker-options`.
 *
 * @throws {NotSupportedError} where there are no workers.
 */
export async function spawnWorker(permissions?: WorkerPermissions): Promise<WorkerPort> {
  if (typeof Worker === "function") return webWorker(permissions);
  if (hasNode()) return (await import("./spawn_node.ts")).nodeWorker();
  throw new NotSupportedError("Cannot run the guest in a worker: this platform has none", { store: "WASI" });
}

function webWorker(permissions: WorkerPermissions | undefined): WorkerPort {
  const options = { type: "module", ...(permissions !== undefined && { deno: { permissions } }) };
  const worker = new Worker(workerUrl("worker"), options as WorkerOptions);
  const epoch = newEpoch();
  return {
    epoch,
    post: (message: readonly ToWorker[], transfer = []) => worker.postMessage(message, transfer),
    onMessage: (listener) => {
      worker.onmessage = ({ data }: MessageEvent<readonly FromWorker[]>) => listener(data);
    },
    onFailure: (listener) => {
      worker.onerror = (event) => {
        event.preventDefault();
        listener(event.message);
      };
    },
    terminate() {
      // Deno waits for a guest that computes (denoland/deno#35657).
      endEpoch(epoch);
      worker.terminate();
    },
  };
}
