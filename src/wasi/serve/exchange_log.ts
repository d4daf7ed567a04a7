/** The access-log entry of one exchange: counted while it runs, reported once at its end. */
import type { Link } from "../linked.ts";
import type { BodySource, ServedRequest } from "./exchange.ts";
import type { AccessEntry } from "./options.ts";

/** Tells of an exchange's end; see {@linkcode AccessEntry}. */
export class ExchangeLog {
  /** Its place among those whose end has not been told. */
  place: Link<() => void> | undefined;
  readonly #id: string;
  readonly #request: ServedRequest;
  readonly #remote: string | undefined;
  readonly #started = performance.now();
  readonly #ended: (log: ExchangeLog) => void;
  #status = 0;
  #received = 0;
  #sent = 0;
  #over = false;
  #complete = false;

  /** `ended` is called once. */
  constructor(
    id: string,
    request: ServedRequest,
    remote: string | undefined,
    ended: (log: ExchangeLog) => void,
  ) {
    this.#id = id;
    this.#request = request;
    this.#remote = remote;
    this.#ended = ended;
  }

  /** Whether its end has been told. */
  get over(): boolean {
    return this.#over;
  }

  /** The head has gone out. */
  head(status: number): void {
    this.#status = status;
  }

  /** Bytes of the answer have gone out. */
  sent(bytes: number): void {
    this.#sent += bytes;
  }

  /** All has gone out, or (`complete` false) nothing more will. */
  end(complete: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#complete = complete;
    this.#ended(this);
  }

  /** Bytes of the request's body that the guest took. */
  get bytesReceived(): number {
    return this.#received;
  }

  /** Bytes of the answer's body. */
  get bytesSent(): number {
    return this.#sent;
  }

  /** What it has come to, at its end. */
  entry(): AccessEntry {
    const { method, authority, path } = this.#request;
    const query = path.indexOf("?");
    const duration = performance.now() - this.#started;
    return {
      id: this.#id,
      time: new Date(Date.now() - duration),
      method,
      authority: authority.slice(authority.lastIndexOf("@") + 1), // user information is secret
      path: query < 0 ? path : path.slice(0, query),
      ...(this.#remote !== undefined && { remote: this.#remote }),
      status: this.#status,
      bytesReceived: this.#received,
      bytesSent: this.#sent,
      duration,
      complete: this.#complete,
    };
  }

  /** The request's body, counted. */
  counting(body: BodySource): BodySource {
    return {
      read: async () => {
        const piece = await body.read();
        this.#received += piece?.length ?? 0;
        return piece;
      },
      cancel: () => body.cancel(),
    };
  }

  /** Counts a body that came whole. */
  received(bytes: number): void {
    this.#received += bytes;
  }
}
