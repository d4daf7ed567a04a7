/** The web page of a gateway: static files under one reserved segment beside the objects. */
import { parseTarget } from "./context.ts";
import { HttpFailure } from "./failure.ts";
import type { GatewayOptions, GatewayUi } from "./options.ts";

/** The segment below the base path that the page has to itself. */
export const UI_SEGMENT = "_ui";

/** Answers what concerns the page; `undefined` for requests that are the store's. */
export type UiHandler = (request: Request) => Promise<Response | undefined>;

/** No markup of an object ever gets into the page, and this sees to it that none could do anything there. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src blob:",
  "connect-src 'self' http: https:",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Guests run in a worker, which has no page: only there may code be made, from WebAssembly and from what jco writes. */
const WORKER_POLICY =
  "default-src 'none'; script-src 'self' blob: 'wasm-unsafe-eval'; connect-src 'self' http: https:";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  svg: "image/svg+xml",
  wasm: "application/wasm",
};

/** Makes the handler of the page; none without one. */
export function uiHandler(options: GatewayOptions, basePath: string): UiHandler | undefined {
  const { ui } = options;
  if (ui === undefined) return undefined;
  const settings = new TextEncoder().encode(JSON.stringify({
    store: "../",
    readOnly: options.readOnly ?? false,
    auth: [
      ...(options.auth?.bearer === undefined ? [] : ["bearer"]),
      ...(options.auth?.basic === undefined ? [] : ["basic"]),
    ],
  }));
  const served: GatewayUi = {
    file: async (name) => name === "gateway.json" ? settings : await ui.file(name),
  };
  return async (request) => {
    const name = reservedName(request.url, basePath);
    if (name === undefined) {
      refuseDestination(request, basePath);
      return undefined;
    }
    if (request.method === "OPTIONS") return undefined;
    if (request.method !== "GET" && request.method !== "HEAD") throw reserved();
    if (name === "") return redirect(`${basePath}/${UI_SEGMENT}/`);
    return await answer(served, name === "/" ? "index.html" : name.slice(1), request);
  };
}

/** What follows the reserved segment, `undefined` outside of it. */
function reservedName(url: string, basePath: string): string | undefined {
  const pathname = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^?#]*)/i.exec(url)?.[1] ?? "/";
  // However it is spelled, it is the same object: an escape must not lead past the reservation.
  let path: string;
  try {
    const target = parseTarget(`http://host${pathname}`, basePath);
    path = `${target.path}${target.collection && target.path !== "" ? "/" : ""}`;
  } catch {
    return undefined;
  }
  if (path !== UI_SEGMENT && !path.startsWith(`${UI_SEGMENT}/`)) return undefined;
  return path.slice(UI_SEGMENT.length);
}

/** COPY and MOVE name in a header what they write. */
function refuseDestination(request: Request, basePath: string): void {
  const destination = request.headers.get("destination");
  if (destination === null) return;
  const url = destination.startsWith("/") ? `http://host${destination}` : destination;
  if (reservedName(url, basePath) !== undefined) throw reserved();
}

function reserved(): HttpFailure {
  return new HttpFailure(403, `The name "${UI_SEGMENT}" belongs to the gateway's page`, {
    allow: "GET, HEAD",
  });
}

async function answer(ui: GatewayUi, name: string, request: Request): Promise<Response> {
  const bytes = await ui.file(name);
  if (bytes === undefined) throw new HttpFailure(404, "The page has no such file");
  const eTag = `"${await digest(bytes)}"`;
  const headers = new Headers({
    "content-type": TYPES[/[^.]*$/.exec(name)![0]] ?? "application/octet-stream",
    "cache-control": "no-cache",
    "etag": eTag,
    "referrer-policy": "no-referrer",
    "content-security-policy": name.endsWith(".html") ? PAGE_POLICY : WORKER_POLICY,
  });
  if (request.headers.get("if-none-match")?.includes(eTag)) {
    return new Response(null, { status: 304, headers });
  }
  headers.set("content-length", String(bytes.byteLength));
  return new Response(request.method === "HEAD" ? null : bytes, { headers });
}

function redirect(location: string): Response {
  return new Response(null, { status: 308, headers: { location } });
}

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash.subarray(0, 12), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
