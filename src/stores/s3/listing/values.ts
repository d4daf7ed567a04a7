/** The values in a listing page: texts, keys, sizes, times. What is not plain is for the XML parser to judge. */

/** Thrown where a page is out of the ordinary; it never leaves the scanner. */
export class UnusualPage extends Error {}

const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

// deno-lint-ignore no-control-regex
const UNPLAIN = /[&>\x00-\x1f\ufffe\uffff]/;
// deno-lint-ignore no-control-regex
const FORBIDDEN = /[\x00-\x08\x0b-\x1f\ufffe\uffff]|]]>/;

/** Reads what is in the middle of a text: U+FEFF is a character there, and no mark of its beginning. */
export const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text of an element, entities undone. */
export function textOf(raw: string): string {
  // XML turns line ends into LF and forbids control characters and "]]>": the parser knows how. Most text has none of
  // it.
  if (!UNPLAIN.test(raw)) return raw;
  if (FORBIDDEN.test(raw)) throw new UnusualPage();
  if (!raw.includes("&")) return raw;
  return raw.replace(/&([^&;]*)(;?)/g, (_, name: string, semicolon: string) => {
    const char = semicolon === "" ? undefined : NAMED[name] ?? numeric(name);
    if (char === undefined) throw new UnusualPage();
    return char;
  });
}

function numeric(name: string): string | undefined {
  const match = /^#(?:(\d{1,7})|x([0-9A-Fa-f]{1,6}))$/.exec(name);
  if (match === null) return undefined;
  const code = match[1] === undefined ? parseInt(match[2]!, 16) : Number(match[1]);
  const valid = code === 9 || code === 10 || code === 13 || (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
  return valid ? String.fromCodePoint(code) : undefined;
}

/** Whether `&quot;` stands here: those of ETags are by far the most common entities. */
export function isQuote(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 1] === 0x71 && bytes[at + 2] === 0x75 && bytes[at + 3] === 0x6f &&
    bytes[at + 4] === 0x74 &&
    bytes[at + 5] === 0x3b;
}

/** Undoes `encoding-type=url`: form encoding, in which a space is `+`. */
export function decodeKey(key: string): string {
  const spaced = key.includes("+") ? key.replaceAll("+", " ") : key;
  return spaced.includes("%") ? decodeURIComponent(spaced) : spaced;
}

/** The size in bytes that stands between two places of a page. */
export function sizeAt(bytes: Uint8Array, from: number, to: number): number {
  const value = digits(bytes, from, to);
  if (from === to || to - from > 15 || Number.isNaN(value)) throw new UnusualPage();
  return value;
}

/**
 * The time between two places of a page: `2026-11-22T16:00:00.000Z`, read by hand: faster than `Date.parse`, which
 * takes many other things too.
 */
export function timeAt(bytes: Uint8Array, from: number, to: number): number {
  const shaped = to - from === 24 && bytes[from + 23] === 0x5a && bytes[from + 4] === 0x2d &&
    bytes[from + 7] === 0x2d && bytes[from + 10] === 0x54 && bytes[from + 13] === 0x3a &&
    bytes[from + 16] === 0x3a && bytes[from + 19] === 0x2e;
  if (!shaped) return anyTime(bytes, from, to);
  const year = digits(bytes, from, from + 4);
  const month = digits(bytes, from + 5, from + 7);
  const day = digits(bytes, from + 8, from + 10);
  const hour = digits(bytes, from + 11, from + 13);
  const minute = digits(bytes, from + 14, from + 16);
  const second = digits(bytes, from + 17, from + 19);
  // NaN where anything was no digit, and then the other way decides.
  // `Date.UTC` takes years below 100 for those of the last century, and services list what has no time as of year 1.
  const plain = year >= 100 && month >= 1 && month <= 12 && day >= 1 && day <= 28 && hour < 24 &&
    minute < 60 &&
    second < 60;
  const milliseconds = digits(bytes, from + 20, from + 23);
  const time = plain ? Date.UTC(year, month - 1, day, hour, minute, second, milliseconds) : NaN;
  return Number.isNaN(time) ? anyTime(bytes, from, to) : time;
}

function digits(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return value;
}

function anyTime(bytes: Uint8Array, from: number, to: number): number {
  const text = textOf(UTF8.decode(bytes.subarray(from, to)));
  const time = new Date(text).getTime();
  if (text.charCodeAt(10) !== 0x54 || Number.isNaN(time)) throw new UnusualPage();
  return time;
}
