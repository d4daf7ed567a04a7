/** The `content-length` field, as both connectors read it. */

/** Its value (RFC 9110 section 8.6: digits only); `undefined` for anything else, and for numbers above 2^53 - 1. */
export function parseContentLength(value: string): number | undefined {
  if (!/^\d+$/.test(value)) return undefined;
  const length = Number(value);
  return Number.isSafeInteger(length) ? length : undefined;
}
