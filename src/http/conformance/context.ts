/** What the cases of the connector conformance list are run against, and the helpers they share. */
import { assert, assertEquals, AssertionError, assertRejects } from "../../testing/assert.ts";
import type { ConformanceCase } from "../../testing/assert.ts";
import type { HttpConnector } from "../connector.ts";
import { HttpError, type HttpErrorDetail, type HttpErrorKind } from "../error.ts";
import type { ClientOptions } from "../options.ts";
import type { HttpRequest, HttpResponse, HttpService } from "../service.ts";
import type { HttpTimeouts } from "../timeouts.ts";

/**
 * What a connector may or may not be able to do on its platform. A case that needs `"!x"` is for connectors
 * without `x`, and checks that they refuse it by name.
 *
 * - `duplex`: the response can be read while the request is still being sent.
 * - `extension-methods`: methods that no RFC of HTTP and WebDAV names can be sent.
 * - `get-body`: GET and HEAD may have a body.
 * - `host-header`: `host` may differ from the URL's.
 * - `latin1-headers`: header values are bytes, all of which can be sent and seen.
 * - `method-case`: methods go out in the case given.
 * - `raw-path`: paths go out as written, dot segments included.
 * - `request-trailers`, `response-trailers`: trailer fields can be sent, can be seen.
 * - `separate-lines`: repeated response header lines are told apart.
 * - `stream-length`: streams of a declared length go out with it, however large.
 * - `trace`: the methods TRACE and CONNECT-like others can be sent.
 */
export type ConnectorFeature =
  | "duplex"
  | "extension-methods"
  | "get-body"
  | "host-header"
  | "latin1-headers"
  | "method-case"
  | "raw-path"
  | "request-trailers"
  | "response-trailers"
  | "separate-lines"
  | "stream-length"
  | "trace";

/** What each case gets. */
export interface ConnectorContext {
  /** The connector under test. */
  readonly connector: HttpConnector;
  /** Base URL of a test origin (`startOrigin`), without a slash at the end. */
  readonly origin: string;
  /** A URL that nothing listens at: connections are refused. */
  readonly refused: string;
  /**
   * Factor of the times in cases about timers, which are short for a machine with time to spare. Default 1; where a
   * case failed on a busy one, a larger factor tells whether that was all.
   */
  readonly pace?: number;
}

/** A case of the connector list. */
export type ConnectorCase = ConformanceCase<ConnectorContext>;

/** What `/echo` of the origin answers. */
export interface Echo {
  readonly method: string;
  readonly target: string;
  readonly headers: [string, string][];
  readonly body: string;
  readonly length: number;
  readonly chunked: boolean;
  readonly whole: boolean;
  readonly trailers: [string, string][];
  readonly connection: number;
}

/** A case that gets a service with default options, closed at its end. */
export function serviceCase(
  name: string,
  run: (service: HttpService, context: ConnectorContext) => Promise<void>,
  needs?: readonly string[],
  options: ClientOptions = {},
): ConnectorCase {
  return {
    name,
    needs,
    async run(context) {
      const service = context.connector.connect(options);
      try {
        await run(service, context);
      } finally {
        service.close?.();
      }
    },
  };
}

/** A case about timers: `timeouts`, and the milliseconds that `run` converts with `ms`, go by the context's pace. */
export function timerCase(
  name: string,
  timeouts: HttpTimeouts,
  run: (service: HttpService, context: ConnectorContext, ms: (time: number) => number) => Promise<void>,
): ConnectorCase {
  return {
    name,
    async run(context) {
      const ms = (time: number): number => time * (context.pace ?? 1);
      const scaled = Object.fromEntries(Object.entries(timeouts).map(([key, time]) => [key, ms(time)]));
      const service = context.connector.connect(scaled);
      try {
        await run(service, context, ms);
      } finally {
        service.close?.();
      }
    },
  };
}

/** A request, a GET without headers unless told otherwise. */
export function request(url: string, rest: Partial<HttpRequest> = {}): HttpRequest {
  return { method: "GET", url, headers: [], ...rest };
}

