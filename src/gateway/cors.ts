/** Cross-origin access (the Fetch standard's CORS protocol). */
import { METHODS } from "./context.ts";
import type { GatewayCors } from "./options.ts";

const EXPOSED = [
  "Accept-Ranges",
  "Allow",
  "Cache-Control",
  "Content-Disposition",
  "Content-Encoding",
  "Content-Language",
  "Content-Length",
  "Content-Range",
  "DAV",
  "ETag",
  "Last-Modified",
  "Location",
];

/** Whether a request is a CORS preflight. */
export function isPreflight(request: Request): boolean {
  return request.method === "OPTIONS" && request.headers.has("origin") &&
    request.headers.has("access-control-request-method");
}

/** The answer to a preflight: what may be asked, not whether it will succeed. */
export function preflightResponse(request: Request, cors: GatewayCors): Response {
  const response = new Response(null, { status: 204 });
  if (allowedOrigin(request, cors) === undefined) return response;
  response.headers.set("access-control-allow-methods", METHODS.join(", "));
  // Header names cannot be listed in advance (metadata); those asked for are granted, as every one is harmless here.
  const wanted = request.headers.get("access-control-request-headers");
  if (wanted !== null) response.headers.set("access-control-allow-headers", wanted);
  response.headers.set("access-control-max-age", String(cors.maxAge ?? 600));
  return response;
}

/** Adds what lets a browser hand the response to a script. */
export function addCorsHeaders(request: Request, headers: Headers, cors: GatewayCors): void {
  headers.append("vary", "origin");
  const origin = allowedOrigin(request, cors);
  if (origin === undefined) return;
  headers.set("access-control-allow-origin", origin);
  if (cors.credentials) headers.set("access-control-allow-credentials", "true");
  const metadata = [...headers.keys()].filter((name) => name.startsWith("x-storeport-"));
  headers.set(
    "access-control-expose-headers",
    [...EXPOSED, ...cors.exposedHeaders ?? [], ...metadata].join(", "),
  );
}

function allowedOrigin(request: Request, cors: GatewayCors): string | undefined {
  const origin = request.headers.get("origin");
  if (origin === null) return undefined;
  if (cors.origins === "*") return "*";
  return cors.origins.includes(origin) ? origin : undefined;
}
