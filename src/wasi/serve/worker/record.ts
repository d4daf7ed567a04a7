/** Jobs and answers as records, for {@linkcode RingWriter}: those that are whole and small, which most are. */
import type { HeaderEntry, HeaderList } from "../../../http/headers.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

type JobMessage = Extract<ToWorker, { t: "job" }>;
type AnswerMessage = Extract<FromWorker, { t: "answer" }>;

/** Bytes of a body that is copied; larger ones are sent as messages, which move them. */
const MOST_BODY = 16 * 1024;
/** Bytes of a record. */
const MOST = 48 * 1024;
/** Texts are read from character codes so many at a time: as many as a call takes as arguments. */
const STEP = 4096;

/** Writes into memory of its own, over and over. */
class RecordWriter {
  readonly #bytes = new Uint8Array(MOST);
  readonly #view = new DataView(this.#bytes.buffer);
  #at = 0;
  #fits = true;

  begin(): void {
    this.#at = 0;
    this.#fits = true;
  }

  /** The record; `undefined` where it cannot be one. */
  get record(): Uint8Array | undefined {
    return this.#fits ? this.#bytes.subarray(0, this.#at) : undefined;
  }

  number(value: number): void {
    if (this.#room(4)) {
      this.#view.setInt32(this.#at, value, true);
      this.#at += 4;
    }
  }

  text(value: string): void {
    this.number(value.length);
    if (!this.#room(value.length)) return;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      // Header values are bytes; a text that is not has come from somebody's options.
      if (code > 0xff) this.#fits = false;
      this.#bytes[this.#at++] = code;
    }
  }

  headers(list: HeaderList): void {
    this.number(list.length);
    for (const [name, value] of list) {
      this.text(name);
      this.text(value);
    }
  }

  /** No body is something else than an empty one. */
  body(body: Uint8Array | undefined): void {
    this.number(body === undefined ? -1 : body.length);
    if (body === undefined || !this.#room(body.length)) return;
    this.#bytes.set(body, this.#at);
    this.#at += body.length;
  }

  #room(size: number): boolean {
    return this.#fits &&= this.#at + size <= MOST;
  }
}

class RecordReader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  number(): number {
    const value = this.#view.getInt32(this.#at, true);
    this.#at += 4;
    return value;
  }

  text(): string {
    const length = this.number();
    const end = this.#at + length;
    let text = "";
    while (this.#at < end) {
      const next = Math.min(end, this.#at + STEP);
      text += String.fromCharCode.apply(null, this.#bytes.subarray(this.#at, next) as unknown as number[]);
      this.#at = next;
    }
    return text;
  }

  headers(): HeaderList {
    const count = this.number();
    const list = new Array<HeaderEntry>(count);
    for (let i = 0; i < count; i++) list[i] = [this.text(), this.text()];
    return list;
  }

  body(): Uint8Array<ArrayBuffer> | undefined {
    const length = this.number();
    if (length < 0) return undefined;
    return this.#bytes.slice(this.#at, this.#at += length);
  }
}

const writer = new RecordWriter();
const isSmall = (body: JobMessage["body"]): body is Uint8Array | undefined =>
  body === undefined || (body !== "stream" && body.length <= MOST_BODY);

/** A job as a record, good until the next one is made; `undefined` where it must be a message. */
export function jobRecord(job: JobMessage): Uint8Array | undefined {
  if (!isSmall(job.body)) return undefined;
  writer.begin();
  writer.number(job.id);
  writer.number(job.place);
  writer.number(job.scheme === "https" ? 1 : 0);
  writer.text(job.name);
  writer.text(job.method);
  writer.text(job.authority);
  writer.text(job.path);
  writer.headers(job.headers);
  writer.body(job.body);
  return writer.record;
}

/** The job of a record. */
export function jobOf(record: Uint8Array<ArrayBuffer>): JobMessage {
  const reader = new RecordReader(record);
  return {
    t: "job",
    id: reader.number(),
    place: reader.number(),
    scheme: reader.number() === 1 ? "https" : "http",
    name: reader.text(),
    method: reader.text(),
    authority: reader.text(),
    path: reader.text(),
    headers: reader.headers(),
    body: reader.body(),
  };
}

/** An answer, or a job's end. */
export type Said = AnswerMessage | { readonly t: "returned"; readonly id: number };

/** An answer as a record, like {@linkcode jobRecord}. */
export function answerRecord(answer: AnswerMessage): Uint8Array | undefined {
  if (!isSmall(answer.body)) return undefined;
  writer.begin();
  writer.number(answer.id);
  writer.number(answer.status);
  writer.headers(answer.headers);
  writer.body(answer.body);
  writer.headers(answer.trailers);
  return writer.record;
}

/** A job's end as a record. Statuses are positive. */
export function returnedRecord(id: number): Uint8Array | undefined {
  writer.begin();
  writer.number(id);
  writer.number(0);
  return writer.record;
}

/** What a record of a worker's says. */
export function saidIn(record: Uint8Array<ArrayBuffer>): Said {
  const reader = new RecordReader(record);
  const id = reader.number(), status = reader.number();
  if (status === 0) return { t: "returned", id };
  return {
    t: "answer",
    id,
    status,
    headers: reader.headers(),
    body: reader.body(),
    trailers: reader.headers(),
  };
}
