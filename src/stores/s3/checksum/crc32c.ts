/**
 * CRC-32C (Castagnoli), RFC 3720 appendix B.4: polynomial 0x1EDC6F41, reflected, all ones in and out. Slicing by eight.
 */

/** The polynomial, bits reversed. */
export const CRC32C_POLYNOMIAL = 0x82f63b78;

let table: Int32Array | undefined;

function makeTable(): Int32Array {
  const made = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ CRC32C_POLYNOMIAL : value >>> 1;
    made[byte] = value;
  }
  for (let k = 256; k < 8 * 256; k++) {
    const value = made[k - 256]!;
    made[k] = (value >>> 8) ^ made[value & 0xff]!;
  }
  return made;
}

/** A CRC-32C in the making. */
export class Crc32c {
  #value = -1;
  #length = 0;

  /** Bytes taken in. */
  get length(): number {
    return this.#length;
  }

  /** Takes bytes in. */
  update(bytes: Uint8Array): this {
    const t = table ??= makeTable();
    const { length } = bytes;
    let value = this.#value;
    let i = 0;
    for (const end = length - 7; i < end; i += 8) {
      value ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
      value = t[1792 + (value & 0xff)]! ^ t[1536 + ((value >>> 8) & 0xff)]! ^
        t[1280 + ((value >>> 16) & 0xff)]! ^ t[1024 + (value >>> 24)]! ^
        t[768 + bytes[i + 4]!]! ^ t[512 + bytes[i + 5]!]! ^ t[256 + bytes[i + 6]!]! ^ t[bytes[i + 7]!]!;
    }
    for (; i < length; i++) value = (value >>> 8) ^ t[(value ^ bytes[i]!) & 0xff]!;
    this.#value = value;
    this.#length += length;
    return this;
  }

  /** The four bytes, most significant first. */
  digest(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setInt32(0, ~this.#value);
    return bytes;
  }
}
