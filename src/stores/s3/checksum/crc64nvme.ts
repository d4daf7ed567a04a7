/**
 * CRC-64/NVME, S3's checksum of whole objects: polynomial 0xAD93D23594C93659, reflected, all ones in and out.
 * Slicing by eight over two 32-bit halves: numbers of 64 bits exist in JavaScript only as slow bigints.
 */

/** The polynomial, bits reversed. */
export const CRC64NVME_POLYNOMIAL = 0x9a6c9329ac4bc9b5n;

const POLYNOMIAL_HIGH = Number(CRC64NVME_POLYNOMIAL >> 32n) | 0;
const POLYNOMIAL_LOW = Number(CRC64NVME_POLYNOMIAL & 0xffffffffn) | 0;

interface Tables {
  /** Upper halves: table k at 256 × k. */
  readonly high: Int32Array;
  readonly low: Int32Array;
}

let tables: Tables | undefined;

/** Made when first needed: 16 KiB that many programs never use. */
function makeTables(): Tables {
  const high = new Int32Array(8 * 256);
  const low = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let h = 0;
    let l = byte;
    for (let bit = 0; bit < 8; bit++) {
      const carry = l & 1;
      l = (l >>> 1) | (h << 31);
      h = h >>> 1;
      if (carry) {
        h ^= POLYNOMIAL_HIGH;
        l ^= POLYNOMIAL_LOW;
      }
    }
    high[byte] = h;
    low[byte] = l;
  }
  for (let k = 256; k < 8 * 256; k++) {
    const h = high[k - 256]!;
    const l = low[k - 256]!;
    const index = l & 0xff;
    low[k] = ((l >>> 8) | (h << 24)) ^ low[index]!;
    high[k] = (h >>> 8) ^ high[index]!;
  }
  return { high, low };
}

/** A CRC-64/NVME in the making. */
export class Crc64Nvme {
  #high = -1;
  #low = -1;
  #length = 0;

  /** Bytes taken in. */
  get length(): number {
    return this.#length;
  }

  /** Takes bytes in. */
  update(bytes: Uint8Array): this {
    const { high, low } = tables ??= makeTables();
    const { length } = bytes;
    let h = this.#high;
    let l = this.#low;
    let i = 0;
    for (const end = length - 7; i < end; i += 8) {
      l ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
      h ^= bytes[i + 4]! | (bytes[i + 5]! << 8) | (bytes[i + 6]! << 16) | (bytes[i + 7]! << 24);
      const a = 1792 + (l & 0xff), b = 1536 + ((l >>> 8) & 0xff);
      const c = 1280 + ((l >>> 16) & 0xff), d = 1024 + (l >>> 24);
      const e = 768 + (h & 0xff), f = 512 + ((h >>> 8) & 0xff);
      const g = 256 + ((h >>> 16) & 0xff), k = h >>> 24;
      l = low[a]! ^ low[b]! ^ low[c]! ^ low[d]! ^ low[e]! ^ low[f]! ^ low[g]! ^ low[k]!;
      h = high[a]! ^ high[b]! ^ high[c]! ^ high[d]! ^ high[e]! ^ high[f]! ^ high[g]! ^ high[k]!;
    }
    for (; i < length; i++) {
      const index = (l ^ bytes[i]!) & 0xff;
      l = ((l >>> 8) | (h << 24)) ^ low[index]!;
      h = (h >>> 8) ^ high[index]!;
    }
    this.#high = h;
    this.#low = l;
    this.#length += length;
    return this;
  }

  /** The eight bytes, most significant first. */
  digest(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setInt32(0, ~this.#high);
    view.setInt32(4, ~this.#low);
    return bytes;
  }
}
