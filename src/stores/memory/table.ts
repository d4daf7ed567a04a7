/** The objects of a memory store, by key and in order. */
import { type Attributes, comparePaths, type ObjectMeta, type Path } from "../../store/mod.ts";

/** One object. Never changed: a write puts another in its place, so copies and snapshots can share it. */
export interface MemoryEntry {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly meta: ObjectMeta;
  readonly attributes: Attributes;
}

/** A map that can also be walked in the byte order of its keys. */
export class ObjectTable {
  #entries = new Map<Path, MemoryEntry>();
  /** All keys in order once `#sorted`; new ones are appended, which sorting then takes in nearly linear time. */
  #keys: Path[] = [];
  #sorted = true;

  get(key: Path): MemoryEntry | undefined {
    return this.#entries.get(key);
  }

  set(key: Path, entry: MemoryEntry): void {
    if (!this.#entries.has(key)) {
      this.#keys.push(key);
      this.#sorted = false;
    }
    this.#entries.set(key, entry);
  }

  delete(key: Path): void {
    if (!this.#entries.delete(key)) return;
    // Keys that are gone stay in the list until it is next sorted, or deleting many would take quadratic time.
    this.#sorted = false;
  }

  copy(): ObjectTable {
    const copy = new ObjectTable();
    copy.#entries = new Map(this.#entries);
    copy.#keys = [...this.#keys];
    copy.#sorted = this.#sorted;
    return copy;
  }

  /** The entries as they are now whose keys start with `prefix` and come after `after`, in order. */
  snapshot(prefix: string, after?: string): MemoryEntry[] {
    const keys = this.#sortedKeys();
    const found: MemoryEntry[] = [];
    const low = after !== undefined && comparePaths(after, prefix) >= 0
      ? lowerBound(keys, after)
      : lowerBound(keys, prefix);
    for (let i = low; i < keys.length; i++) {
      const key = keys[i]!;
      if (!key.startsWith(prefix)) break;
      if (key !== after) found.push(this.#entries.get(key)!);
    }
    return found;
  }

  #sortedKeys(): Path[] {
    if (this.#sorted) return this.#keys;
    const keys = this.#keys.filter((key) => this.#entries.has(key)).sort(comparePaths);
    // A key that was deleted and written again stands there twice.
    this.#keys = keys.filter((key, index) => key !== keys[index - 1]);
    this.#sorted = true;
    return this.#keys;
  }
}

/** Index of the first key not less than `bound`. */
function lowerBound(keys: readonly string[], bound: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (comparePaths(keys[middle]!, bound) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
