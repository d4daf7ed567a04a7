/** Watching requests, without depending on any tracing library. */
import type { HttpError } from "./error.ts";
import type { HttpRequest, HttpResponse } from "./connector.ts";

/** Called as requests go by. A hook must not throw, and sees the request as it is sent: headers may hold secrets. */
export interface TraceHooks {
  /** A request starts. What this returns is handed to the other hooks as `context` (a span, say). */
  start?(request: HttpRequest): unknown;
  /** The response head is there, `elapsed` milliseconds after the start. */
  headers?(event: { context: unknown; request: HttpRequest; response: HttpResponse; elapsed: number }): void;
  /** The response body ended whole or was given up. */
  end?(
    event: {
      context: unknown;
      request: HttpRequest;
      bytesReceived: number;
      complete: boolean;
      elapsed: number;
    },
  ): void;
  /** No response head, or the body failed. */
  error?(event: { context: unknown; request: HttpRequest; error: HttpError; elapsed: number }): void;
}
