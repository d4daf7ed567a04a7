/** A connector that goes wrong on purpose, the way networks do: for testing what stands on top of one. */
import { isStreamBody } from "../http/body.ts";
import type { HttpConnector } from "../http/connector.ts";
import type { HttpRequest, HttpResponse, HttpService } from "../http/service.ts";
import type { ClientOptions } from "../http/options.ts";
import { ConnectorResponse } from "../http/response.ts";
import { breakingBody, broken, FaultyBody } from "./fault_body.ts";
import type { Fault, FaultPlan } from "./fault_plan.ts";

export type { Fault, FaultPlan, RandomFaultOptions } from "./fault_plan.ts";
export { randomFaults, scriptedFaults } from "./fault_plan.ts";

/** How often what was done. */
export type FaultCounts = Record<Fault["kind"] | "requests" | "passed", number>;

/**
 * Sends requests through another connector and makes some of them fail as its plan says. Its failures are the same
 * `HttpError`s as real ones, and bodies break where a real connection would break them.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { FetchConnector, HttpStore, MemoryStore } from "@storeport/storeport";
 * import { serveGateway } from "@storeport/storeport/gateway";
 * import { FaultConnector, scriptedFaults } from "@storeport/storeport/testing";
 *
 * const served = new MemoryStore();
 * await served.put("a.txt", "text ".repeat(1000));
 * await using server = await serveGateway({ store: served });
 * const connector = new FaultConnector(
 *   new FetchConnector(),
 *   scriptedFaults([
 *     { kind: "refuse" },
 *     { kind: "status", status: 503, retryAfter: "0" },
 *     { kind: "reset", side: "response", after: 1000 },
 *   ]),
 * );
 * const store = new HttpStore(server.url, { connector });
 * assert.equal((await (await store.get("a.txt")).text()).length, 5000); // survives all three
 * assert.equal(connector.counts.reset, 1);
 * store.close();
 * ```
 */
export class FaultConnector implements HttpConnector {
  /** What has happened so far. A fault counts once it took effect. */
  readonly counts: FaultCounts = {
    requests: 0,
    passed: 0,
    refuse: 0,
    reset: 0,
    stall: 0,
    truncate: 0,
    status: 0,
    corrupt: 0,
    slow: 0,
  };
  readonly #inner: HttpConnector;
  readonly #plan: FaultPlan;

  /** Wraps `inner`; `plan` is asked about each request. */
  constructor(inner: HttpConnector, plan: FaultPlan) {
    this.#inner = inner;
    this.#plan = plan;
  }

  /** A service of the inner connector with faults. All services share the plan and the counts. */
  connect(options: ClientOptions = {}): HttpService {
    const inner = this.#inner.connect(options);
    return {
      call: (request) => this.#call(inner, request, options),
      close: () => inner.close?.(),
    };
  }

  async #call(inner: HttpService, request: HttpRequest, options: ClientOptions): Promise<HttpResponse> {
    const fault = this.#plan(request, this.counts.requests++);
    if (fault === undefined) {
      this.counts.passed++;
      return await inner.call(request);
    }
    const fired = (): void => void this.counts[fault.kind]++;
    const readTimeout = request.timeouts?.readTimeout ?? options.readTimeout ?? 30_000;
    switch (fault.kind) {
      case "refuse":
        fired();
        throw giveUp(request, broken("connect", "connection-refused", request, "connection refused"));
      case "status":
        fired();
        giveUp(request, undefined);
        return madeUp(fault);
      case "stall":
        if (fault.after === undefined) {
          fired();
          return await stalledHead(request, options);
        }
        break;
      case "reset":
        if (fault.side === "request") return await this.#resetRequest(inner, request, fault.after, fired);
        break;
    }
    const response = await inner.call(request);
    const { status, headers, decoded, contentLength } = response;
    if (request.method === "HEAD" || status === 204 || status === 304 || contentLength === 0) {
      // There is nothing of it to break.
      return response;
    }
    const source = new FaultyBody(response, fault, request, fired);
    return new ConnectorResponse({ status, headers, decoded, contentLength, source, readTimeout });
  }

  /**
   * The connection breaks while the request is sent, or, where it is shorter than that, before its answer comes back:
   * then the server has acted, which the caller cannot know.
   */
  async #resetRequest(
    inner: HttpService,
    request: HttpRequest,
    after: number,
    fired: () => void,
  ): Promise<HttpResponse> {
    const reset = broken("interrupted", "connection-terminated", request, "connection reset");
    const body = breakingBody(request.body, after, reset);
    let response: HttpResponse;
    try {
      response = await inner.call(body === undefined ? request : { ...request, body });
    } catch (error) {
      if (request.signal?.aborted) throw error;
      if (!causedBy(error, reset)) throw error;
      fired();
      throw reset;
    }
    fired();
    await response.cancel(reset);
    throw reset;
  }
}

/** Cancels the body of a request that is not sent. */
function giveUp<T>(request: HttpRequest, error: T): T {
  if (request.body !== undefined && isStreamBody(request.body)) {
    request.body.stream.cancel(error).catch(() => {});
  }
  return error;
}

/** Whether an error is, or was caused by, ours. Some platforms hand on only an error's text. */
function causedBy(error: unknown, ours: Error): boolean {
  for (let link = error; link instanceof Error; link = link.cause) {
    if (link === ours || link.message.includes(ours.message)) return true;
  }
  return false;
}

function madeUp(fault: Extract<Fault, { kind: "status" }>): HttpResponse {
  const text = new TextEncoder().encode("injected fault\n");
  let left: Uint8Array | undefined = text;
  const headers: [string, string][] = [["content-type", "text/plain"], [
    "content-length",
    String(text.byteLength),
  ]];
  if (fault.retryAfter !== undefined) headers.push(["retry-after", fault.retryAfter]);
  return new ConnectorResponse({
    status: fault.status,
    headers,
    contentLength: text.byteLength,
    source: {
      read() {
        const value = left;
        left = undefined;
        return Promise.resolve(value === undefined ? { done: true } : { done: false, value });
      },
      cancel() {},
    },
  });
}

/** Never answers; ends by the timers that a connector has, or by the signal. */
function stalledHead(request: HttpRequest, options: ClientOptions): Promise<never> {
  const timeouts = { ...options, ...request.timeouts };
  const limit = (timeouts.connectTimeout ?? 5_000) + (timeouts.firstByteTimeout ?? 30_000);
  const { signal } = request;
  return new Promise((_, reject) => {
    if (signal?.aborted) return reject(giveUp(request, signal.reason));
    const end = (error: unknown): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
      reject(giveUp(request, error));
    };
    const aborted = (): void => end(signal?.reason);
    const timer = limit > 0 && limit < 2 ** 31
      ? setTimeout(
        () =>
          end(broken("timeout", "connection-read-timeout", request, `no response head within ${limit} ms`)),
        limit,
      )
      : undefined;
    signal?.addEventListener("abort", aborted);
  });
}
