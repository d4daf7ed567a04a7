/**
 * Header lists: ordered, duplicates kept, the case of what was sent or received kept.
 *
 * Values are bytes written as Latin-1: each UTF-16 code unit of a value is one byte, 0x00–0xFF (RFC 9110
 * section 5.5 calls the upper half obs-text). Nothing is decoded, so a byte 0xE9 survives the round trip.
 */

/** One header line. The value is Latin-1: one code unit per byte. */
export type HeaderEntry = readonly [name: string, value: string];

/** Header lines in order, duplicates included. Names compare case-insensitively. */
export type HeaderList = readonly HeaderEntry[];

/** The first value of `name`, or `undefined`. */
export function getHeader(headers: HeaderList, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (const [key, value] of headers) {
    if (key.length === wanted.length && key.toLowerCase() === wanted) return value;
  }
  return undefined;
}

/** The first value of a header field of a response, by its name in lower case; the quickest way there is. */
export function headerOf(
  response: { readonly headers: HeaderList; header?(name: string): string | undefined },
  name: string,
): string | undefined {
  return response.header === undefined ? getHeader(response.headers, name) : response.header(name);
}

/** All values of `name`, in order. */
export function getHeaderAll(headers: HeaderList, name: string): string[] {
  const wanted = name.toLowerCase();
  const values: string[] = [];
  for (const [key, value] of headers) {
    if (key.length === wanted.length && key.toLowerCase() === wanted) values.push(value);
  }
  return values;
}

/** Whether any line is named `name`. */
export function hasHeader(headers: HeaderList, name: string): boolean {
  return getHeader(headers, name) !== undefined;
}

/** A copy without any line named `name`. */
export function withoutHeader(headers: HeaderList, name: string): HeaderEntry[] {
  const wanted = name.toLowerCase();
  return headers.filter(([key]) => key.toLowerCase() !== wanted);
}

/** A copy in which `name` has this one value; a line of that name keeps its place. */
export function withHeader(headers: HeaderList, name: string, value: string): HeaderEntry[] {
  const wanted = name.toLowerCase();
  const at = headers.findIndex(([key]) => key.toLowerCase() === wanted);
  if (at < 0) return [...headers, [name, value]];
  const rest = headers.filter(([key], i) => i === at || key.toLowerCase() !== wanted);
  return rest.map((entry) => entry[0].toLowerCase() === wanted ? [name, value] as const : entry);
}

/** Bytes as a Latin-1 string, one code unit per byte. */
export function bytesToLatin1(bytes: Uint8Array): string {
  let text = "";
  // In pieces: String.fromCharCode takes its arguments on the stack.
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}

/** The bytes of a Latin-1 string. Code units above 0xFF are refused with a `RangeError`. */
export function latin1ToBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0xff) {
      throw new RangeError(`Cannot encode U+${unit.toString(16).padStart(4, "0")} at ${i} as Latin-1`);
    }
    bytes[i] = unit;
  }
  return bytes;
}
