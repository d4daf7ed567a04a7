/** Guests on threads of their own. */
import type { GuestCode } from "../../module.ts";
import type { GuestOptions } from "../../options.ts";
import { quietly } from "../../quietly.ts";
import { failureOf, ServeFailure } from "../failure.ts";
import type { Backend, BackendStats, Job } from "../job.ts";
import { type ResolvedServeOptions, type ServeOptions, whole } from "../options.ts";
import type { SharedOutputs } from "../output.ts";
import { sharedClaims } from "./claims.ts";
import { type LinkEvents, PREFETCH, WorkerLink } from "./link.ts";
import { workerPermissions } from "./permissions.ts";
import type { FromWorker, ToWorker, WorkerPort } from "./protocol.ts";
import { sharedRing } from "./ring.ts";
import { type SentCode, sentCode, sentOptions } from "./sent.ts";
import { spawnWorker, type WorkerPermissions } from "./spawn.ts";

/** What the workers' owner gives them. */
export interface WorkerContext {
  readonly outputs: SharedOutputs;
  readonly onDenied: NonNullable<GuestOptions["onDenied"]>;
  /** Called when there is room for a job again. */
  readonly freed: () => void;
}

/**
 * Workers for a server.
 *
 * @throws {TypeError} for options that cannot be carried to a worker.
 */
export function workerBackend(
  name: string,
  code: GuestCode,
  options: ServeOptions,
  resolved: ResolvedServeOptions,
  context: WorkerContext,
): Backend {
  const count = whole("workers", options.workers ?? globalThis.navigator?.hardwareConcurrency ?? 1);
  const concurrency = whole("workerConcurrency", options.workerConcurrency ?? 1);
  const { stdout, stderr } = options;
  const wanted = (target: ServeOptions["stdout"]) => target !== undefined && target !== "ignore";
  const message: ServeMessage = {
    t: "serve",
    options: sentOptions(options),
    pool: {
      ...resolved.pool,
      maxInstances: concurrency,
      serverOutgoingRequests: Math.max(1, Math.floor(resolved.pool.serverOutgoingRequests / count)),
    },
    instanceId: options.instanceId ?? false,
    outputs: { stdout: wanted(stdout), stderr: wanted(stderr) },
  };
  const permissions = options.workerPermissions === "narrow" ? workerPermissions(options) : undefined;
  return new Workers(
    message,
    () => sentCode(name, code),
    { count, concurrency, timeout: resolved.pool.requestTimeout, permissions },
    context,
  );
}

/** Whether threads can share memory. Pages can only where they are isolated from other origins. */
const CAN_SHARE = typeof SharedArrayBuffer === "function";
/** How far apart workers begin to number their instances where they cannot share a counter. */
const APART = 1_000_000;

/** What all workers are told. */
type ServeMessage = Omit<
  Extract<ToWorker, { t: "serve" }>,
  "code" | "epoch" | "claims" | "rings" | "numbers"
>;

interface WorkersOptions {
  readonly count: number;
  readonly concurrency: number;
  readonly timeout: number;
  readonly permissions: WorkerPermissions | undefined;
}

class Workers implements Backend {
  readonly #message: ServeMessage;
  readonly #code: () => Promise<SentCode>;
  readonly #options: WorkersOptions;
  readonly #context: WorkerContext;
  readonly #links = new Set<WorkerLink>();
  readonly #ports = new Map<WorkerLink, WorkerPort>();
  /** Jobs taken from workers that are no more; they go first. */
  readonly #again: Job[] = [];
  readonly #numbers = new Int32Array(CAN_SHARE ? new SharedArrayBuffer(4) : new ArrayBuffer(4));
  #starting = 0;
  #spawned = 0;
  #lost = 0;
  #created = 0;
  #refused = 0;
  #closed = false;

  constructor(
    message: ServeMessage,
    code: () => Promise<SentCode>,
    options: WorkersOptions,
    context: WorkerContext,
  ) {
    this.#message = message;
    this.#code = code;
    this.#options = options;
    this.#context = context;
  }

