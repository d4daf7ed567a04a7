/** The worker that runs guests, seen from the page. */
import type { FromWorker, RunRequest, ToWorker } from "./messages.ts";

/** How long a guest that was told to stop may take before its worker is ended, in milliseconds. */
const GRACE = 1000;

/** See the file's head. */
export class GuestSession {
  #worker: Worker | undefined;
  #running = false;
  #grace: ReturnType<typeof setTimeout> | undefined;
  readonly #onMessage: (message: FromWorker) => void;

  /** `onMessage` gets what the worker says, and always one `exited` or `failed` for each run. */
  constructor(onMessage: (message: FromWorker) => void) {
    this.#onMessage = onMessage;
  }

  /** Whether a guest is running. */
  get running(): boolean {
    return this.#running;
  }

  /** Asks what a guest imports and exports. */
  inspect(name: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.#post({ type: "inspect", name, bytes });
  }

  /** Runs a guest. */
  run(run: RunRequest): void {
    this.#running = true;
    this.#post({ type: "run", run });
  }

  /** Says that output has been shown. */
  shown(bytes: number): void {
    this.#post({ type: "shown", bytes });
  }

  /** Ends the guest: at its next wait, or, if it does not wait, with its worker. */
  stop(): void {
    if (!this.#running || this.#grace !== undefined) return;
    this.#post({ type: "stop" });
    this.#grace = setTimeout(() => {
      this.#drop();
      this.#tell({
        type: "failed",
        error: { name: "GuestLimitError", message: "The guest did not let go of the thread, and was ended" },
        elapsed: NaN,
      });
    }, GRACE);
  }

  #tell(message: FromWorker): void {
    if (message.type === "exited" || message.type === "failed") {
      this.#running = false;
      clearTimeout(this.#grace);
      this.#grace = undefined;
    }
    this.#onMessage(message);
  }

  #post(message: ToWorker): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(message);
  }

  #start(): Worker {
    const worker = new Worker(new URL("guest_worker.js", document.baseURI), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#tell(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#drop();
      const error = {
        name: "Error",
        message: event.message || "The worker that runs guests could not be started",
      };
      if (this.#running) this.#tell({ type: "failed", error, elapsed: NaN });
      else this.#onMessage({ type: "inspect-failed", error });
    };
    return worker;
  }

  #drop(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}
