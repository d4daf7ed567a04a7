/** One worker, seen from the thread that serves: its jobs, their bodies, their deadlines, its end. */
import type { HeaderList } from "../../../http/headers.ts";
import { type BodySource, isSource } from "../exchange.ts";
import { failureFrom, ServeFailure } from "../failure.ts";
import type { BackendStats, Job } from "../job.ts";
import { jobRecord, type Said, saidIn } from "./record.ts";
import { type RingPair, RingReader, RingWriter } from "./ring.ts";
import {
  AHEAD,
  BEGUN,
  expects,
  type FromWorker,
  type SharedRings,
  statsIn,
  TAKEN,
  type ToWorker,
  transferOf,
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

/** How many may wait in a worker: none where nobody could take them back, or where they need not. */
function prefetch(concurrency: number, claims: Int32Array | undefined): number {
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
  /** Pieces of its body that the worker has room for. */
  room: number;
  uploading: boolean;
  started: boolean;
  /** How often its deadline came while its instance was still being made. */
  waits: number;
  returned: boolean;
  download: Received | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** See the file's head. */
export class WorkerLink {
  #stats: BackendStats | undefined;
  readonly #port: WorkerPort;
  readonly #events: LinkEvents;
  readonly #timeout: number;
  readonly #claims: Int32Array | undefined;
  readonly #concurrency: number;
  readonly #prefetch: number;
  readonly #rings: RingPair | undefined;
  readonly #jobs = new Map<number, Linked>();
  /** Jobs whose guest has not returned, oldest first. */
  readonly #active: Linked[] = [];
  #outbox: ToWorker[] = [];
  #posting = false;
  #reading = false;
  #moving: Transferable[] = [];
  #number = 0;
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
    this.#claims = options.claims;
    this.#concurrency = options.concurrency;
    this.#prefetch = prefetch(options.concurrency, options.claims);
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
    return this.#active.length < this.#concurrency + this.#prefetch;
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
    if (this.#claims !== undefined) Atomics.store(this.#claims, place, id);
    const linked: Linked = {
      id,
      job,
      place,
      posted: false,
      room: AHEAD,
      uploading: false,
      started: false,
      waits: 0,
      returned: false,
      download: undefined,
      timer: undefined,
    };
    const waits = !this.idle;
    const { method, scheme, authority, path, headers, body } = job.request;
    const sent = isSource(body) ? "stream" as const : body;
    const message = {
      ...{ t: "job" as const, id, name: job.id, place },
      ...{ method, scheme, authority, path, headers, body: sent },
    };
    if (!this.#write(message)) {
      linked.posted = true;
      // One that may be moved to another worker must keep its body.
      this.#post(message, waits ? [] : transferOf(sent));
    }
    this.#jobs.set(id, linked);
    this.#active.push(linked);
    // Most guests read what they are sent.
    if (sent === "stream" && !expects(headers)) void this.#upload(linked);
    job.onGone(() => {
      if (!this.#ended && !linked.returned) this.#post({ t: "gone", id });
    });
    this.#watch();
  }

  /** Takes back a job that waits here and has not been started; `undefined` for none. */
  steal(): Job | undefined {
    if (this.#claims === undefined) return undefined;
    for (let at = this.#active.length - 1; at >= this.#concurrency; at--) {
      const linked = this.#active[at]!;
      if (Atomics.compareExchange(this.#claims, linked.place, linked.id, TAKEN) !== linked.id) continue;
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
      // A body that has been read cannot be read again.
      const untouched = this.#claims !== undefined && !linked.returned && linked.room === AHEAD &&
        Atomics.load(this.#claims, linked.place) === linked.id;
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
    linked.download?.fail();
    linked.timer = setTimeout(() => {
      // A guest that has another job is not the one that is late: word of its return is on the way.
      if (!this.#movedOn(linked)) this.end("The worker was ended for another request's sake");
    }, GRACE);
  }

  /**
   * Milliseconds that a guest still has. While its instance is being made it has not begun; that may not last for ever.
   */
  #timeLeft(linked: Linked): number {
    const claims = this.#claims;
    if (claims === undefined) return 0;
    if (Atomics.load(claims, linked.place) !== BEGUN) return linked.waits++ < WAITS ? this.#timeout : 0;
    return this.#timeout - ((Date.now() | 0) - Atomics.load(claims, claims.length / 2 + linked.place) | 0);
  }

  #movedOn(late: Linked): boolean {
    const claims = this.#claims;
    return claims !== undefined && this.#concurrency === 1 &&
      this.#active.some((other) => other !== late && Atomics.load(claims, other.place) < 0);
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
          const download = linked.download = new Received({
            credit: () => this.#ended || this.#post({ t: "credit", id, pieces: 1 }),
            cancel: () => this.#ended || this.#post({ t: "cancel", id }),
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
        if ("stats" in message) this.#stats = message.stats;
        clearTimeout(linked.timer);
        this.#active.splice(this.#active.indexOf(linked), 1);
        this.#forget(linked);
        this.#watch();
        job.returned();
        return this.#events.returned(this);
      case "piece":
        return linked.download?.piece(message.bytes);
      case "end":
        return linked.download?.end(message.trailers);
      case "broken":
        return linked.download?.fail();
      case "pull":
        linked.room += message.pieces;
        return void this.#upload(linked);
      case "stop":
        if (isSource(job.request.body)) job.request.body.cancel();
    }
  }

  /** Sends with what else is sent in this turn. */
  #post(message: ToWorker, transfer: Transferable[] = []): void {
    this.#outbox.push(message);
    if (transfer.length > 0) this.#moving.push(...transfer);
    this.#postSoon();
  }

  /** Sends what is to be sent, if only for waking. */
  #postSoon(): void {
    if (this.#posting) return;
    this.#posting = true;
    queueMicrotask(() => {
      this.#posting = false;
      const [messages, transfer] = [this.#outbox, this.#moving];
      [this.#outbox, this.#moving] = [[], []];
      if (!this.#ended) this.#port.post(messages, transfer);
    });
  }

  #forget(linked: Linked): void {
    if (linked.returned && linked.download?.over !== false) this.#jobs.delete(linked.id);
  }

  /** Sends pieces of a body while the worker has room for them. */
  async #upload(linked: Linked): Promise<void> {
    const { id, job: { request } } = linked, { body, trailers } = request;
    if (!isSource(body) || linked.uploading) return;
    linked.uploading = true;
    try {
      while (linked.room > 0) {
        linked.room--;
        const bytes = await body.read();
        if (this.#ended || linked.returned) return;
        if (bytes === undefined) {
          const fields = await trailers?.() ?? [];
          if (!this.#ended) this.#post({ t: "end", id, trailers: fields });
          return; // uploading for ever: there is nothing more
        }
        this.#post({ t: "piece", id, bytes }, transferOf(bytes));
      }
      linked.uploading = false;
    } catch {
      if (!this.#ended) this.#post({ t: "broken", id });
    }
  }
}

/** An answer's body as its pieces arrive. */
class Received implements BodySource {
  readonly #line: { credit(): void; cancel(): void; over(): void };
  readonly #pieces: Uint8Array[] = [];
  #state: "open" | "ended" | "broken" = "open";
  #wake: (() => void) | undefined;
  trailers: HeaderList = [];

  constructor(line: { credit(): void; cancel(): void; over(): void }) {
    this.#line = line;
  }

  /** Whether nothing more comes. */
  get over(): boolean {
    return this.#state !== "open";
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.#pieces.length === 0 && this.#state === "open") {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const piece = this.#pieces.shift();
    if (piece === undefined && this.#state === "broken") throw new Error("The guest did not end its answer");
    if (piece !== undefined && this.#state === "open") this.#line.credit();
    return piece;
  }

  cancel(): void {
    if (this.#state !== "open") return;
    this.#line.cancel();
    this.#end("ended");
  }

  piece(bytes: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#pieces.push(bytes);
    this.#wake?.();
  }

  end(trailers: HeaderList): void {
    this.trailers = trailers;
    this.#end("ended");
  }

  fail(): void {
    this.#end("broken");
  }

  #end(state: "ended" | "broken"): void {
    if (this.#state !== "open") return;
    this.#state = state;
    this.#wake?.();
    this.#line.over();
  }
}
