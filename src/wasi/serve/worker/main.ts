/** Entry point of a worker: runs one guest's instances, or one command. */
import type { ByteWriter } from "../../cli/sink.ts";
import type { GuestOptions } from "../../options.ts";
import { runCommand, starter } from "../../running.ts";
import { instanceMaker } from "../maker.ts";
import { InstancePool } from "../pool.ts";
import { errorRecord } from "./error_record.ts";
import { WorkerJobs } from "./jobs.ts";
import { batching, type Send, type WorkerLine } from "./line.ts";
import type { ToWorker } from "./protocol.ts";
import { codeFrom, type SentOptions } from "./sent.ts";

/** Runs what it is told, for the life of the worker. */
export function workerMain(line: WorkerLine): void {
  const send = batching(line);
  const outputs = new Outputs(send);
  let jobs: Promise<WorkerJobs> | undefined;
  let ready: WorkerJobs | undefined;
  let giveInput: ((bytes: Uint8Array | undefined) => void) | undefined;
  const receive = (message: ToWorker): void => {
    switch (message.t) {
      case "serve":
        jobs = serve(message, send, outputs).then((made) => {
          send({ t: "ready" });
          made.look();
          return ready = made;
        });
        break;
      case "taken":
        outputs.taken(message.fd);
        break;
      case "run":
        void run(message, send, outputs, () =>
          new Promise((resolve) => {
            giveInput = resolve;
            send({ t: "wantInput" });
          }));
        break;
      case "input":
        giveInput?.(message.bytes);
        break;
      default:
        // In order: whatever comes before the code is ready waits for it.
        if (ready !== undefined) ready.tell(message);
        else void jobs?.then((made) => made.tell(message));
    }
  };
  line.onMessage((messages) => {
    // Whatever is in the ring was said before.
    ready?.look();
    for (const message of messages) receive(message);
  });
}

/** Bytes of a command's output that may be on their way to the other thread before the guest must wait. */
const WINDOW = 256 * 1024;

/** Standard output and error. */
class Outputs {
  readonly #send: Send;
  readonly #waiting: Readonly<Record<1 | 2, (() => void)[]>> = { 1: [], 2: [] };

  constructor(send: Send) {
    this.#send = send;
  }

  /** An output for an instance: one message under way. */
  writer(fd: 1 | 2, number: number, wanted: boolean): ByteWriter | "ignore" {
    return wanted ? (bytes) => this.#post(fd, number, bytes) : "ignore";
  }

  /**
   * The output of a command: a window of bytes under way, as waiting for each write's answer costs most of its speed.
   */
  windowed(fd: 1 | 2, wanted: boolean): ByteWriter | "ignore" {
    if (!wanted) return "ignore";
    let underWay = 0;
    let proceed = () => {};
    return (bytes) => {
      underWay += bytes.length;
      void this.#post(fd, 0, bytes).then(() => {
        underWay -= bytes.length;
        if (underWay <= WINDOW) proceed();
      });
      if (underWay > WINDOW) return new Promise<void>((resolve) => proceed = resolve);
    };
  }

  /** The oldest of those under way has been written. */
  taken(fd: 1 | 2): void {
    this.#waiting[fd].shift()?.();
  }

  #post(fd: 1 | 2, number: number, bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting[fd].push(resolve);
      this.#send({ t: "output", fd, number, bytes });
    });
  }
}

type Serve = Extract<ToWorker, { t: "serve" }>;

async function serve(
  { code: sent, epoch, options, pool, instanceId, outputs: wanted, claims, rings, numbers }: Serve,
  send: Send,
  outputs: Outputs,
): Promise<WorkerJobs> {
  const code = await codeFrom(sent);
  const granted = withDenied(options, send);
  const make = instanceMaker(code, () => starter(sent.name, code, granted, epoch), () => {
    // Numbers are shared by all workers.
    const number = Atomics.add(numbers, 0, 1);
    return {
      env: instanceId ? { ...options.env, INSTANCE_ID: String(number) } : options.env,
      stdout: outputs.writer(1, number, wanted.stdout),
      stderr: outputs.writer(2, number, wanted.stderr),
    };
  });
  return new WorkerJobs(send, { claims, rings }, (freed) => new InstancePool(make, pool, freed));
}

function withDenied(options: SentOptions, send: Send): GuestOptions {
  return { ...options, onDenied: (denied) => send({ t: "denied", denied }) };
}

type Run = Extract<ToWorker, { t: "run" }>;

async function run(
  { code: sent, epoch, options, stdin, outputs: wanted }: Run,
  send: Send,
  outputs: Outputs,
  input: () => Promise<Uint8Array | undefined>,
): Promise<void> {
  try {
    const begin = await starter(sent.name, await codeFrom(sent), {
      ...withDenied(options, send),
      stdin: stdin ? inputStream(input) : undefined,
    }, epoch);
    send({ t: "ready" });
    // The guest may never let go of the thread.
    send.flush();
    const running = await begin({
      stdout: outputs.windowed(1, wanted.stdout),
      stderr: outputs.windowed(2, wanted.stderr),
    });
    try {
      send({ t: "ran", result: await runCommand(running) });
    } finally {
      running.close();
    }
  } catch (error) {
    send({ t: "runFailed", error: errorRecord(error) });
  }
}

function inputStream(input: () => Promise<Uint8Array | undefined>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const bytes = await input();
      if (bytes === undefined) controller.close();
      else controller.enqueue(bytes);
    },
  }, { highWaterMark: 0 });
}
