/** The guest's linear memory, as the canonical ABI reads and writes it. */

/** `cabi_realloc` of a guest: how the host asks for room in the guest's memory. */
export type Realloc = (oldPtr: number, oldSize: number, align: number, newSize: number) => number;

const NO_BYTES: Uint8Array = new Uint8Array(0);
const NO_VIEW = new DataView(NO_BYTES.buffer);

/** Memory and allocator that one lowered import uses; views are renewed when the guest has grown its memory. */
export class GuestMemory {
  readonly #memory: WebAssembly.Memory | undefined;
  readonly #realloc: Realloc | undefined;
  #bytes = NO_BYTES;
  #view = NO_VIEW;

  /** Either is missing where the signature needs none. */
  constructor(memory?: WebAssembly.Memory, realloc?: Realloc) {
    this.#memory = memory;
    this.#realloc = realloc;
  }

  #refresh(): void {
    // Growing detaches the old buffer, so a view must not be kept over anything that runs guest code.
    const buffer = this.#memory!.buffer;
    if (this.#bytes.buffer !== buffer) {
      this.#bytes = new Uint8Array(buffer);
      this.#view = new DataView(buffer);
    }
  }

  /** The whole memory as bytes. */
  get bytes(): Uint8Array {
    this.#refresh();
    return this.#bytes;
  }

  /** The whole memory as a view. */
  get view(): DataView {
    this.#refresh();
    return this.#view;
  }

  /** Size in bytes now; 0 where the import has no memory. */
  get size(): number {
    return this.#memory === undefined ? 0 : this.#memory.buffer.byteLength;
  }

  /** Room for `size` bytes in the guest. Runs guest code. */
  allocate(size: number, align: number): number {
    const at = this.#realloc!(0, 0, align, size) >>> 0;
    if (at % align !== 0 || at + size > this.size) {
      throw new RangeError("The guest's allocator returned memory that it does not have");
    }
    return at;
  }
}
