/** What names and values of header fields may hold. */

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// Visible ASCII, space, tab and obs-text; no CR, LF, NUL, DEL or other control (RFC 9110 section 5.5).
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Whether `name` is an RFC 9110 token, the syntax of header names and methods. */
export function isToken(name: string): boolean {
  return TOKEN.test(name);
}

/** Whether `value` may stand in a header line: Latin-1 without control characters other than tab. */
export function isFieldValue(value: string): boolean {
  return FIELD_VALUE.test(value);
}
