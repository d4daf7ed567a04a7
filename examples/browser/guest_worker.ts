/**
 * Runs guests, in a worker: one that computes for long does not freeze the page, and one that never comes back can be
 * ended with its worker.
 */
import { redactUrl, type TraceHooks } from "@storeport/storeport/connector";
import { loadGuest } from "@storeport/storeport/wasi";
import type { Failure, FromWorker, RunRequest, ToWorker } from "./guests/messages.ts";

interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;

/** Bytes of output that may be on their way to the screen. */
const WINDOW = 256 * 1024;

let controller: AbortController | undefined;
let unshown = 0;
let waiting: (() => void)[] = [];

scope.onmessage = ({ data }) => {
  switch (data.type) {
    case "inspect":
      inspect(data.name, data.bytes);
      break;
    case "run":
      run(data.run);
      break;
    case "stop":
      controller?.abort(new DOMException("Stopped", "AbortError"));
      break;
    case "shown":
      // What is still told of the run before must not count for this one.
      unshown = Math.max(0, unshown - data.bytes);
      if (unshown < WINDOW) letGo();
      break;
  }
};

async function inspect(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  try {
    const guest = await loadGuest(bytes, { name });
    scope.postMessage({
      type: "inspected",
      imports: guest.imports.map(({ interface: name, version, provided }) => ({ name, version, provided })),
      exports: guest.exports.map(({ name, version }) => ({ name, version })),
    });
  } catch (error) {
    scope.postMessage({ type: "inspect-failed", error: failure(error) });
  }
}

async function run({ name, bytes, args, env, stdin, net, timeout, memory }: RunRequest): Promise<void> {
  const begun = performance.now();
  let started = begun;
  controller = new AbortController();
  // What was on its way when the run before ended is shown, or not, without anybody waiting for it.
  unshown = 0;
  letGo();
  try {
    const guest = await loadGuest(bytes, { name });
    started = performance.now();
    scope.postMessage({ type: "started", loadTime: started - begun });
    const { exitCode } = await guest.run({
      args,
      env,
      stdin,
      net,
      stdout: output(1),
      stderr: output(2),
      limits: { ...(timeout === undefined ? {} : { timeout }), ...(memory === undefined ? {} : { memory }) },
      signal: controller.signal,
      trace: traced(),
      onDenied: ({ url, message }) => scope.postMessage({ type: "denied", url, message }),
    });
    scope.postMessage({ type: "exited", exitCode, elapsed: performance.now() - started });
  } catch (error) {
    scope.postMessage({ type: "failed", error: failure(error), elapsed: performance.now() - started });
  }
}

/** Sends output to the page, no faster than it is shown. */
function output(fd: 1 | 2): WritableStream<Uint8Array> {
  return new WritableStream({
    async write(chunk) {
      // The guest's memory is the guest's: what goes away must be a copy.
      const bytes = chunk.slice();
      unshown += bytes.length;
      scope.postMessage({ type: "output", fd, bytes }, [bytes.buffer]);
      if (unshown >= WINDOW) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  });
}

function letGo(): void {
  const resolved = waiting;
  waiting = [];
  for (const resolve of resolved) resolve();
}

function traced(): TraceHooks {
  let next = 0;
  return {
    start({ method, url }) {
      const id = next++;
      scope.postMessage({ type: "request", id, method, url: redactUrl(url) });
      return id;
    },
    headers: ({ context, response, elapsed }) =>
      scope.postMessage({ type: "response", id: context as number, status: response.status, elapsed }),
    end: ({ context, bytesReceived, elapsed }) =>
      scope.postMessage({ type: "request-end", id: context as number, bytes: bytesReceived, elapsed }),
    error: ({ context, error }) =>
      scope.postMessage({ type: "request-failed", id: context as number, message: failure(error).message }),
  };
}

function failure(error: unknown): Failure {
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: "Error", message: String(error) };
}
