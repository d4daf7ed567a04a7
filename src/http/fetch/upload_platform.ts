/** What the platform's `fetch` can do with streams as request bodies. Nothing here runs at import. */
import { probeGuarded } from "./platform.ts";

let requestStreams: boolean | undefined;

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

/**
 * Whether `fetch` sends the `content-length` given with a stream. Only undici is known to: it registers its
 * dispatcher under this symbol when any of its globals is first touched. Others (Deno) go chunked without a word.
 */
export function probeStreamLength(): boolean {
  return typeof Response === "function" && Symbol.for("undici.globalDispatcher.1") in globalThis;
}
