/**
 * A set for short-lived members of a long-lived set. A `Set` grows tables that live as long as it does, and a replaced
 * table keeps its former members alive until a full garbage collection: measured, most garbage of a request survived
 * several. Here a removed member leaves nothing behind.
 */
export class LinkedSet<T> {
  #first: Link<T> | undefined;
  #last: Link<T> | undefined;
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** Adds a value; `take` takes it out. */
  add(value: T): Link<T> {
    const link: Link<T> = { value, previous: this.#last, next: undefined, held: true };
    if (this.#last === undefined) this.#first = link;
    else this.#last.next = link;
    this.#last = link;
    this.#size++;
    return link;
  }

  /** The oldest. */
  get first(): Link<T> | undefined {
    return this.#first;
  }

  /** Takes out what `add` returned that for; false where it was out already. */
  take(link: Link<T>): boolean {
    if (!link.held) return false;
    const { previous, next } = link;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    link.previous = undefined;
    link.next = undefined;
    link.held = false;
    this.#size--;
    return true;
  }

  /** All values, the oldest first. */
  values(): T[] {
    const values: T[] = [];
    for (let link = this.#first; link !== undefined; link = link.next) values.push(link.value);
    return values;
  }

  /** Takes all out, and returns them. */
  drain(): T[] {
    const values = this.values();
    for (let link = this.#first; link !== undefined; link = this.#first) this.take(link);
    return values;
  }
}

/** A place in a {@linkcode LinkedSet}. */
export interface Link<T> {
  readonly value: T;
  /** Of the set. */
  previous: Link<T> | undefined;
  /** Of the set. */
  next: Link<T> | undefined;
  /** Of the set. */
  held: boolean;
}
