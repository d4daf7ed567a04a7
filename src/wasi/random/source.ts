/** Random bytes: the platform's, or a reproducible stream from a seed. */

/** Where random bytes come from. */
export interface RandomSource {
  /** Exactly `length` bytes. */
  bytes(length: number): Uint8Array;
  /** Eight of them. */
  u64(): bigint;
}

/** The most that `getRandomValues` gives at once. */
const QUOTA = 65_536;

class PlatformRandom implements RandomSource {
  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += QUOTA) crypto.getRandomValues(bytes.subarray(at, at + QUOTA));
    return bytes;
  }

  u64(): bigint {
    return crypto.getRandomValues(new BigUint64Array(1))[0]!;
  }
}

/** SplitMix64: passes statistical tests, is a function of its seed, and is not secret. */
class SeededRandom implements RandomSource {
  #state: bigint;

  constructor(seed: bigint) {
    this.#state = BigInt.asUintN(64, seed);
  }

  bytes(length: number): Uint8Array {
    const words = new BigUint64Array(Math.ceil(length / 8));
    for (let i = 0; i < words.length; i++) words[i] = this.u64();
    return new Uint8Array(words.buffer, 0, length);
  }

  u64(): bigint {
    this.#state = BigInt.asUintN(64, this.#state + 0x9e3779b97f4a7c15n);
    let z = this.#state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  }
}

/** The source of an instance. */
export function randomSource(seed?: bigint): RandomSource {
  return seed === undefined ? new PlatformRandom() : new SeededRandom(seed);
}
