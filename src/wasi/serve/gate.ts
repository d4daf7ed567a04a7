/** Bounds on the outgoing requests of guests that serve: of each request served, and of the server. */
import { HttpError } from "../../http/error.ts";
import type { RequestGate } from "../http/access.ts";
import type { Job } from "./job.ts";

/** What all instances of a server count together. */
export class OutgoingCount {
  readonly #limit: number;
  #underWay = 0;
  #refused = 0;

  /** At most `limit` at once. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many were refused. */
  get refused(): number {
    return this.#refused;
  }

  /** Whether one more may be under way. */
  get available(): boolean {
    return this.#underWay < this.#limit;
  }

  /** Counts one; returns what ends that. */
  acquire(): () => void {
    this.#underWay++;
    return () => void this.#underWay--;
  }

  /** Notes a refusal. */
  refuse(): void {
    this.#refused++;
  }
}

/** The gate of one instance. It counts anew for each request served. */
export class InstanceGate implements RequestGate {
  readonly #server: OutgoingCount;
  readonly #limit: number;
  #made = 0;
  #abort: AbortController | undefined;
  #job: Job | undefined;

  /** At most `limit` for each request served. */
  constructor(server: OutgoingCount, limit: number) {
    this.#server = server;
    this.#limit = limit;
  }

  get available(): boolean {
    if (this.#made < this.#limit && this.#server.available) return true;
    this.#server.refuse();
    return false;
  }

  acquire(): () => void {
    this.#made++;
    return this.#server.acquire();
  }

  get signal(): AbortSignal | undefined {
    const job = this.#job;
    if (job === undefined) return undefined;
    if (this.#abort === undefined) {
      const controller = this.#abort = new AbortController();
      job.onGone(() =>
        controller.abort(
          new HttpError("interrupted", "The client for whom the request was made went away", {
            detail: { tag: "connection-terminated" },
          }),
        )
      );
    }
    return this.#abort.signal;
  }

  /** A request is served from now on. */
  begin(job: Job): void {
    this.#job = job;
    this.#made = 0;
    this.#abort = undefined;
  }
}
