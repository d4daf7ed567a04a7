/** Many deadlines on one timer: setting and clearing a timer for each request costs more than sending the request. */

/** `setTimeout` fires at once above this. */
const MAX_TIMER = 2 ** 31 - 1;

/**
 * The deadlines of one service. Holds a timer only while it holds a deadline.
 *
 * They are a list linked through the deadlines themselves, not a `Set`: a set that lives long grows tables that live
 * long, which keep what they once held alive past many a collection. Measured, that doubled the time spent collecting.
 */
export class DeadlineQueue {
  #first: Deadline | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #firesAt = Infinity;

  /** A deadline `ms` milliseconds from now (`Infinity`: none yet), of which `expired` is told once. */
  start(ms: number, expired: () => void): Deadline {
    const deadline = new Deadline(this, expired);
    const second = this.#first;
    deadline.next = second;
    if (second !== undefined) second.previous = deadline;
    this.#first = deadline;
    deadline.set(ms);
    return deadline;
  }

  /** Of {@linkcode Deadline}: makes sure that the timer fires by then. */
  arm(at: number, now: number): void {
    if (at >= this.#firesAt) return;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#firesAt = at;
    // Rounded up: a timer that fires a fraction early would find nothing due and have to be set again.
    this.#timer = setTimeout(() => this.#fire(), Math.min(Math.ceil(at - now), MAX_TIMER));
  }

  /** Of {@linkcode Deadline}: forgets it, and the timer with the last of them. */
  remove(deadline: Deadline): void {
    const { previous, next } = deadline;
    if (previous === undefined && this.#first !== deadline) return;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    deadline.previous = undefined;
    deadline.next = undefined;
    if (this.#first !== undefined || this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#firesAt = Infinity;
  }

  #fire(): void {
    this.#timer = undefined;
    this.#firesAt = Infinity;
    const now = performance.now();
    let next = Infinity;
    const due: Deadline[] = [];
    for (let deadline = this.#first; deadline !== undefined; deadline = deadline.next) {
      if (deadline.at <= now) due.push(deadline);
      else if (deadline.at < next) next = deadline.at;
    }
    // Most deadlines that the timer was set for are met or moved by the time it fires.
    if (next !== Infinity) this.arm(next, now);
    due.sort((a, b) => a.at - b.at);
    // One may have moved or ended another.
    for (const deadline of due) if (deadline.at <= now) deadline.expire();
  }
}

/** One deadline, which may be moved. */
export class Deadline {
  /** When it is due, on the clock of `performance.now()`; `Infinity` while it is paused. */
  at: number = Infinity;
  /** Of {@linkcode DeadlineQueue}: its neighbours there. */
  previous: Deadline | undefined;
  /** See {@linkcode Deadline.previous}. */
  next: Deadline | undefined;
  readonly #queue: DeadlineQueue;
  #expired: (() => void) | undefined;

  /** Made by {@linkcode DeadlineQueue.start}. */
  constructor(queue: DeadlineQueue, expired: () => void) {
    this.#queue = queue;
    this.#expired = expired;
  }

  /** Due `ms` milliseconds from now; `Infinity` pauses it. */
  set(ms: number): void {
    if (ms === Infinity || this.#expired === undefined) {
      this.at = Infinity;
      return;
    }
    const now = performance.now();
    this.at = now + ms;
    this.#queue.arm(this.at, now);
  }

  /** Nothing more is told, and nothing held. */
  stop(): void {
    if (this.#expired === undefined) return;
    this.#expired = undefined;
    this.at = Infinity;
    this.#queue.remove(this);
  }

  /** Of {@linkcode DeadlineQueue}. */
  expire(): void {
    const expired = this.#expired;
    this.stop();
    expired?.();
  }
}
