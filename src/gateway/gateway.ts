/** The Fetch handler that serves any store over HTTP, and its rules. */
import type { ObjectStore } from "../store/object_store.ts";
import { authenticator } from "./auth.ts";
import { type GatewayContext, METHODS, parseTarget, SAFE_METHODS, type Target } from "./context.ts";
import { addCorsHeaders, isPreflight, preflightResponse } from "./cors.ts";
import { failureResponse, HttpFailure, viewOf } from "./failure.ts";
import type { GatewayOptions } from "./options.ts";
import { propfind } from "./propfind.ts";
import { read } from "./read.ts";
import { transfer } from "./transfer.ts";
import { uiHandler } from "./ui.ts";
import { makeCollection, put, remove } from "./write.ts";

/** What a server may tell of a request beside it: the part of `Deno.serve`'s handler info that is looked at. */
export interface GatewayRequestInfo {
  /** Rejects when the client goes away before it has the whole response. */
  readonly completed?: Promise<unknown>;
}

/** A store behind HTTP. */
export interface Gateway {
  /**
   * Answers one request; never rejects. Bound, so that it can be handed to a server as it is:
   * `Deno.serve(gateway.fetch)`, `export default gateway`. A client that goes away ends what is done for it: that is
   * told by `info.completed` where there is one, else by `request.signal`.
   */
  readonly fetch: (request: Request, info?: GatewayRequestInfo) => Promise<Response>;
}

type Handler = (context: GatewayContext, target: Target, request: Request) => Promise<Response>;

const HANDLERS: Readonly<Record<string, Handler>> = {
  GET: read,
  HEAD: read,
  PROPFIND: propfind,
  PUT: put,
  DELETE: remove,
  COPY: transfer,
  MOVE: transfer,
  MKCOL: makeCollection,
};

/**
 * Serves a store over HTTP: GET and HEAD with ranges and conditions (RFC 9110), PUT with `if-match` and
 * `if-none-match`, DELETE, and the collections of WebDAV class 1 (RFC 4918) with PROPFIND, COPY, MOVE and MKCOL.
 * Locks and dead properties are not kept. Attributes travel as their own headers, user metadata as
 * `x-storeport-meta-*`. Bodies are streamed both ways.
 *
 * @example
 * ```ts
 * import { createGateway } from "@storeport/storeport/gateway";
 * import { MemoryStore } from "@storeport/storeport/memory";
 *
 * const gateway = createGateway(new MemoryStore(), { auth: { bearer: "let me in" } });
 * const response = await gateway.fetch(new Request("http://localhost/", { method: "OPTIONS" }));
 * console.assert(response.status === 401);
 * ```
 *
 * @throws {TypeError} for options that contradict themselves.
 */
export function createGateway(store: ObjectStore, options: GatewayOptions = {}): Gateway {
  const { cors, onError } = options;
  if (cors?.credentials && cors.origins === "*") {
    throw new TypeError("Cannot allow credentials to all origins: name the origins");
  }
  const basePath = (options.basePath ?? "").replace(/\/+$/, "");
  if (basePath !== "" && !basePath.startsWith("/")) {
    throw new TypeError(`Cannot serve under "${basePath}": a base path begins with a slash`);
  }
  const authenticate = authenticator(options.auth);
  const page = uiHandler(options, basePath);

  const answer = async (request: Request, signal: AbortSignal): Promise<Response> => {
    const context: GatewayContext = { store, options, basePath, signal };
    // A browser asks without credentials whether it may ask with them.
    if (cors !== undefined && isPreflight(request)) return preflightResponse(request, cors);
    // A browser cannot send a token when it goes to a page; there is nothing secret in it.
    const file = await page?.(request);
    if (file !== undefined) return file;
    await authenticate?.(request);
    const { method } = request;
    const target = parseTarget(request.url, basePath);
    if (method === "OPTIONS") {
      return new Response(null, { status: 204, headers: { dav: "1", ...allow(options) } });
    }
    const handler = Object.hasOwn(HANDLERS, method) ? HANDLERS[method]! : undefined;
    if (handler === undefined || (options.readOnly && !SAFE_METHODS.includes(method))) {
      const why = handler === undefined ? "The method is not known" : "Only reading is allowed";
      throw new HttpFailure(405, why, allow(options));
    }
    return await handler(context, target, request);
  };

  const fetch = async (request: Request, info?: GatewayRequestInfo): Promise<Response> => {
    let response: Response;
    const signal = signalOf(request, info);
    try {
      response = await answer(request, signal);
    } catch (error) {
      if (viewOf(error).internal && !signal.aborted) onError?.(error, request);
      // A body that nobody has taken would hold its connection.
      if (request.body !== null && !request.body.locked) request.body.cancel().catch(() => {});
      // Nobody reads this but the clients of a server that is stopping.
      response = failureResponse(
        signal.aborted ? new HttpFailure(503, "The request was given up") : error,
        request,
      );
    }
    response.headers.set("x-content-type-options", "nosniff");
    if (cors !== undefined) addCorsHeaders(request, response.headers, cors);
    return response;
  };
  return { fetch };
}

function allow({ readOnly }: GatewayOptions): { allow: string } {
  return { allow: (readOnly ? SAFE_METHODS : METHODS).join(", ") };
}

/** Deno aborts `request.signal` after every response and warns of it, so what else it offers is preferred. */
function signalOf(request: Request, info: GatewayRequestInfo | undefined): AbortSignal {
  const completed = info?.completed;
  if (!(completed instanceof Promise)) return request.signal;
  const controller = new AbortController();
  completed.catch(() => controller.abort(new DOMException("The client went away", "AbortError")));
  return controller.signal;
}
