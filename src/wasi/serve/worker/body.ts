/**
 * A body that crosses to another thread in pieces. Its first ones come unasked, each further one when one has been
 * taken: so the pipe is never empty while both ends are quick, and neither thread keeps more than a few pieces.
 */
import type { HeaderList } from "../../../http/headers.ts";
import type { BodySource } from "../exchange.ts";
import { type BodyMessage, transferOf, type WantMessage } from "./protocol.ts";

/** Pieces that may be on their way, or waiting at the other end, without having been asked for. */
const AHEAD = 2;

/** What a {@linkcode BodySender} is given. */
export interface BodyToSend {
  /** The body. */
  readonly body: BodySource;
  /** The trailers; called when the body has ended. */
  readonly trailers: () => HeaderList | Promise<HeaderList>;
  /** Sends a message to the other thread. */
  readonly send: (message: BodyMessage, transfer?: Transferable[]) => void;
  /** Called when nothing more is sent. */
  readonly over?: () => void;
}

/** The end that has the body and sends it. It begins when {@linkcode BodySender.proceed} is first called. */
export class BodySender {
  readonly #id: number;
  readonly #given: BodyToSend;
  #room = AHEAD;
  #begun = false;
  #sending = false;
  #over = false;

  /** For the body of the job with this id. */
  constructor(id: number, given: BodyToSend) {
    this.#id = id;
    this.#given = given;
  }

  /** Whether anything has been asked of the body: it cannot be read again. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Whether nothing more is sent. */
  get over(): boolean {
    return this.#over;
  }

  /** There is room for so many more pieces at the other end: sends as many as there is room for. */
  proceed(pieces: number): void {
    this.#room += pieces;
    if (!this.#sending && !this.#over) void this.#pump();
  }

  /** Hears a message from the other end. */
  told(message: WantMessage): void {
    if (message.t === "more") return this.proceed(message.pieces);
    this.stop();
    this.#given.body.cancel();
  }

  /** Sends nothing more. The body is left as it is. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#given.over?.();
  }

  async #pump(): Promise<void> {
    const { body, trailers, send } = this.#given;
    const id = this.#id;
    this.#begun = true;
    this.#sending = true;
    const last = (message: BodyMessage) => {
      if (this.#over) return;
      send(message);
      this.stop();
    };
    try {
      while (this.#room > 0 && !this.#over) {
        this.#room--;
        const bytes = await body.read();
        if (bytes === undefined) last({ t: "end", id, trailers: await trailers() });
        else if (!this.#over) send({ t: "piece", id, bytes }, transferOf(bytes));
      }
    } catch {
      last({ t: "broken", id });
    }
    this.#sending = false;
  }
}

/** What a {@linkcode BodyReceiver} is given. */
export interface BodyLine {
  /** Sends a message to the other thread. */
  readonly send: (message: WantMessage) => void;
  /** The message of the error that readers get where the rest will never come. */
  readonly broken: string;
  /** Whether the first pieces must be asked for too. Not by default. */
  readonly waits?: boolean;
  /** Called when nothing more comes. */
  readonly over?: () => void;
}

/** The end that receives the body, for whoever reads it. */
export class BodyReceiver implements BodySource {
  readonly #id: number;
  readonly #line: BodyLine;
  readonly #pieces: Uint8Array[] = [];
  #asked: boolean;
  #state: "open" | "ended" | "broken" = "open";
  #wake: (() => void) | undefined;
  #trailers: HeaderList = [];

  /** For the body of the job with this id. */
  constructor(id: number, line: BodyLine) {
    this.#id = id;
    this.#line = line;
    this.#asked = !line.waits;
  }

  /** Whether nothing more comes. */
  get over(): boolean {
    return this.#state !== "open";
  }

  /** The trailers, which come with the body's end. */
  get trailers(): HeaderList {
    return this.#trailers;
  }

  async read(): Promise<Uint8Array | undefined> {
    if (!this.#asked) {
      this.#asked = true;
      this.#line.send({ t: "more", id: this.#id, pieces: 0 });
    }
    while (this.#pieces.length === 0 && this.#state === "open") {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const piece = this.#pieces.shift();
    if (piece === undefined && this.#state === "broken") throw new Error(this.#line.broken);
    if (piece !== undefined && this.#state === "open") {
      this.#line.send({ t: "more", id: this.#id, pieces: 1 });
    }
    return piece;
  }

  cancel(): void {
    this.#giveUp();
    this.#pieces.length = 0;
    this.#end("ended");
  }

  /** Gives the rest up, and lets its reader know that it will never come. */
  abandon(): void {
    this.#giveUp();
    this.#end("broken");
  }

  /** Hears a message from the other end. */
  told(message: BodyMessage): void {
    if (this.#state !== "open") return;
    if (message.t === "broken") return this.fail();
    if (message.t === "end") {
      this.#trailers = message.trailers;
      return this.#end("ended");
    }
    this.#pieces.push(message.bytes);
    this.#wake?.();
  }

  /** The rest will never come. */
  fail(): void {
    this.#end("broken");
  }

  #giveUp(): void {
    if (this.#state === "open") this.#line.send({ t: "cancel", id: this.#id });
  }

  #end(state: "ended" | "broken"): void {
    if (this.#state !== "open") return;
    this.#state = state;
    this.#wake?.();
    this.#line.over?.();
  }
}
