/** Instances on this thread: made when needed, used one request at a time, given up when old, idle or broken. */
import { GuestLimitError } from "../error.ts";
import type { Running } from "../running.ts";
import { callHandler, type Handler, handlerOf } from "./call.ts";
import { failureOf, ServeFailure } from "./failure.ts";
import { InstanceGate, OutgoingCount } from "./gate.ts";
import type { Backend, BackendStats, Job } from "./job.ts";
import type { PoolOptions } from "./options.ts";

/** Makes an instance with that number, whose requests pass `gate`. */
export type MakeInstance = (number: number, gate: InstanceGate) => Promise<Running>;

/** An instance that serves. */
interface Slot {
  readonly running: Running;
  readonly handler: Handler;
  readonly gate: InstanceGate;
  served: number;
  idleSince: number;
}

/** See the file's head. */
export class InstancePool implements Backend {
  readonly #make: MakeInstance;
  readonly #options: PoolOptions;
  readonly #freed: () => void;
  readonly #outgoing: OutgoingCount;
  /** The one used last is taken first, so that the others may grow idle. */
  readonly #idle: Slot[] = [];
  readonly #busy = new Set<Slot>();
  /** A job that waits for the instance being made, or for one that is free sooner. */
  #pending: Job | undefined;
  /** Making one takes this thread, so two at once would be no sooner ready. */
  #starting = false;
  #created = 0;
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `freed` is called when a job has given its place back. */
  constructor(make: MakeInstance, options: PoolOptions, freed: () => void) {
    this.#make = make;
    this.#options = options;
    this.#freed = freed;
    this.#outgoing = new OutgoingCount(options.serverOutgoingRequests);
  }

  get available(): boolean {
    if (this.#closed || this.#pending !== undefined) return false;
    return this.#idle.length > 0 || (!this.#starting && this.#busy.size < this.#options.maxInstances);
  }

  stats(): BackendStats {
    return {
      instances: this.#idle.length + this.#busy.size,
      idle: this.#idle.length,
      created: this.#created,
      outgoingRefused: this.#outgoing.refused,
      workers: 0,
      workersLost: 0,
    };
  }

  start(job: Job): void {
    const slot = this.#idle.pop();
    if (slot !== undefined) void this.#serve(slot, job);
    else {
      this.#pending = job;
      void this.#create();
    }
  }

  close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const slot of this.#idle.splice(0)) slot.running.close();
    this.#failPending(new ServeFailure("stopped", "The server was stopped"));
    for (const { running } of this.#busy) {
      running.instance.end(new GuestLimitError("aborted", "The server was stopped"));
    }
    return Promise.resolve();
  }

  async #create(): Promise<void> {
    this.#starting = true;
    let slot: Slot;
    try {
      const gate = new InstanceGate(this.#outgoing, this.#options.outgoingRequests);
      const running = await this.#make(this.#created++, gate);
      const handler = handlerOf(running);
      if (handler === undefined) {
        running.close();
        throw new ServeFailure("start", "The guest has no handler of HTTP requests");
      }
      slot = { running, handler, gate, served: 0, idleSince: 0 };
    } catch (error) {
      this.#starting = false;
      this.#failPending(failureOf(error));
      this.#freed();
      return;
    }
    this.#starting = false;
    if (this.#closed) slot.running.close();
    else this.#offer(slot);
    this.#freed();
  }

  #failPending(failure: ServeFailure): void {
    const job = this.#pending;
    if (job === undefined) return;
    this.#pending = undefined;
    job.failed(failure);
    job.returned();
  }

  /** An instance is free: for whoever waits here, or to be kept. */
  #offer(slot: Slot): void {
    const job = this.#pending;
    if (job === undefined) return this.#park(slot);
    this.#pending = undefined;
    void this.#serve(slot, job);
  }

  async #serve(slot: Slot, job: Job): Promise<void> {
    const { maxInstanceReuseCount, requestTimeout, servedRequestBytes } = this.#options;
    const { instance } = slot.running;
    this.#busy.add(slot);
    slot.gate.begin(job);
    slot.served++;
    job.begun();
    if (requestTimeout !== Infinity) instance.limitTime(requestTimeout);
    const reusable = await callHandler(slot.running, slot.handler, job, servedRequestBytes);
    this.#busy.delete(slot);
    if (requestTimeout !== Infinity) instance.limitTime(Infinity);
    if (reusable && slot.served < maxInstanceReuseCount && !this.#closed) this.#offer(slot);
    else void slot.running.drain().finally(() => slot.running.close()); // its last words are still on their way
    job.returned();
    this.#freed();
    // Whoever comes next need not wait for an instance to be made.
    if (slot.served >= maxInstanceReuseCount && this.#pending === undefined && this.#idle.length === 0) {
      if (this.available) void this.#create();
    }
  }

  #park(slot: Slot): void {
    slot.idleSince = performance.now();
    this.#idle.push(slot);
    this.#watch();
  }

  /** One timer for all: it looks at the oldest when that has been idle for long enough. */
  #watch(): void {
    if (this.#timer !== undefined || this.#idle.length === 0 || this.#options.idleTimeout === Infinity) {
      return;
    }
    const wait = this.#idle[0]!.idleSince + this.#options.idleTimeout - performance.now();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#expire();
      this.#watch();
    }, Math.min(Math.max(wait, 0) + 1, 2 ** 31 - 1));
  }

  #expire(): void {
    const limit = performance.now() - this.#options.idleTimeout;
    let expired = 0;
    while (expired < this.#idle.length && this.#idle[expired]!.idleSince <= limit) expired++;
    for (const slot of this.#idle.splice(0, expired)) slot.running.close();
  }
}
