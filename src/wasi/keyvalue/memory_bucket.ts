/** A bucket in memory, which begins with given values and ends with its instance. */
import { digits, incremented, type KeyValueStore, other } from "./bucket.ts";

/** What an entry costs besides its bytes. */
const OVERHEAD = 64;

/** See the file's head. */
export class MemoryBucket implements KeyValueStore {
  readonly #values = new Map<string, Uint8Array>();
  readonly #limit: number;
  #size = 0;

  /** At most `limit` bytes of keys and values, 64 more an entry; those given count too. */
  constructor(values: Readonly<Record<string, string | Uint8Array>>, limit: number) {
    this.#limit = limit;
    const encoder = new TextEncoder();
    for (const [key, value] of Object.entries(values)) {
      this.#write(key, typeof value === "string" ? encoder.encode(value) : value.slice());
    }
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#values.get(key));
  }

  set(key: string, value: Uint8Array): Promise<void> {
    const grown = this.#size - this.#sizeOf(key) + sizeOf(key, value);
    if (grown > this.#limit) {
      return Promise.reject(other(`The bucket is full: it holds ${this.#limit} bytes`));
    }
    this.#write(key, value);
    return Promise.resolve();
  }

  delete(key: string): Promise<void> {
    this.#size -= this.#sizeOf(key);
    this.#values.delete(key);
    return Promise.resolve();
  }

  exists(key: string): Promise<boolean> {
    return Promise.resolve(this.#values.has(key));
  }

  async *keys(): AsyncGenerator<string, undefined> {
    yield* [...this.#values.keys()];
  }

  async increment(key: string, delta: bigint): Promise<bigint> {
    const value = incremented(key, this.#values.get(key), delta);
    await this.set(key, digits(value));
    return value;
  }

  #write(key: string, value: Uint8Array): void {
    this.#size += sizeOf(key, value) - this.#sizeOf(key);
    this.#values.set(key, value);
  }

  #sizeOf(key: string): number {
    const value = this.#values.get(key);
    return value === undefined ? 0 : sizeOf(key, value);
  }
}

function sizeOf(key: string, value: Uint8Array): number {
  return OVERHEAD + key.length + value.length;
}
