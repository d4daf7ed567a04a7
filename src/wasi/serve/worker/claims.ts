/**
 * Who has a job that waits in a worker. That is decided in memory that threads share, at once and by whoever comes
 * first: the worker that starts it, or the thread that serves, which moves it to another worker.
 */

/** In a cell: the job is somebody's. Ids of jobs are positive. */
const TAKEN = -1;
/** In a cell: the guest has been called with it. */
const BEGUN = -2;

/** Memory for so many places: a cell for each, then one for each that tells when its guest was called. */
export function sharedClaims(places: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(2 * 4 * places));
}

/** Jobs by the place in which they wait. */
export class Claims {
  readonly #cells: Int32Array;

  /** On the memory of {@linkcode sharedClaims}. */
  constructor(cells: Int32Array) {
    this.#cells = cells;
  }

  /** A job waits there from now on. */
  offer(place: number, id: number): void {
    Atomics.store(this.#cells, place, id);
  }

  /** Takes the job that waits there; false where somebody has it already. */
  take(place: number, id: number): boolean {
    return Atomics.compareExchange(this.#cells, place, id, TAKEN) === id;
  }

  /** Its guest is called: its time runs from now on. */
  begin(place: number): void {
    const cells = this.#cells;
    // The lower bits are enough to tell how long ago it was.
    Atomics.store(cells, cells.length / 2 + place, Date.now() | 0);
    Atomics.store(cells, place, BEGUN);
  }

  /** Whether nobody has taken it. */
  waits(place: number, id: number): boolean {
    return Atomics.load(this.#cells, place) === id;
  }

  /** Whether somebody has the job that is there. */
  taken(place: number): boolean {
    return Atomics.load(this.#cells, place) < 0;
  }

  /** Milliseconds since its guest was called; `undefined` where that has not happened. */
  running(place: number): number | undefined {
    const cells = this.#cells;
    if (Atomics.load(cells, place) !== BEGUN) return undefined;
    return (Date.now() | 0) - Atomics.load(cells, cells.length / 2 + place) | 0;
  }
}
