/** A served guest behind `fetch`. */
import { DeadlineQueue } from "../../http/deadlines.ts";
import type { HeaderEntry } from "../../http/headers.ts";
import {
  type BodySource,
  type Exchange,
  isSource,
  type ServedRequest,
  type ServedResponse,
  streamSource,
} from "./exchange.ts";

/** What `Deno.serve` tells a handler of a connection; other platforms tell nothing. */
export interface FetchInfo {
  /** The client's address. */
  readonly remoteAddr?: { readonly transport: string; readonly hostname?: string };
}

/** Statuses whose answers have no body (RFC 9110 sections 15.3.5, 15.3.6, 15.4.5). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * How long a request is under way, in milliseconds, before it is watched for its client's going. Long enough that the
 * first requests, for which instances are made, are over.
 */
const WATCH_AFTER = 250;
/** Microtasks in which an answer is looked for before anything is done about waiting for it. */
const HOPS = 64;

/** The handler of a server that answers with `exchange`. */
export function fetchHandler(exchange: Exchange): (request: Request, info?: FetchInfo) => Promise<Response> {
  // Asking for the signal costs, and makes Deno print a warning unless it runs with --unstable-no-legacy-abort; a
  // client that leaves sooner is noticed when the answer is written.
  const watches = new DeadlineQueue();
  return async (request, info) => {
    let gone = () => {};
    let response: ServedResponse | undefined;
    const answer = exchange(requestOf(request), {
      remote: info?.remoteAddr?.hostname,
      onGone: (listener) => gone = listener,
    }).then((given) => response = given);
    // Most guests answer without waiting for anything, before a client can have gone.
    for (let hop = 0; hop < HOPS && response === undefined; hop++) await undefined;
    if (response === undefined) {
      let stopWatching = () => {};
      const watch = watches.start(WATCH_AFTER, () => {
        const { signal } = request;
        if (signal.aborted) return gone();
        signal.addEventListener("abort", gone, { once: true });
        stopWatching = () => signal.removeEventListener("abort", gone);
      });
      response = await answer;
      watch.stop();
      stopWatching();
    }
    return responseOf(response, request.method);
  };
}

/** The request as it stood on the wire, as far as `Request` tells. */
function requestOf(request: Request): ServedRequest {
  const { url, method, body } = request;
  const scheme = url.startsWith("https:") ? "https" : "http";
  const start = url.indexOf("//") + 2;
  // The text and not a parsed URL: parsing would take dot segments out.
  const slash = url.indexOf("/", start);
  const end = slash < 0 ? url.length : slash;
  const hash = url.indexOf("#", end);
  const target = url.slice(end, hash < 0 ? undefined : hash);
  const headers: HeaderEntry[] = [];
  request.headers.forEach((value, name) => headers.push([name, value])); // cheaper than its iterator
  return {
    method,
    scheme,
    authority: url.slice(start, end),
    path: target === "" ? "/" : target,
    headers,
    body: body === null ? undefined : streamSource(body),
  };
}

function responseOf(answer: ServedResponse, method: string): Response {
  const { status, headers, body } = answer;
  if (status < 200 || status > 599) {
    // `Response` cannot say it. Told as what it is to the client: a handler that went wrong.
    discard(body);
    return new Response("Internal server error\n", { status: 500 });
  }
  const init = headers.length === 0 ? { status } : { status, headers: headers as [string, string][] };
  if (BODILESS.has(status)) {
    discard(body);
    return new Response(null, init);
  }
  if (method === "HEAD") {
    discard(body);
    // Listeners take a null body for one of no bytes, and would say so (RFC 9110 section 8.6): a stream has no length.
    return new Response(new ReadableStream({ start: (controller) => controller.close() }), init);
  }
  if (!isSource(body)) return new Response(body as Uint8Array<ArrayBuffer> | undefined ?? null, init);
  return new Response(streamOf(body), init);
}

/** Lets the guest write what nobody gets: a handler need not know whether it answers HEAD. */
export function discard(body: ServedResponse["body"]): void {
  if (!isSource(body)) return;
  void (async () => {
    try {
      while (await body.read() !== undefined);
    } catch {
      // It had gone anyway.
    }
  })();
}

function streamOf(body: BodySource): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const piece = await body.read();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
    cancel: () => body.cancel(),
  }, { highWaterMark: 0 });
}
