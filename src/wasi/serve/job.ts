/** A request between its arrival and its end, as the queue, the pools and the workers know it. */
import { isSource, type ServedRequest, type ServedResponse } from "./exchange.ts";
import type { ServeFailure } from "./failure.ts";

/** What whoever runs a job calls. */
export interface JobEvents {
  /** The guest is called: its time begins. */
  begun?(): void;
  /** The guest has answered. At most once, and not after `failed`. */
  answered(response: ServedResponse): void;
  /** It went wrong: before the answer the client gets a status, after it (`answered`) what it is. At most once. */
  failed(failure: ServeFailure, answered: boolean): void;
  /** The guest has given the instance back. Once, always last. */
  returned(): void;
}

/** See the file's head. */
export class Job {
  /** Unique in the log. */
  readonly id: string;
  /** The request. */
  readonly request: ServedRequest;
  readonly #events: JobEvents;
  readonly #goneListeners = new Set<() => void>();
  #gone = false;
  #settled = false;
  #failed = false;
  #returned = false;

  /** `events` are passed on, each at most once. */
  constructor(id: string, request: ServedRequest, events: JobEvents) {
    this.id = id;
    this.request = request;
    this.#events = events;
  }

  /** Whether the client has gone: nobody wants the answer any more. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Whether the client has its answer's head, or its error. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Whether it has been told as failed. */
  get hasFailed(): boolean {
    return this.#failed;
  }

  /** The client went away before the answer was whole. */
  clientGone(): void {
    if (this.#gone) return;
    this.#gone = true;
    const listeners = [...this.#goneListeners];
    this.#goneListeners.clear();
    for (const listener of listeners) listener();
  }

  /** Calls `listener` when the client goes away. */
  onGone(listener: () => void): void {
    if (this.#gone) listener();
    else this.#goneListeners.add(listener);
  }

  /** See {@linkcode JobEvents}. */
  begun(): void {
    this.#events.begun?.();
  }

  /** See {@linkcode JobEvents}. */
  answered(response: ServedResponse): void {
    if (this.#settled) {
      // The client has had an error instead, such as that of a deadline: nobody else gives the body up.
      if (isSource(response.body)) response.body.cancel();
      return;
    }
    this.#settled = true;
    this.#events.answered(response);
  }

  /** See {@linkcode JobEvents}. */
  failed(failure: ServeFailure): void {
    if (this.#failed) return;
    this.#failed = true;
    const answered = this.#settled;
    this.#settled = true;
    this.#events.failed(failure, answered);
  }

  /** See {@linkcode JobEvents}. */
  returned(): void {
    if (this.#returned) return;
    this.#returned = true;
    this.#goneListeners.clear();
    this.#events.returned();
  }
}

/** Numbers of a backend at one moment. */
export interface BackendStats {
  /** Instances that live, idle ones included. */
  readonly instances: number;
  /** Instances without a request. */
  readonly idle: number;
  /** Instances made so far. */
  readonly created: number;
  /** Outgoing requests refused for a limit. */
  readonly outgoingRefused: number;
  /** Workers that live. */
  readonly workers: number;
  /** Workers ended for being busy past a deadline, or by themselves. */
  readonly workersLost: number;
}

/** Runs jobs, on this thread or on others. */
export interface Backend {
  /** Whether one more job may be started now. */
  readonly available: boolean;
  /** Runs a job. */
  start(job: Job): void;
  /** Numbers now. */
  stats(): BackendStats;
  /** Ends everything at once: jobs under way fail as stopped. */
  close(): Promise<void>;
}
