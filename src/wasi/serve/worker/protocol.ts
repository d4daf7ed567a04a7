/** What passes between the thread that serves and the workers that run guests. Everything here can be cloned. */
import type { HeaderList } from "../../../http/headers.ts";
import type { Epoch } from "../../epoch.ts";
import type { DeniedRequest, RunResult } from "../../options.ts";
import type { BackendStats } from "../job.ts";
import type { PoolOptions } from "../options.ts";
import type { ErrorRecord, FailureRecord } from "./error_record.ts";
import type { SentCode, SentOptions } from "./sent.ts";

/** A body in a message: whole, to be asked for, or none. */
export type SentBody = Uint8Array | "stream" | undefined;

/** Of a job's body, from the thread that has it. */
export type BodyMessage =
  | { readonly t: "piece"; readonly id: number; readonly bytes: Uint8Array }
  | { readonly t: "end"; readonly id: number; readonly trailers: HeaderList }
  | { readonly t: "broken"; readonly id: number };

/** Of a job's body, from the thread that reads it. */
export type WantMessage =
  | { readonly t: "more"; readonly id: number; readonly pieces: number }
  | { readonly t: "cancel"; readonly id: number };

/** What a worker is told. Messages come in lists. */
export type ToWorker =
  | {
    readonly t: "serve";
    readonly code: SentCode;
    /** Whose end ends the guests. */
    readonly epoch: Epoch;
    readonly options: SentOptions;
    readonly pool: PoolOptions;
    readonly instanceId: boolean;
    readonly outputs: Readonly<Record<"stdout" | "stderr", boolean>>;
    /** Who has the jobs that wait in a worker; see `claims.ts`. Where memory can be shared. */
    readonly claims: Int32Array | undefined;
    /** Where small jobs and answers pass instead of in messages; where memory can be shared. */
    readonly rings: SharedRings | undefined;
    /** The number of the next instance: shared by all workers where memory can be shared. */
    readonly numbers: Int32Array;
  }
  | {
    readonly t: "job";
    readonly id: number;
    readonly name: string;
    readonly place: number;
    readonly method: string;
    readonly scheme: "http" | "https";
    readonly authority: string;
    readonly path: string;
    readonly headers: HeaderList;
    readonly body: SentBody;
  }
  | BodyMessage
  | WantMessage
  | { readonly t: "gone"; readonly id: number }
  | { readonly t: "taken"; readonly fd: 1 | 2 }
  | {
    readonly t: "run";
    readonly code: SentCode;
    /** Whose end ends the guests. */
    readonly epoch: Epoch;
    readonly options: SentOptions;
    readonly stdin: boolean;
    readonly outputs: Readonly<Record<"stdout" | "stderr", boolean>>;
  }
  | { readonly t: "input"; readonly bytes: Uint8Array | undefined };

/** What a worker tells. Messages come in lists. */
export type FromWorker =
  /** It has the code: jobs, or the command, begin from now on. */
  | { readonly t: "ready" }
  | {
    readonly t: "answer";
    readonly id: number;
    readonly status: number;
    readonly headers: HeaderList;
    readonly body: SentBody;
    readonly trailers: HeaderList;
  }
  | { readonly t: "failed"; readonly id: number; readonly failure: FailureRecord }
  | { readonly t: "returned"; readonly id: number; readonly stats: BackendStats }
  | BodyMessage
  | WantMessage
  | { readonly t: "output"; readonly fd: 1 | 2; readonly number: number; readonly bytes: Uint8Array }
  | { readonly t: "denied"; readonly denied: DeniedRequest }
  | { readonly t: "wantInput" }
  | { readonly t: "ran"; readonly result: RunResult }
  | { readonly t: "runFailed"; readonly error: ErrorRecord };

/**
 * Memory for records in both directions; see `ring.ts`. Whoever has written something for one that sleeps sends an
 * empty list of messages.
 */
export interface SharedRings {
  readonly toWorker: SharedArrayBuffer;
  readonly fromWorker: SharedArrayBuffer;
}

/** Tells numbers of a worker's pool beside its records. */
export function tellStats(
  cells: Int32Array,
  { instances, idle, created, outgoingRefused }: BackendStats,
): void {
  [cells[0], cells[1], cells[2], cells[3]] = [instances, idle, created, outgoingRefused];
}

/** The numbers that a worker has told. */
export function statsIn(cells: Int32Array): BackendStats {
  const [instances = 0, idle = 0, created = 0, outgoingRefused = 0] = cells;
  return { instances, idle, created, outgoingRefused, workers: 0, workersLost: 0 };
}

/**
 * Whether the client waits to be told to send its body (RFC 9110 section 10.1.1), which it is by the first read of it.
 */
export function expects(headers: HeaderList): boolean {
  return headers.some(([name]) => name.toLowerCase() === "expect");
}

/** One end of the line to another thread. */
export interface Port<Out, In> {
  /** Sends; buffers in `transfer` move instead of being copied. */
  post(message: Out, transfer?: Transferable[]): void;
  /** Called with each message that comes. */
  onMessage(listener: (message: In) => void): void;
}

/** A worker, from outside. */
export interface WorkerPort extends Port<readonly ToWorker[], readonly FromWorker[]> {
  /** What its guests are to run in; it is over when the worker is ended. */
  readonly epoch: Epoch;
  /** Called when the worker failed outside of any guest. */
  onFailure(listener: (reason: string) => void): void;
  /** Ends it at once, however busy it is. */
  terminate(): void;
}

/** The buffer of `bytes`, where it is theirs alone and may move. */
export function transferOf(bytes: SentBody): Transferable[] {
  if (!(bytes instanceof Uint8Array)) return [];
  const { buffer, byteLength } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}
