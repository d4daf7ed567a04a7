/**
 * The CRC of two pieces back to back from the CRCs of the pieces, by which the checksum of a whole upload is known from
 * those of its parts. Appending n bytes multiplies a CRC by x^(8n) modulo the polynomial; all ones in and out cancel.
 */

/** A reflected CRC, for arithmetic on its values. */
export interface CrcField {
  /** The polynomial, bits reversed, without its highest term. */
  readonly polynomial: bigint;
  /** Width in bits. */
  readonly width: bigint;
}

/** `first` and `second` are CRCs as numbers; `length` is that of the second piece in bytes. */
export function combineCrc(field: CrcField, first: bigint, second: bigint, length: number): bigint {
  return multiply(field, first, power(field, length * 8)) ^ second;
}

/** x^exponent. In reflected form the highest bit is x^0. */
function power(field: CrcField, exponent: number): bigint {
  let result = 1n << (field.width - 1n);
  let square = 1n << (field.width - 2n);
  for (let left = BigInt(exponent); left > 0n; left >>= 1n) {
    if (left & 1n) result = multiply(field, result, square);
    square = multiply(field, square, square);
  }
  return result;
}

function multiply({ polynomial, width }: CrcField, a: bigint, b: bigint): bigint {
  let product = 0n;
  let shifted = b;
  for (let bit = 1n << (width - 1n); bit > 0n; bit >>= 1n) {
    if (a & bit) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n;
  }
  return product;
}
