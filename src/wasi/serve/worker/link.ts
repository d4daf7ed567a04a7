/** One worker, seen from the thread that serves: its jobs, their bodies, their deadlines, its end. */
import { isSource } from "../exchange.ts";
import { ServeFailure } from "../failure.ts";
import type { BackendStats, Job } from "../job.ts";
import { BodyReceiver, BodySender } from "./body.ts";
import { Claims } from "./claims.ts";
import { failureFrom } from "./error_record.ts";
import { jobRecord, type Said, saidIn } from "./record.ts";
import { type RingPair, RingReader, RingWriter } from "./ring.ts";
import {
  expects,
  type FromWorker,
  type SharedRings,
  statsIn,
  type ToWorker,
  type WorkerPort,
} from "./protocol.ts";

/** What the owner of a link is told. */
export interface LinkEvents {
  /** A job has been given back. */
  returned(link: WorkerLink): void;
  /** The worker is no more. `unstarted` are jobs that no guest has seen. */
  lost(link: WorkerLink, unstarted: readonly Job[], reason: string): void;
  /** A message that is not about a job. */
  other(link: WorkerLink, message: FromWorker): void;
}

/** Milliseconds that a worker has after a deadline to end the guest itself, which it can unless the guest computes. */
const GRACE = 100;

/**
 * Jobs that a worker holds at most besides those that run there. Waking a thread takes longer than a small request, so
 * the next ones must be there when the last returns.
 */
export const PREFETCH = 7;

/**
 * Jobs that may be taken back from a worker before one of its guests returns. Each leaves a message in the worker's
 * queue, and they would pile up there without end if it never looks.
 */
const MOST_STOLEN = 64;

/** How many may wait in a worker: none where nobody could take them back, or where they need not. */
function prefetch(concurrency: number, claims: Claims | undefined): number {
  return claims === undefined || concurrency > 1 ? 0 : PREFETCH;
}

/** Deadlines that may pass while an instance is being made. */
const WAITS = 9;

interface Linked {
  readonly id: number;
  readonly job: Job;
  readonly place: number;
  /** Whether it went as a message. */
  posted: boolean;
  readonly upload: BodySender | undefined;
  download: BodyReceiver | undefined;
  /** Whether its deadline is watched. */
  started: boolean;
  /** How often its deadline came while its instance was still being made. */
  waits: number;
  returned: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** See the file's head. */
export class WorkerLink {
  #stats: BackendStats | undefined;
  readonly #port: WorkerPort;
  readonly #events: LinkEvents;
  readonly #timeout: number;
  readonly #claims: Claims | undefined;
  readonly #concurrency: number;
  readonly #prefetch: number;
  readonly #rings: RingPair | undefined;
  readonly #jobs = new Map<number, Linked>();
  /** Jobs whose guest has not returned, oldest first. */
  readonly #active: Linked[] = [];
  #outbox: ToWorker[] = [];
  #moving: ArrayBuffer[] = [];
  #posting = false;
  #reading = false;
  #number = 0;
  #stolen = 0;
  #ready = false;
  #ended = false;

  /** On a worker that has been told what to serve. */
  constructor(
    port: WorkerPort,
    events: LinkEvents,
    options: {
      readonly timeout: number;
      readonly claims: Int32Array | undefined;
      readonly concurrency: number;
      readonly rings: SharedRings | undefined;
    },
  ) {
    this.#port = port;
    this.#events = events;
    this.#timeout = options.timeout;
    this.#claims = options.claims && new Claims(options.claims);
    this.#concurrency = options.concurrency;
    this.#prefetch = prefetch(options.concurrency, this.#claims);
    const { rings } = options;
    this.#rings = rings && {
      writer: new RingWriter(rings.toWorker),
      reader: new RingReader(rings.fromWorker),
    };
    port.onMessage((messages) => {
      // Whatever is in the ring was said before.
      this.#read();
      for (const message of messages) this.#receive(message);
    });
    port.onFailure((reason) => this.end(`The worker failed: ${reason}`));
  }

  /** Numbers of the worker's pool, as it last told. */
  get stats(): BackendStats | undefined {
    return this.#rings === undefined ? this.#stats : statsIn(this.#rings.reader.cells);
  }

  /** Whether the worker has the guest's code. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Jobs that it holds. */
  get load(): number {
    return this.#active.length;
  }

