/** Trace hooks for requests, independent of any tracing library. */
import type { HttpLayer, HttpRequest, HttpResponse, HttpService } from "../service.ts";
import { observeBody } from "./observe_body.ts";

/** What `headers` is told. */
export interface TraceHeadersEvent {
  /** What `start` returned. */
  readonly context: unknown;
  /** The request, as it was sent. */
  readonly request: HttpRequest;
  /** The response. Its body belongs to the caller: a hook looks at status and headers only. */
  readonly response: HttpResponse;
  /** Milliseconds since the start. */
  readonly elapsed: number;
}

/** What `end` is told. */
export interface TraceEndEvent {
  /** What `start` returned. */
  readonly context: unknown;
  /** The request, as it was sent. */
  readonly request: HttpRequest;
  /** Body bytes handed to the caller. */
  readonly bytesReceived: number;
  /** Whether the body ended whole; false when the caller gave it up. */
  readonly complete: boolean;
  /** Milliseconds since the start. */
  readonly elapsed: number;
}

/** What `error` is told. */
export interface TraceErrorEvent {
  /** What `start` returned. */
  readonly context: unknown;
  /** The request, as it was sent. */
  readonly request: HttpRequest;
  /** An `HttpError`, or the reason of the request's signal. */
  readonly error: unknown;
  /** Body bytes handed to the caller before the failure; 0 when no head came. */
  readonly bytesReceived: number;
  /** Milliseconds since the start. */
  readonly elapsed: number;
}

/**
 * Called as requests go by: `start`, then `headers` and `end`, or `error` at either place. Every start is followed
 * by exactly one `end` or `error`, provided the caller reads or cancels the body as it must.
 *
 * A hook sees the request **as it is sent: headers and URL may hold secrets**. Show them through `redactUrl` and
 * `redactHeaders`. A hook that throws disturbs nothing: what it throws is dropped.
 *
 * OpenTelemetry spans, with nothing but these hooks (names are those of its HTTP conventions):
 *
 * ```ts ignore
 * import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
 * import { redactUrl, type TraceHooks } from "@storeport/storeport/connector";
 *
 * const tracer = trace.getTracer("storeport");
 * type Span = ReturnType<typeof tracer.startSpan>;
 *
 * export const spans: TraceHooks = {
 *   start: (request) =>
 *     tracer.startSpan(request.method, {
 *       kind: SpanKind.CLIENT,
 *       attributes: {
 *         "http.request.method": request.method,
 *         "url.full": redactUrl(request.url),
 *         "http.request.resend_count": request.attempt ?? 0,
 *       },
 *     }, request.extensions?.otel as undefined), // a parent context, put there by the caller
 *   headers: ({ context, response }) => {
 *     (context as Span).setAttribute("http.response.status_code", response.status);
 *   },
 *   end: ({ context, bytesReceived, complete }) => {
 *     (context as Span).setAttributes({ "http.response.body.size": bytesReceived, "storeport.complete": complete });
 *     (context as Span).end();
 *   },
 *   error: ({ context, error }) => {
 *     (context as Span).recordException(error as Error);
 *     (context as Span).setStatus({ code: SpanStatusCode.ERROR });
 *     (context as Span).end();
 *   },
 * };
 * ```
 */
export interface TraceHooks {
  /** A request starts. What this returns is handed to the other hooks as `context` (a span, say). */
  start?(request: HttpRequest): unknown;
  /** The response head is there. */
  headers?(event: TraceHeadersEvent): void;
  /** The response body ended whole or was given up. */
  end?(event: TraceEndEvent): void;
  /** No response head came, or the body failed. */
  error?(event: TraceErrorEvent): void;
}

/**
 * A layer that tells hooks what goes by. In `createClient` it stands below retry, so each attempt is traced on its
 * own (`request.attempt` says which), and without the time spent waiting for a permit. To watch whole operations,
 * back-off included, put one more around the client: `withTrace(hooks)(client)`.
 */
export function withTrace(hooks: TraceHooks): HttpLayer {
  return (inner) => new TracedService(inner, hooks);
}

class TracedService implements HttpService {
  readonly #inner: HttpService;
  readonly #hooks: TraceHooks;

  constructor(inner: HttpService, hooks: TraceHooks) {
    this.#inner = inner;
    this.#hooks = hooks;
  }

  async call(request: HttpRequest): Promise<HttpResponse> {
    const hooks = this.#hooks;
    const started = performance.now();
    const elapsed = () => performance.now() - started;
    const context = guarded(() => hooks.start?.(request));
    const failed = (error: unknown, bytesReceived: number) =>
      guarded(() => hooks.error?.({ context, request, error, bytesReceived, elapsed: elapsed() }));
    let response: HttpResponse;
    try {
      response = await this.#inner.call(request);
    } catch (error) {
      failed(error, 0);
      throw error;
    }
    guarded(() => hooks.headers?.({ context, request, response, elapsed: elapsed() }));
    if (hooks.end === undefined && hooks.error === undefined) return response;
    const over = (bytesReceived: number, complete: boolean) =>
      guarded(() => hooks.end?.({ context, request, bytesReceived, complete, elapsed: elapsed() }));
    return observeBody(request, response, {
      ended: (bytes) => over(bytes, true),
      cancelled: (bytes) => over(bytes, false),
      failed,
    });
  }

  close(): void {
    this.#inner.close?.();
  }
}

/** Runs a hook; watching must never change what is watched. */
function guarded(hook: () => unknown): unknown {
  try {
    return hook();
  } catch {
    return undefined;
  }
}