/** Sends, and reads the echo. */
export async function echo(
  service: HttpService,
  url: string,
  rest: Partial<HttpRequest> = {},
): Promise<Echo> {
  const response = await service.call(request(url, rest));
  assertEquals(response.status, 200, "Status of the echo");
  return JSON.parse(await response.text());
}

/** Values of a header in an echo. */
export function sent(seen: Echo, name: string): string[] {
  return seen.headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
}

/** Fails unless `action` rejects with an `HttpError` of one of these kinds and, where given, details. */
export async function assertHttpError(
  action: Promise<unknown> | (() => unknown),
  kinds: HttpErrorKind | readonly HttpErrorKind[],
  tags: HttpErrorDetail["tag"] | readonly HttpErrorDetail["tag"][] = [],
): Promise<HttpError> {
  const error = await assertRejects(action, HttpError);
  const told = `"${error.message}" (${error.detail?.tag})`;
  assert([kinds].flat().includes(error.kind), `Wrong kind of ${told}: got ${error.kind}, expected ${kinds}`);
  const wanted = [tags].flat();
  const tag = error.detail?.tag;
  assert(
    wanted.length === 0 || (tag !== undefined && wanted.includes(tag)),
    `Wrong detail of ${told}: expected ${wanted}`,
  );
  return error;
}

/** Fails unless `action` rejects with exactly this value. */
export async function assertRejectsWith(action: Promise<unknown>, reason: unknown): Promise<void> {
  try {
    await action;
  } catch (error) {
    assert(error === reason, `Rejected with ${String(error)} rather than with ${String(reason)} itself`);
    return;
  }
  throw new AssertionError(`Resolved, but was expected to reject with ${String(reason)}`);
}

/** What the origin saw of the requests with this `id`; see its `/seen`. */
export async function seenBy(
  context: ConnectorContext,
  id: string,
  until = "",
): Promise<{ started: boolean; gone: boolean; received: number; pushed: number; whole: boolean }> {
  const service = context.connector.connect();
  try {
    const response = await service.call(request(`${context.origin}/seen?id=${id}${until}`));
    return JSON.parse(await response.text());
  } finally {
    service.close?.();
  }
}

/** Fails unless the origin sees the client of `id` go. */
export async function assertGone(context: ConnectorContext, id: string): Promise<void> {
  assert((await seenBy(context, id, "&gone=1")).gone, "The connection is still open at the server");
}

/** A stream of these pieces, and whether and why it was cancelled. */
export function streamOf(pieces: readonly Uint8Array[]): SpiedStream {
  const left = [...pieces];
  return spied((controller) => {
    const piece = left.shift();
    if (piece === undefined) controller.close();
    else controller.enqueue(piece);
  });
}

/** A stream whose cancellation can be seen. */
export interface SpiedStream {
  readonly stream: ReadableStream<Uint8Array>;
  /** Resolves with the reason when the stream is cancelled. */
  readonly cancelled: Promise<unknown>;
}

/** A stream that calls `pull` for each piece. */
export function spied(
  pull: (controller: ReadableStreamDefaultController<Uint8Array>) => void | Promise<void>,
): SpiedStream {
  let cancel: (reason: unknown) => void = () => {};
  const cancelled = new Promise<unknown>((resolve) => cancel = resolve);
  return { stream: new ReadableStream<Uint8Array>({ pull, cancel }, { highWaterMark: 0 }), cancelled };
}

/** A stream that gives one piece and then nothing, without ending. */
export function endless(first: Uint8Array): SpiedStream {
  let given = false;
  return spied((controller) => {
    if (given) return new Promise<void>(() => {});
    given = true;
    controller.enqueue(first);
  });
}

/** A name nobody else has, for `?id=`. */
export function freshId(): string {
  return crypto.randomUUID();
}

/** All bytes of a stream. */
export async function drain(response: HttpResponse): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body) {
    pieces.push(piece);
    length += piece.byteLength;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}
