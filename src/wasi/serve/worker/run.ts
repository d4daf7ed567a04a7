/** A command on a thread of its own. */
import { GuestLimitError } from "../../error.ts";
import type { GuestCode } from "../../module.ts";
import type { GuestOptions, RunResult } from "../../options.ts";
import { quietly } from "../../quietly.ts";
import type { RunIsolation } from "../options.ts";
import { errorFrom } from "./error_record.ts";
import { workerPermissions } from "./permissions.ts";
import type { FromWorker, WorkerPort } from "./protocol.ts";
import { type SentCode, sentCode, type SentOptions, sentOptions } from "./sent.ts";
import { spawnWorker } from "./spawn.ts";
import { openStreams, type Streams } from "./streams.ts";

/** Milliseconds that the worker has to end the guest itself. */
const GRACE = 100;

/** Runs a command in a worker; see `Guest.run`. */
export async function runInWorker(
  name: string,
  code: GuestCode,
  options: GuestOptions & RunIsolation,
): Promise<RunResult> {
  options.signal?.throwIfAborted();
  const sent = sentOptions(options);
  const sentGuest = await sentCode(name, code);
  const streams = openStreams(options);
  try {
    const narrow = options.workerPermissions === "narrow";
    const port = await spawnWorker(narrow ? workerPermissions(options) : undefined);
    return await runOn(port, sentGuest, options, sent, streams);
  } finally {
    streams.release();
  }
}

async function runOn(
  port: WorkerPort,
  code: SentCode,
  options: GuestOptions,
  sent: SentOptions,
  { outputs, input }: Streams,
): Promise<RunResult> {
  const { promise, resolve, reject } = deferred<RunResult>();
  const limit = options.limits?.timeout ?? Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let over = false;
  const startClock = () => {
    if (limit === Infinity || over) return;
    timer = setTimeout(
      () => reject(new GuestLimitError("timeout", `The guest ran into its time limit of ${limit} ms`)),
      Math.min(limit + GRACE, 2 ** 31 - 1),
    );
  };
  const abort = () =>
    reject(
      new GuestLimitError("aborted", "The guest was aborted by the caller", {
        cause: options.signal?.reason,
      }),
    );
  if (options.signal?.aborted) abort();
  else options.signal?.addEventListener("abort", abort, { once: true });
  port.onFailure((reason) => reject(new Error(`Cannot run "${code.name}": the worker failed: ${reason}`)));
  port.onMessage((messages) => {
    for (const message of messages) receive(message);
  });
  let written: Promise<unknown> = Promise.resolve();
  const receive = (message: FromWorker): void => {
    switch (message.t) {
      case "ready":
        // The worker's own start is not the guest's time.
        startClock();
        break;
      case "output":
        written = Promise.all([
          written,
          outputs[message.fd].write(message.bytes).then(() => port.post([{ t: "taken", fd: message.fd }])),
        ]);
        break;
      case "wantInput":
        void input.read().then((bytes) => port.post([{ t: "input", bytes }]), () => port.post([NO_INPUT]));
        break;
      case "denied":
        quietly(() => options.onDenied?.(message.denied));
        break;
      case "ran":
        // The guest did not wait for the last of what it wrote.
        void written.then(() => resolve(message.result));
        break;
      case "runFailed":
        void written.then(() => reject(errorFrom(message.error)));
    }
  };
  try {
    port.post([{
      t: "run",
      code,
      epoch: port.epoch,
      options: sent,
      stdin: options.stdin !== undefined,
      outputs: { stdout: outputs[1].wanted, stderr: outputs[2].wanted },
    }]);
    const { exitCode } = await promise;
    return { exitCode, stdout: outputs[1].collected(), stderr: outputs[2].collected() };
  } finally {
    over = true;
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", abort);
    end(port);
  }
}

const NO_INPUT = { t: "input", bytes: undefined } as const;

function end(port: WorkerPort): void {
  port.onFailure(() => {});
  port.terminate();
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

function deferred<T>(): Deferred<T> {
  let resolve!: Deferred<T>["resolve"], reject!: Deferred<T>["reject"];
  const promise = new Promise<T>((yes, no) => [resolve, reject] = [yes, no]);
  return { promise, resolve, reject };
}
