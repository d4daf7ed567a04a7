/** Many deadlines on one timer: a request re-arms its deadline several times, and setting a timer each time is dear. */

/** Something that must happen before a moment. */
export interface Timed {
  /** When it expires, on the clock of `performance.now()`; `Infinity` for never. */
  due: number;
  /** Called once `due` has passed. May remove itself or move `due`. */
  expire(now: number): void;
}

/** `setTimeout` fires at once above this. */
const MAX_TIMER = 2 ** 31 - 1;

/** Watches deadlines. Holds a timer only while something with a finite deadline is watched. */
export class Deadlines {
  readonly #watched = new Set<Timed>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #armedFor = Infinity;

  /** Starts watching. */
  watch(timed: Timed): void {
    this.#watched.add(timed);
    this.moved(timed);
  }

  /** Stops watching; the timer goes with the last one. */
  unwatch(timed: Timed): void {
    if (this.#watched.delete(timed) && this.#watched.size === 0) this.#disarm();
  }

  /**
   * To be called when `due` may have come nearer. A deadline that moved away needs no call: the timer then fires
   * early once and is set again.
   */
  moved(timed: Timed): void {
    if (timed.due < this.#armedFor) this.#arm(timed.due, performance.now());
  }

  #arm(due: number, now: number): void {
    this.#disarm();
    this.#armedFor = due;
    // Rounded up: a timer that fires a fraction early would find nothing expired and be set for 0 ms.
    const wait = Math.min(Math.max(Math.ceil(due - now), 1), MAX_TIMER);
    this.#timer = setTimeout(() => this.#fire(), wait);
  }

  #disarm(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#armedFor = Infinity;
  }

  #fire(): void {
    this.#disarm();
    const now = performance.now();
    for (const timed of [...this.#watched]) {
      if (timed.due <= now) timed.expire(now);
    }
    let next = Infinity;
    for (const timed of this.#watched) next = Math.min(next, timed.due);
    if (next !== Infinity && next < this.#armedFor) this.#arm(next, now);
  }
}

/** A timeout option as a duration to add: 0, `Infinity` and nothing mean never. */
export function duration(milliseconds: number | undefined): number {
  return milliseconds === undefined || !(milliseconds > 0) ? Infinity : milliseconds;
}
