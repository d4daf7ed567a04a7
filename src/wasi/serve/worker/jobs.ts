/** The jobs of a worker, seen from inside: requests come as messages, answers go as messages. */
import type { HeaderList } from "../../../http/headers.ts";
import { isSource, type ServedResponse } from "../exchange.ts";
import { type Backend, Job } from "../job.ts";
import { nextTurn } from "../../turn.ts";
import { BodyReceiver, BodySender } from "./body.ts";
import { Claims } from "./claims.ts";
import { failureRecord } from "./error_record.ts";
import { expects, type SentBody, tellStats, type ToWorker, transferOf } from "./protocol.ts";
import { answerRecord, jobOf, returnedRecord } from "./record.ts";
import { type RingPair, RingReader, RingWriter } from "./ring.ts";
import type { Send } from "./line.ts";

type JobMessage = Extract<ToWorker, { t: "job" }>;

/** A job here. */
interface Held {
  readonly job: Job;
  readonly upload: BodyReceiver | undefined;
  download: BodySender | undefined;
  /** Whether something of it went as a message: then what follows must too. */
  posted: boolean;
  returned: boolean;
}

/** A job that has not begun. */
interface Waiting {
  readonly job: JobMessage;
  /** What has come for it meanwhile: the first pieces of its body are not asked for. */
  readonly early: ToWorker[];
}

/** How long jobs may follow on each other before the event loop turns, in milliseconds. */
const SLICE = 1;

/** See the file's head. */
export class WorkerJobs {
  readonly #send: Send;
  readonly #claims: Claims | undefined;
  readonly #rings: RingPair | undefined;
  readonly #pool: Backend;
  readonly #waiting: Waiting[] = [];
  readonly #held = new Map<number, Held>();
  /** When the event loop last turned. */
  #turned = performance.now();
  #turning = false;

  /** What is shared with the other side; see {@linkcode ToWorker}. */
  constructor(
    send: Send,
    { claims, rings }: Pick<Extract<ToWorker, { t: "serve" }>, "claims" | "rings">,
    pool: (freed: () => void) => Backend,
  ) {
    this.#send = send;
    this.#claims = claims && new Claims(claims);
    this.#rings = rings && {
      writer: new RingWriter(rings.fromWorker),
      reader: new RingReader(rings.toWorker),
    };
    this.#pool = pool(() => this.#next());
  }

  /** The event loop has turned, and there may be jobs in the ring. */
  look(): void {
    this.#turned = performance.now();
    this.#next();
  }

  /** A message for the jobs. */
  tell(message: ToWorker): void {
    if (message.t === "job") {
      this.#waiting.push({ job: message, early: [] });
      return this.#next();
    }
    if (!("id" in message)) return;
    const held = this.#held.get(message.id);
    if (held === undefined) {
      this.#waiting.find(({ job }) => job.id === message.id)?.early.push(message);
      return;
    }
    switch (message.t) {
      case "piece":
      case "end":
      case "broken":
        return held.upload?.told(message);
      case "more":
      case "cancel":
        return held.download?.told(message);
      case "gone":
        return held.job.clientGone();
    }
  }

  /** Starts what may be started. */
  #next(): void {
    // None is started now, but messages about jobs find them only among those that wait here.
    if (this.#turning) return this.#take();
    do {
      this.#take();
      while (this.#waiting.length > 0 && this.#pool.available) {
        const { job, early } = this.#waiting.shift()!;
        // Whoever takes the place first has the job: this worker, or another one to which it is moved.
        if (this.#claims?.take(job.place, job.id) === false) continue;
        this.#start(job);
        for (const message of early) this.tell(message);
        if (performance.now() - this.#turned < SLICE) continue;
        // Timers and messages wait for the loop to turn, which it does not while one job follows on another.
        this.#turning = true;
        nextTurn(() => {
          this.#turning = false;
          this.look();
        });
        return;
      }
      // Whoever can start nothing more need not be woken: it looks when something has returned.
    } while (this.#pool.available && this.#rings?.reader.sleep() === false);
  }

  /** Takes what is in the ring. */
  #take(): void {
    const reader = this.#rings?.reader;
    for (let record = reader?.take(); record !== undefined; record = reader?.take()) {
      this.#waiting.push({ job: jobOf(record), early: [] });
    }
  }

  #start(message: JobMessage): void {
    // The next guest may never let go of the thread: what the last one said must be out.
    this.#send.flush();
    const { id, name, method, scheme, authority, path, headers, body } = message;
    const upload = body !== "stream" ? undefined : new BodyReceiver(id, {
      send: this.#send,
      broken: "The request was cut off",
      waits: expects(headers),
    });
    const request = {
      method,
      scheme,
      authority,
      path,
      headers,
      body: upload ?? (body as Uint8Array | undefined),
      trailers: () => upload?.trailers ?? [],
    };
    const job = new Job(name, request, {
      begun: () => this.#claims?.begin(message.place),
      answered: (response) => this.#answer(id, held, response),
      failed: (failure) => {
        held.posted = true;
        this.#send({ t: "failed", id, failure: failureRecord(failure) });
      },
      returned: () => {
        held.returned = true;
        const stats = this.#pool.stats();
        if (this.#rings !== undefined) tellStats(this.#rings.writer.cells, stats);
        if (held.posted || !this.#write(returnedRecord(id))) this.#send({ t: "returned", id, stats });
        this.#forget(id, held);
      },
    });
    const held: Held = { job, upload, download: undefined, posted: upload !== undefined, returned: false };
    this.#held.set(id, held);
    this.#pool.start(job);
  }

  #answer(id: number, held: Held, response: ServedResponse): void {
    const { status, headers, body } = response;
    let sent: SentBody;
    let trailers: HeaderList = [];
    if (isSource(body)) {
      sent = "stream";
      held.download = new BodySender(id, {
        body,
        trailers: response.trailers,
        send: this.#send,
        over: () => this.#forget(id, held),
      });
      held.download.proceed(0);
    } else {
      sent = body;
      trailers = response.trailers();
    }
    const answer = { t: "answer" as const, id, status, headers, body: sent, trailers };
    if (!held.posted && this.#write(answerRecord(answer))) return;
    held.posted = true;
    this.#send(answer, transferOf(sent));
  }

  #write(record: Uint8Array | undefined): boolean {
    const writer = this.#rings?.writer;
    if (record === undefined || writer === undefined || !writer.put(record)) return false;
    this.#send.wake(() => writer.mustWake());
    return true;
  }

  #forget(id: number, held: Held): void {
    if (held.returned && held.download?.over !== false) this.#held.delete(id);
  }
}