  get available(): boolean {
    if (this.#closed || this.#again.length > 0) return false;
    if (this.#links.size + this.#starting < this.#options.count) return true;
    for (const link of this.#links) if (link.available) return true;
    return false;
  }

  stats(): BackendStats {
    let [instances, idle, created, outgoingRefused] = [0, 0, this.#created, this.#refused];
    for (const { stats } of this.#links) {
      if (stats === undefined) continue;
      instances += stats.instances;
      idle += stats.idle;
      created += stats.created;
      outgoingRefused += stats.outgoingRefused;
    }
    return { instances, idle, created, outgoingRefused, workers: this.#links.size, workersLost: this.#lost };
  }

  start(job: Job): void {
    const link = this.#best(job);
    if (link !== undefined) return link.start(job);
    this.#again.push(job);
    if (this.#links.size + this.#starting < this.#options.count) void this.#spawn();
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const link of [...this.#links]) link.end("The server was stopped");
    for (const job of this.#again.splice(0)) {
      job.failed(new ServeFailure("stopped", "The server was stopped"));
      job.returned();
    }
    return Promise.resolve();
  }

  /** The worker that would start the job at once, or else one that may hold it. */
  #best(job: Job): WorkerLink | undefined {
    let best: WorkerLink | undefined;
    for (const link of this.#links) {
      if (link.load === 0) return link;
      if (link.idle && (best === undefined || link.load < best.load)) best = link;
    }
    if (best !== undefined) return best;
    // A further thread is better than a place behind somebody.
    if (this.#links.size + this.#starting < this.#options.count) return undefined;
    for (const link of this.#links) {
      if (link.available && link.mayHold(job) && (best === undefined || link.load < best.load)) best = link;
    }
    return best;
  }

  async #spawn(): Promise<void> {
    this.#starting++;
    const { concurrency, timeout, permissions } = this.#options;
    let port: WorkerPort;
    let code: SentCode;
    try {
      code = await this.#code();
      port = await spawnWorker(permissions);
    } catch (error) {
      this.#starting--;
      return this.#refuse(failureOf(error));
    }
    this.#starting--;
    if (this.#closed) return port.terminate();
    // Who has a job that waits in a worker is decided in shared memory, or none waits there.
    const claims = CAN_SHARE ? sharedClaims(concurrency + PREFETCH) : undefined;
    const rings = CAN_SHARE ? { toWorker: sharedRing(), fromWorker: sharedRing() } : undefined;
    const link = new WorkerLink(port, this.#events, { timeout, claims, concurrency, rings });
    this.#links.add(link);
    this.#ports.set(link, port);
    // Without shared memory each worker counts on from a number of its own.
    if (!CAN_SHARE) this.#numbers[0] = this.#spawned++ * APART;
    port.post([{
      ...this.#message,
      code,
      epoch: port.epoch,
      claims,
      rings,
      numbers: this.#numbers,
    }]);
    this.#feed();
  }

  readonly #events: LinkEvents = {
    returned: () => this.#feed(),
    lost: (link, unstarted, reason) => {
      this.#links.delete(link);
      this.#ports.delete(link);
      this.#created += link.stats?.created ?? 0;
      this.#refused += link.stats?.outgoingRefused ?? 0;
      if (this.#closed) {
        for (const job of unstarted) {
          job.failed(new ServeFailure("stopped", "The server was stopped"));
          job.returned();
        }
        return;
      }
      this.#lost++;
      this.#again.unshift(...unstarted);
      // The next one would come no further.
      if (!link.ready) return this.#refuse(new ServeFailure("start", `No worker can be started: ${reason}`));
      void this.#spawn();
    },
    other: (link, message) => void this.#other(link, message),
  };

  /** Ends the jobs that wait for a worker. */
  #refuse(failure: ServeFailure): void {
    for (const job of this.#again.splice(0)) {
      job.failed(failure);
      job.returned();
    }
    this.#context.freed();
  }

  async #other(link: WorkerLink, message: FromWorker): Promise<void> {
    if (message.t === "denied") quietly(() => this.#context.onDenied(message.denied));
    if (message.t !== "output") return;
    const { stdout, stderr } = this.#context.outputs;
    try {
      await (message.fd === 1 ? stdout : stderr).write(message.number, message.bytes);
    } catch {
      // Whoever read it has gone; the guest goes on.
    }
    if (this.#links.has(link)) this.#ports.get(link)?.post([{ t: "taken", fd: message.fd }]);
  }

  /** Gives waiting jobs to whoever has room: those left over, those of the server, those that wait behind others. */
  #feed(): void {
    while (this.#again.length > 0) {
      const job = this.#again[0]!;
      const link = this.#best(job);
      if (link === undefined) break;
      this.#again.shift();
      link.start(job);
    }
    if (this.#again.length === 0) this.#context.freed();
    for (const idle of this.#links) {
      if (idle.load > 0) continue;
      for (const busy of this.#links) {
        if (busy.load <= this.#options.concurrency) continue;
        const job = busy.steal();
        if (job === undefined) continue;
        idle.start(job);
        break;
      }
    }
  }
}
