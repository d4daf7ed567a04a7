/**
 * Instances on this thread: made when needed, used one request at a time, made anew or given up when spent, given up
 * when idle or broken.
 */
import { GuestLimitError } from "../error.ts";
import { LinkedSet } from "../linked.ts";
import { callHandler } from "./call.ts";
import { failureOf, ServeFailure } from "./failure.ts";
import { InstanceGate, OutgoingCount } from "./gate.ts";
import type { Backend, BackendStats, Job } from "./job.ts";
import type { MadeInstance, MakeInstance } from "./maker.ts";
import type { PoolOptions } from "./options.ts";

/** An instance that serves. */
interface Slot {
  readonly made: MadeInstance;
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
  /** Those that have served as often as they may: the next one takes such an instance's place. */
  readonly #spent: Slot[] = [];
  readonly #busy = new LinkedSet<Slot>();
  /** A job that waits for the instance being made, or for one that is free sooner. */
  #pending: Job | undefined;
  /** Making one takes this thread, so two at once would be no sooner ready. */
  #starting = false;
  #created = 0;
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewing: ReturnType<typeof setTimeout> | undefined;

  /** `freed` is called when a job has given its place back. */
  constructor(make: MakeInstance, options: PoolOptions, freed: () => void) {
    this.#make = make;
    this.#options = options;
    this.#freed = freed;
    this.#outgoing = new OutgoingCount(options.serverOutgoingRequests);
  }

  get available(): boolean {
    if (this.#closed || this.#pending !== undefined) return false;
    if (this.#idle.length > 0 || this.#spent.length > 0) return true;
    return !this.#starting && this.#busy.size < this.#options.maxInstances;
  }

  stats(): BackendStats {
    const idle = this.#idle.length + this.#spent.length;
    return {
      instances: idle + this.#busy.size,
      idle,
      created: this.#created,
      outgoingRefused: this.#outgoing.refused,
      workers: 0,
      workersLost: 0,
    };
  }

  start(job: Job): void {
    const slot = this.#idle.pop() ?? this.#renewed();
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
    clearTimeout(this.#renewing);
    this.#renewing = undefined;
    this.#spent.length = 0; // closed already
    for (const { made } of this.#idle.splice(0)) made.running.close();
    this.#failPending(new ServeFailure("stopped", "The server was stopped"));
    for (const { made } of this.#busy.values()) {
      made.running.instance.end(new GuestLimitError("aborted", "The server was stopped"));
    }
    return Promise.resolve();
  }

  #gate(): InstanceGate {
    return new InstanceGate(this.#outgoing, this.#options.outgoingRequests);
  }

  async #create(): Promise<void> {
    this.#starting = true;
    let slot: Slot;
    try {
      const gate = this.#gate();
      slot = { made: await this.#make(this.#created++, gate), gate, served: 0, idleSince: 0 };
    } catch (error) {
      this.#starting = false;
      this.#failPending(failureOf(error));
      this.#freed();
      return;
    }
    this.#starting = false;
    if (this.#closed) slot.made.running.close();
    else this.#offer(slot);
    this.#freed();
  }

  /** A fresh instance in the place of a spent one, if there is one. */
  #renewed(): Slot | undefined {
    for (let spent = this.#spent.pop(); spent !== undefined; spent = this.#spent.pop()) {
      const gate = this.#gate();
      const made = spent.made.again(this.#created, gate);
      if (made === undefined) continue;
      this.#created++;
      return { made, gate, served: 0, idleSince: 0 };
    }
    return undefined;
  }

  /** Makes the places of spent instances ready for the next requests, once the answers given have gone out. */
  #renewSoon(): void {
    this.#renewing ??= setTimeout(() => {
      this.#renewing = undefined;
      for (let slot = this.#renewed(); slot !== undefined; slot = this.#renewed()) this.#park(slot);
      this.#createAhead();
    }, 0);
  }

  /** Whoever comes next need not wait for an instance to be made. */
  #createAhead(): void {
    if (this.#pending !== undefined || this.#idle.length > 0 || !this.available) return;
    if (this.#options.maxInstanceReuseCount !== Infinity) void this.#create();
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
    const { running, handler } = slot.made;
    const { instance } = running;
    const place = this.#busy.add(slot);
    slot.gate.begin(job);
    slot.served++;
    job.begun();
    if (requestTimeout !== Infinity) instance.limitTime(requestTimeout);
    const reusable = await callHandler(running, handler, job, servedRequestBytes);
    this.#busy.take(place);
    if (requestTimeout !== Infinity) instance.limitTime(Infinity);
    const spent = slot.served >= maxInstanceReuseCount;
    if (!reusable || this.#closed) void running.drain().finally(() => running.close()); // its last words are on their way
    else if (!spent) this.#offer(slot);
    else this.#spend(slot);
    job.returned();
    this.#freed();
    if (spent && !reusable) this.#createAhead();
  }

  #spend(slot: Slot): void {
    slot.made.running.close();
    this.#spent.push(slot);
    if (this.#pending === undefined) return this.#renewSoon();
    const renewed = this.#renewed();
    if (renewed !== undefined) this.#offer(renewed);
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
    for (const slot of this.#idle.splice(0, expired)) slot.made.running.close();
  }
}
