/**
 * What the platform's `fetch` can do, found out by features when first asked and never by the runtime's name.
 * Nothing here runs at import.
 */

/** What differs between one `fetch` and another. */
export interface FetchAbilities {
  /**
   * A request body may be a stream. Without it streams are collected, up to a bound. Default: probed.
   * Chromium has it over HTTP/2 only, Firefox and Safari do not have it.
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

let requestStreams: boolean | undefined;
let guarded: boolean | undefined;

/**
 * Whether a `Request` takes a stream as body: a platform that does not turns the stream into text, or (Safari) takes
 * it only to fail later, which is told by its not asking for `duplex`. Deno does not ask either, but sends streams;
 * only platforms for pages are held to it.
 */
export function probeRequestStreams(): boolean {
  if (requestStreams === undefined) {
    let duplexRead = false;
    try {
      const init = {
        method: "POST",
        body: new ReadableStream(),
        get duplex(): string {
          duplexRead = true;
          return "half";
        },
      };
      const typed = new Request("http://localhost/", init as RequestInit).headers.has("content-type");
      requestStreams = !typed && (duplexRead || !probeGuarded());
    } catch {
      requestStreams = false;
    }
  }
  return requestStreams;
}

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

/**
 * Whether `fetch` sends the `content-length` given with a stream. Only undici is known to: it registers its
 * dispatcher under this symbol when any of its globals is first touched. Others (Deno) go chunked without a word.
 */
export function probeStreamLength(): boolean {
  return typeof Response === "function" && Symbol.for("undici.globalDispatcher.1") in globalThis;
}

/** Ports that the Fetch standard blocks (its section 2.10), named in the error where a platform only says "failed". */
const BLOCKED_PORTS: ReadonlySet<number> = new Set([
  ...[0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103],
  ...[104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513],
  ...[514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720],
  ...[1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080],
]);

/** Whether the Fetch standard blocks this port. */
export function isBlockedPort(port: number): boolean {
  return BLOCKED_PORTS.has(port);
}
