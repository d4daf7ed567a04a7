/** `wasi:keyvalue/store.bucket`: a bucket that a guest has opened, whatever stores it. */
import { Resource } from "../abi/handles.ts";
import { WitError } from "../abi/lower.ts";

/** A value of `wasi:keyvalue/store.error`. */
export type KeyValueError =
  | { readonly tag: "no-such-store" }
  | { readonly tag: "access-denied" }
  | { readonly tag: "other"; readonly val: string };

/** What is behind a bucket. Whatever it throws as {@linkcode WitError} is the guest's. */
export interface KeyValueStore {
  /** The value; `undefined` for none. */
  get(key: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Writes the value. */
  set(key: string, value: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Deletes the value, if there is one. */
  delete(key: string, signal: AbortSignal): Promise<void>;
  /** Whether there is a value. */
  exists(key: string, signal: AbortSignal): Promise<boolean>;
  /** All keys, in any order. */
  keys(signal: AbortSignal): AsyncIterator<string>;
  /** Adds to the number that is written there in decimal digits, 0 for none; no other writer comes in between. */
  increment(key: string, delta: bigint, signal: AbortSignal): Promise<bigint>;
}

/** `key-response` */
export interface KeyResponse {
  readonly keys: readonly string[];
  readonly cursor: bigint | undefined;
}

/** Keys in an answer of `list-keys`. */
const PAGE = 1000;
/** Listings under way at once in a bucket; the oldest is given up for one more. */
const MOST_LISTINGS = 16;

/** A listing between two pages. */
interface Listing {
  readonly keys: AsyncIterator<string>;
  /** The key that showed that there is another page. */
  readonly next: string;
}

/** See the file's head. */
export class Bucket extends Resource {
  /** What is behind it. */
  readonly store: KeyValueStore;
  readonly #listings = new Map<bigint, Listing>();
  readonly #closed = new AbortController();
  #cursor = 0n;

  /** Of that store. */
  constructor(store: KeyValueStore) {
    super();
    this.store = store;
  }

  /** `list-keys`. A cursor is good for one page, in the bucket that gave it. */
  async listKeys(cursor: bigint | undefined): Promise<KeyResponse> {
    const keys: string[] = [];
    let listing: AsyncIterator<string>;
    if (cursor === undefined) listing = this.store.keys(this.#closed.signal);
    else {
      const resumed = this.#listings.get(cursor);
      if (resumed === undefined) throw other(`The cursor ${cursor} is not one of this bucket`);
      this.#listings.delete(cursor);
      keys.push(resumed.next);
      listing = resumed.keys;
    }
    for (;;) {
      const { done, value } = await listing.next();
      if (done) return { keys, cursor: undefined };
      if (keys.length === PAGE) return { keys, cursor: this.#keep({ keys: listing, next: value }) };
      keys.push(value);
    }
  }

  override drop(): void {
    this.#closed.abort(new DOMException("The bucket was dropped", "AbortError"));
    for (const { keys } of this.#listings.values()) giveUp(keys);
    this.#listings.clear();
  }

  #keep(listing: Listing): bigint {
    const cursor = ++this.#cursor;
    this.#listings.set(cursor, listing);
    if (this.#listings.size > MOST_LISTINGS) {
      const [oldest, { keys }] = this.#listings.entries().next().value!;
      this.#listings.delete(oldest);
      giveUp(keys);
    }
    return cursor;
  }
}

function giveUp(keys: AsyncIterator<string>): void {
  void Promise.resolve(keys.return?.()).catch(() => {});
}

/** An error that has no case of its own. */
export function other(message: string): WitError {
  return new WitError({ tag: "other", val: message } satisfies KeyValueError);
}

const LARGEST = (1n << 64n) - 1n;
const NUMBER = /^[0-9]{1,20}$/;

/** The value `delta` further, as {@linkcode KeyValueStore.increment} has it. */
export function incremented(key: string, value: Uint8Array | undefined, delta: bigint): bigint {
  const text = value === undefined ? "0" : new TextDecoder().decode(value);
  const sum = NUMBER.test(text) ? BigInt(text) + delta : -1n;
  if (sum < 0n) throw other(`The value of "${key}" is not a number`);
  if (sum > LARGEST) throw other(`The value of "${key}" would be more than 64 bits hold`);
  return sum;
}

/** A number as it is written. */
export function digits(value: bigint): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(String(value));
}
