/**
 * Records that pass from one thread to another through memory that both see. A message costs its writer ten
 * microseconds and its reader as many, most of it for waking up; a record costs less than one, and whoever is awake
 * anyway need not be woken.
 */

/**
 * Cells at the beginning: where the reader is, where the writer is, whether the reader sleeps; then cells for anything.
 */
const READ = 0, WRITTEN = 1, SLEEPS = 2, FREE_CELLS = 4;
/** Bytes of the cells. */
const CONTROL = 64;
/** Bytes of records. Positions are counted on and on; a power of two lets them wrap with their 32 bits. */
const ROOM = 256 * 1024;
/** Instead of a record's length: the rest is left out, for records lie in one piece. */
const SKIP = -1;

/** Memory for one direction. */
export function sharedRing(): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(CONTROL + ROOM);
  new Int32Array(memory)[SLEEPS] = 1;
  return memory;
}

/** What both ends see of the memory. */
abstract class RingEnd {
  /** Cells for numbers that are told beside the records. */
  readonly cells: Int32Array;
  /** Where the ends are, and whether the reader sleeps. */
  protected readonly control: Int32Array;
  /** The records: their lengths are words. */
  protected readonly words: Int32Array;
  /** The records. */
  protected readonly bytes: Uint8Array;

  /** On the memory of {@linkcode sharedRing}. */
  constructor(memory: SharedArrayBuffer) {
    this.cells = new Int32Array(memory, FREE_CELLS * 4, CONTROL / 4 - FREE_CELLS);
    this.control = new Int32Array(memory, 0, FREE_CELLS);
    this.words = new Int32Array(memory, CONTROL);
    this.bytes = new Uint8Array(memory, CONTROL);
  }
}

const aligned = (length: number) => (length + 3) & ~3;

/** The end that writes. */
export class RingWriter extends RingEnd {
  /** Writes a record; false where there is no room for it. */
  put(record: Uint8Array): boolean {
    const written = this.control[WRITTEN]!;
    const taken = written - Atomics.load(this.control, READ) >>> 0;
    const size = 4 + aligned(record.length);
    let at = (written >>> 0) % ROOM;
    const skipped = at + size > ROOM ? ROOM - at : 0;
    if (taken + skipped + size > ROOM) return false;
    if (skipped > 0) {
      this.words[at >> 2] = SKIP;
      at = 0;
    }
    this.words[at >> 2] = record.length;
    this.bytes.set(record, at + 4);
    Atomics.store(this.control, WRITTEN, written + skipped + size | 0);
    return true;
  }

  /** Whether the reader sleeps and must be sent something to wake it: true once for each time. */
  mustWake(): boolean {
    return Atomics.load(this.control, SLEEPS) === 1 && Atomics.exchange(this.control, SLEEPS, 0) === 1;
  }
}

/** The end that reads. */
export class RingReader extends RingEnd {
  /** The next record, copied out; `undefined` where there is none now. */
  take(): Uint8Array<ArrayBuffer> | undefined {
    let read = this.control[READ]!;
    if (read === Atomics.load(this.control, WRITTEN)) return undefined;
    let at = (read >>> 0) % ROOM;
    if (this.words[at >> 2] === SKIP) {
      read += ROOM - at;
      at = 0;
    }
    const length = this.words[at >> 2]!;
    const record = new Uint8Array(length);
    record.set(this.bytes.subarray(at + 4, at + 4 + length));
    Atomics.store(this.control, READ, read + 4 + aligned(length) | 0);
    return record;
  }

  /** Is not looking from now on and must be woken; false where there is something to be read after all. */
  sleep(): boolean {
    Atomics.store(this.control, SLEEPS, 1);
    // Written after the last look, and before anybody could know that it was the last.
    if (this.control[READ] === Atomics.load(this.control, WRITTEN)) return true;
    Atomics.store(this.control, SLEEPS, 0);
    return false;
  }
}

/** The ends of one side, which writes into one ring and reads from the other. */
export interface RingPair {
  readonly writer: RingWriter;
  readonly reader: RingReader;
}