  /** Whether one more job would start at once. */
  get idle(): boolean {
    return this.#active.length < this.#concurrency;
  }

  /** Whether it takes one more job, if only to have it at hand. */
  get available(): boolean {
    return this.idle ||
      this.#stolen < MOST_STOLEN && this.#active.length < this.#concurrency + this.#prefetch;
  }

  /** Whether `job` may wait here: a body that comes in pieces is asked for by one worker only. */
  mayHold(job: Job): boolean {
    return this.idle || !isSource(job.request.body);
  }

  /** Hands it a job. */
  start(job: Job): void {
    const id = ++this.#number;
    let place = 0;
    while (this.#active.some((other) => other.place === place)) place++;
    this.#claims?.offer(place, id);
    const linked: Linked = {
      id,
      job,
      place,
      posted: false,
      upload: this.#uploadOf(id, job),
      started: false,
      waits: 0,
      returned: false,
      download: undefined,
      timer: undefined,
    };
    const { method, scheme, authority, path, headers, body } = job.request;
    const sent = isSource(body) ? "stream" as const : body;
    const message = {
      ...{ t: "job" as const, id, name: job.id, place },
      ...{ method, scheme, authority, path, headers, body: sent },
    };
    if (!this.#write(message)) {
      linked.posted = true;
      // Its body is not moved: the job may have to go to another worker after all.
      this.#post(message);
    }
    this.#jobs.set(id, linked);
    this.#active.push(linked);
    // Most guests read what they are sent.
    if (!expects(headers)) linked.upload?.proceed(0);
    job.onGone(() => {
      if (!linked.returned) this.#post({ t: "gone", id });
    });
    this.#watch();
  }

  #uploadOf(id: number, { request: { body, trailers } }: Job): BodySender | undefined {
    if (!isSource(body)) return undefined;
    return new BodySender(id, {
      body,
      trailers: () => trailers?.() ?? [],
      send: (message) => {
        if (message.t !== "piece") return this.#post(message);
        // Its maker may use a piece again, so that a copy is moved; it is faster than having the piece cloned.
        const bytes = message.bytes.slice();
        this.#post({ ...message, bytes }, bytes.buffer);
      },
    });
  }

