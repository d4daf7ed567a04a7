/** The jobs of a worker, seen from inside: requests come as messages, answers go as messages. */
import type { HeaderList } from "../../../http/headers.ts";
import { type BodySource, isSource, type ServedResponse } from "../exchange.ts";
import { recordOf } from "../failure.ts";
import { type Backend, Job } from "../job.ts";
import { nextTurn } from "../../turn.ts";
import {
  AHEAD,
  BEGUN,
  expects,
  type SentBody,
  TAKEN,
  tellStats,
  type ToWorker,
  transferOf,
} from "./protocol.ts";
import { answerRecord, jobOf, returnedRecord } from "./record.ts";
import { type RingPair, RingReader, RingWriter } from "./ring.ts";
import type { Send } from "./line.ts";

type JobMessage = Extract<ToWorker, { t: "job" }>;

/** A job here. */
interface Held {
  readonly job: Job;
  readonly upload: Upload | undefined;
  download: Download | undefined;
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
  readonly #claims: Int32Array | undefined;
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
    this.#claims = claims;
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
        return held.upload?.piece(message.bytes);
      case "end":
        return held.upload?.end(message.trailers);
      case "broken":
        return held.upload?.broken();
      case "credit":
        return held.download?.credit(message.pieces);
      case "cancel":
        held.download?.cancel();
        return this.#forget(message.id, held);
      case "gone":
        return held.job.clientGone();
    }
  }

  /** Starts what may be started. */
  #next(): void {
    if (this.#turning) return;
    do {
      this.#take();
      while (this.#waiting.length > 0 && this.#pool.available) {
        const { job, early } = this.#waiting.shift()!;
        // Whoever takes the place first has the job: this worker, or another one to which it is moved.
        if (this.#claims !== undefined && !takes(this.#claims, job)) continue;
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
    const upload = body === "stream" ? new Upload(id, this.#send, !expects(headers)) : undefined;
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
      begun: () => this.#begun(message.place),
      answered: (response) => this.#answer(id, held, response),
      failed: (failure) => {
        held.posted = true;
        this.#send({ t: "failed", id, failure: recordOf(failure) });
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

  /** Its time runs from now on. */
  #begun(place: number): void {
    const claims = this.#claims;
    if (claims === undefined) return;
    Atomics.store(claims, claims.length / 2 + place, Date.now() | 0);
    Atomics.store(claims, place, BEGUN);
  }

  #answer(id: number, held: Held, response: ServedResponse): void {
    const { status, headers, body } = response;
    let sent: SentBody;
    let trailers: HeaderList = [];
    if (isSource(body)) {
      sent = "stream";
      held.download = new Download(id, this.#send, body, response, () => this.#forget(id, held));
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

function takes(claims: Int32Array, { place, id }: JobMessage): boolean {
  return Atomics.compareExchange(claims, place, id, TAKEN) === id;
}

/** A request's body: its first pieces come unasked, each further one when one has been taken. */
class Upload implements BodySource {
  readonly #id: number;
  readonly #send: Send;
  readonly #pieces: Uint8Array[] = [];
  /** Whether the first pieces come without being asked for. */
  #asked: boolean;
  #state: "open" | "ended" | "broken" | "cancelled" = "open";
  #wake: (() => void) | undefined;
  trailers: HeaderList = [];

  constructor(id: number, send: Send, asked: boolean) {
    this.#id = id;
    this.#send = send;
    this.#asked = asked;
  }

  async read(): Promise<Uint8Array | undefined> {
    if (!this.#asked) {
      this.#asked = true;
      this.#send({ t: "pull", id: this.#id, pieces: 0 });
    }
    while (this.#pieces.length === 0 && this.#state === "open") {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const piece = this.#pieces.shift();
    if (piece === undefined && this.#state === "broken") throw new Error("The request was cut off");
    if (piece !== undefined && this.#state === "open") this.#send({ t: "pull", id: this.#id, pieces: 1 });
    return piece;
  }

  cancel(): void {
    if (this.#state === "open") this.#send({ t: "stop", id: this.#id });
    this.#state = "cancelled";
    this.#pieces.length = 0;
    this.#wake?.();
  }

  piece(bytes: Uint8Array): void {
    if (this.#state === "open") this.#pieces.push(bytes);
    this.#wake?.();
  }

  end(trailers: HeaderList): void {
    this.trailers = trailers;
    if (this.#state === "open") this.#state = "ended";
    this.#wake?.();
  }

  broken(): void {
    if (this.#state === "open") this.#state = "broken";
    this.#wake?.();
  }
}

/** An answer's body, sent as far as the other side has room. */
class Download {
  readonly #id: number;
  readonly #send: Send;
  readonly #body: BodySource;
  readonly #response: ServedResponse;
  readonly #ended: () => void;
  #credit = AHEAD;
  #pumping = false;
  over = false;

  constructor(id: number, send: Send, body: BodySource, response: ServedResponse, ended: () => void) {
    this.#id = id;
    this.#send = send;
    this.#body = body;
    this.#response = response;
    this.#ended = ended;
    void this.#pump();
  }

  credit(pieces: number): void {
    this.#credit += pieces;
    if (!this.#pumping) void this.#pump();
  }

  cancel(): void {
    this.over = true;
    this.#body.cancel();
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      while (this.#credit > 0 && !this.over) {
        const bytes = await this.#body.read();
        if (this.over) break;
        if (bytes === undefined) {
          this.over = true;
          this.#send({ t: "end", id: this.#id, trailers: this.#response.trailers() });
          break;
        }
        this.#credit--;
        this.#send({ t: "piece", id: this.#id, bytes }, transferOf(bytes));
      }
    } catch {
      this.over = true;
      this.#send({ t: "broken", id: this.#id });
    }
    this.#pumping = false;
    if (this.over) this.#ended();
  }
}
