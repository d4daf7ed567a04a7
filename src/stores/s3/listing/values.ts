/** The values in a listing page: text, sizes, dates. What is not plain is for the XML parser to judge. */

/** Thrown where a page is out of the ordinary; it never leaves the scanner. */
export class UnusualPage extends Error {}

const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

// deno-lint-ignore no-control-regex
const UNPLAIN = /[&>\x00-\x1f\ufffe\uffff]/;
// deno-lint-ignore no-control-regex
const FORBIDDEN = /[\x00-\x08\x0b-\x1f\ufffe\uffff]|]]>/;

/** The text of an element, entities undone. */
export function textOf(raw: string): string {
  // XML turns line ends into LF and forbids control characters and "]]>": the parser knows how. Most text has none of
  // it.
  if (!UNPLAIN.test(raw)) return raw;
  if (FORBIDDEN.test(raw)) throw new UnusualPage();
  if (!raw.includes("&")) return raw;
  // An ETag: by far the most common text with an entity in it.
  if (raw.startsWith("&quot;") && raw.endsWith("&quot;") && raw.indexOf("&", 6) === raw.length - 6) {
    return `"${raw.slice(6, -6)}"`;
  }
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

/** A size in bytes. */
export function wholeNumber(text: string): number {
  const value = digits(text, 0, text.length);
  if (text.length === 0 || text.length > 15 || Number.isNaN(value)) throw new UnusualPage();
  return value;
}

/**
 * `2026-11-22T16:00:00.000Z`, read by hand: three times as fast as `new Date(text)`, which takes many other things too.
 */
export function dateOf(text: string): Date {
  const shaped = text.length === 24 && text.charCodeAt(23) === 0x5a && text.charCodeAt(4) === 0x2d &&
    text.charCodeAt(7) === 0x2d && text.charCodeAt(10) === 0x54 && text.charCodeAt(13) === 0x3a &&
    text.charCodeAt(16) === 0x3a && text.charCodeAt(19) === 0x2e;
  if (!shaped) return anyDate(text);
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  const hour = digits(text, 11, 13);
  const minute = digits(text, 14, 16);
  const second = digits(text, 17, 19);
  // NaN where anything was no digit, and then the other way decides.
  const plain = month >= 1 && month <= 12 && day >= 1 && day <= 28 && hour < 24 && minute < 60 && second < 60;
  const time = plain ? Date.UTC(year, month - 1, day, hour, minute, second, digits(text, 20, 23)) : NaN;
  return Number.isNaN(time) ? anyDate(text) : new Date(time);
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return value;
}

function anyDate(text: string): Date {
  const date = new Date(text);
  if (text.charCodeAt(10) !== 0x54 || Number.isNaN(date.getTime())) throw new UnusualPage();
  return date;
}