  /** Takes back a job that waits here and has not been started; `undefined` for none. */
  steal(): Job | undefined {
    if (this.#claims === undefined) return undefined;
    for (let at = this.#active.length - 1; at >= this.#concurrency; at--) {
      const linked = this.#active[at]!;
      if (!this.#claims.take(linked.place, linked.id)) continue;
      this.#stolen++;
      this.#active.splice(at, 1);
      this.#jobs.delete(linked.id);
      return linked.job;
    }
    return undefined;
  }

  /** Ends the worker, however busy it is. */
  end(reason: string): void {
    if (this.#ended) return;
    this.#port.terminate();
    this.#read();
    this.#ended = true;
    const unstarted: Job[] = [];
    for (const linked of this.#jobs.values()) {
      clearTimeout(linked.timer);
      linked.upload?.stop();
      // A body that has been read cannot be read again.
      const untouched = !linked.returned && !linked.upload?.begun &&
        this.#claims?.waits(linked.place, linked.id) === true;
      if (untouched) unstarted.push(linked.job);
      else {
        linked.download?.fail();
        if (linked.returned) continue;
        if (isSource(linked.job.request.body)) linked.job.request.body.cancel();
        linked.job.failed(new ServeFailure("stopped", reason));
        linked.job.returned();
      }
    }
    this.#jobs.clear();
    this.#active.length = 0;
    this.#events.lost(this, unstarted, reason);
  }

  /** Starts the clocks of jobs that have come to their turn. */
  #watch(): void {
    // Its own start is not a guest's time.
    if (this.#timeout === Infinity || !this.#ready) return;
    for (let at = 0; at < Math.min(this.#concurrency, this.#active.length); at++) {
      const linked = this.#active[at]!;
      if (linked.started) continue;
      linked.started = true;
      linked.timer = setTimeout(() => this.#late(linked), Math.min(this.#timeout, 2 ** 31 - 1));
    }
  }

  /** The client is answered at once; the worker gets a moment to end the guest, and is ended otherwise. */
  #late(linked: Linked): void {
    this.#read();
    if (linked.returned) return;
    const left = this.#timeLeft(linked);
    if (left > 0) {
      linked.timer = setTimeout(() => this.#late(linked), Math.min(left, 2 ** 31 - 1));
      return;
    }
    linked.job.failed(
      new ServeFailure("timeout", `guest timed out: it ran into its time limit of ${this.#timeout} ms`),
    );
    linked.download?.abandon();
    linked.timer = setTimeout(() => {
      // A guest that has another job is not the one that is late: word of its return is on the way.
      if (!this.#movedOn(linked)) this.end("The worker was ended for another request's sake");
    }, GRACE);
  }

  /**
   * Milliseconds that a guest still has. While its instance is being made it has not begun; that may not last for ever.
   */
  #timeLeft(linked: Linked): number {
    if (this.#claims === undefined) return 0;
    const running = this.#claims.running(linked.place);
    if (running !== undefined) return this.#timeout - running;
    return linked.waits++ < WAITS ? this.#timeout : 0;
  }

  #movedOn(late: Linked): boolean {
    const claims = this.#claims;
    return claims !== undefined && this.#concurrency === 1 &&
      this.#active.some((other) => other !== late && claims.taken(other.place));
  }

  /** Puts a job where the worker looks when it is done with another; false where it must be sent. */
  #write(job: Extract<ToWorker, { t: "job" }>): boolean {
    const rings = this.#rings;
    // The ring is read before messages are: a job there would overtake one that was sent.
    if (rings === undefined || this.#active.some(({ posted }) => posted)) return false;
    const record = jobRecord(job);
    if (record === undefined || !rings.writer.put(record)) return false;
    if (rings.writer.mustWake()) this.#postSoon();
    return true;
  }

  /** Hears what the worker has said in the ring, and is to be woken when it says more. */
  #read(): void {
    const rings = this.#rings;
    if (rings === undefined || this.#reading || this.#ended) return;
    this.#reading = true;
    do {
      for (let record = rings.reader.take(); record !== undefined; record = rings.reader.take()) {
        this.#receive(saidIn(record));
      }
    } while (!rings.reader.sleep());
    this.#reading = false;
  }

  #receive(message: FromWorker | Said): void {
    if (message.t === "ready") {
      this.#ready = true;
      return this.#watch();
    }
    if (!("id" in message)) return this.#events.other(this, message);
    const linked = this.#jobs.get(message.id);
    if (linked === undefined) return;
    const { job, id } = linked;
    switch (message.t) {
      case "answer": {
        const { status, headers, body, trailers } = message;
        if (body === "stream") {
          const download = linked.download = new BodyReceiver(id, {
            send: (message) => this.#post(message),
            broken: "The guest did not end its answer",
            over: () => this.#forget(linked),
          });
          return job.answered({ status, headers, body: download, trailers: () => download.trailers });
        }
        return job.answered({ status, headers, body, trailers: () => trailers });
      }
      case "failed":
        // A trap as such; whatever of the body is on its way follows as broken.
        return job.failed(failureFrom(message.failure));
      case "returned":
        linked.returned = true;
        this.#stolen = 0;
        linked.upload?.stop();
        if ("stats" in message) this.#stats = message.stats;
        clearTimeout(linked.timer);
        this.#active.splice(this.#active.indexOf(linked), 1);
        this.#forget(linked);
        this.#watch();
        job.returned();
        return this.#events.returned(this);
      case "piece":
      case "end":
      case "broken":
        return linked.download?.told(message);
      case "more":
      case "cancel":
        return linked.upload?.told(message);
    }
  }

  /** Sends with what else is sent in this turn. `moved` is part of the message, and nobody else's. */
  #post(message: ToWorker, moved?: ArrayBuffer): void {
    if (this.#ended) return;
    this.#outbox.push(message);
    if (moved !== undefined) this.#moving.push(moved);
    this.#postSoon();
  }

  /** Sends what is to be sent, if only for waking. */
  #postSoon(): void {
    if (this.#posting) return;
    this.#posting = true;
    queueMicrotask(() => {
      this.#posting = false;
      const [messages, moving] = [this.#outbox, this.#moving];
      [this.#outbox, this.#moving] = [[], []];
      if (!this.#ended) this.#port.post(messages, moving);
    });
  }

  #forget(linked: Linked): void {
    if (linked.returned && linked.download?.over !== false) this.#jobs.delete(linked.id);
  }
}
