/** The `content-length` field, as both connectors read it. */

/** Its value (RFC 9110 section 8.6: digits only); `undefined` where that is not one number, exact as a number. */
export function parseContentLength(value: string): number | undefined {
  if (!/^\d+$/.test(value)) return undefined;
  const length = Number(value);
  return Number.isSafeInteger(length) ? length : undefined;
}
