/**
 * What the platform's `fetch` can do, determined by feature detection on first use, never by the runtime's name.
 * Nothing here runs at import.
 */

/** What differs between one `fetch` and another. */
export interface FetchAbilities {
  /**
   * A request body may be a stream. Without it streams are collected, up to a bound. Default: probed, and `false` in
   * browsers: Chromium has it over HTTP/2 only, which services such as S3 do not speak, Firefox and Safari do not have
   * it.
   */
  readonly requestStreams?: boolean;
  /**
   * A `content-length` set on a stream body is sent. Without it such streams are collected, up to a bound, so
   * that the length is sent all the same. Default: whether fetch is undici's (Node).
   */
  readonly streamLength?: boolean;
  /**
   * Whether a `content-encoding` is undone although `accept-encoding: identity` was asked for. Default: told by
   * the first bytes of each encoded body.
   */
  readonly decodes?: boolean;
  /**
   * The platform keeps request headers such as `cookie`, `date` and `accept-encoding` for itself and has a cache
   * and cookies of its own, as browsers do. Default: probed.
   */
  readonly guarded?: boolean;
}

let guarded: boolean | undefined;

/** Whether a `Request` silently drops the headers that the Fetch standard forbids to scripts of pages. */
export function probeGuarded(): boolean {
  if (guarded === undefined) {
    try {
      guarded = !new Request("http://localhost/", { headers: { cookie: "a=b" } }).headers.has("cookie");
    } catch {
      guarded = true;
    }
  }
  return guarded;
}

let wideHeaders: boolean | undefined;

/**
 * Whether header values are not bytes, as the Fetch standard has them, but text that goes out as UTF-8 and is read as
 * UTF-8 (workerd).
 */
export function probeWideHeaders(): boolean {
  if (wideHeaders === undefined) {
    try {
      wideHeaders = new Headers({ x: "\u20ac" }).get("x") === "\u20ac";
    } catch {
      wideHeaders = false;
    }
  }
  return wideHeaders;
}
