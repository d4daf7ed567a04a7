/** The `retry-after` header. */
import { getHeader, type HeaderList } from "../headers.ts";

/**
 * How many milliseconds the response asks to wait: `retry-after-ms` and `x-ms-retry-after-ms` (Azure), else
 * `retry-after` in seconds or as an HTTP date (RFC 9110 section 10.2.3). A date is taken relative to the
 * response's own `date`, so a clock that is off does not matter; without one relative to `date`, milliseconds since the
 * epoch. `undefined` where nothing usable is said; never negative.
 */
export function parseRetryAfter(headers: HeaderList, date: number): number | undefined {
  for (const name of ["retry-after-ms", "x-ms-retry-after-ms"]) {
    const value = getHeader(headers, name)?.trim();
    if (value !== undefined && /^\d+$/.test(value)) return Number(value);
  }
  const value = getHeader(headers, "retry-after")?.trim();
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const until = parseHttpDate(value);
  if (until === undefined) return undefined;
  const sent = parseHttpDate(getHeader(headers, "date") ?? "");
  return Math.max(0, until - (sent ?? date));
}

// RFC 9110 section 5.6.7: IMF-fixdate, and the two obsolete forms that recipients must accept.
const IMF_OR_RFC850 = /^[a-z]{3,9}, \d{2}[ -][a-z]{3}[ -]\d{2}(\d{2})? \d{2}:\d{2}:\d{2} gmt$/i;
const ASCTIME = /^[a-z]{3} [a-z]{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/i;

function parseHttpDate(text: string): number | undefined {
  let time = NaN;
  if (IMF_OR_RFC850.test(text)) time = Date.parse(text.replace(/-/g, " "));
  // Asctime names no zone and means UTC; a bare Date.parse would take it for local time.
  else if (ASCTIME.test(text)) time = Date.parse(`${text} GMT`);
  return Number.isNaN(time) ? undefined : time;
}
