/** What the test origin remembers of requests, by the `id` that they carry. */

/** What the origin saw of the requests that carried one `id`. */
export interface Sighting {
  /** The head arrived. */
  started: boolean;
  /** The connection is closed. */
  gone: boolean;
  /** Bytes of request body received. */
  received: number;
  /** Bytes of response body that the operating system took. */
  pushed: number;
  /** The request body arrived whole. */
  whole: boolean;
}

/** All sightings of an origin. */
export class Sightings {
  readonly #sightings = new Map<string, Sighting>();

  /** That of an `id`, made at first sight. */
  of(id: string): Sighting {
    let found = this.#sightings.get(id);
    if (found === undefined) {
      found = { started: false, gone: false, received: 0, pushed: 0, whole: false };
      this.#sightings.set(id, found);
    }
    return found;
  }
}
