/**
 * Any store over HTTP: a Fetch handler that answers GET with ranges and conditions, PUT, DELETE and WebDAV's
 * PROPFIND, COPY, MOVE and MKCOL, and a server around it.
 *
 * @example A handler for any server that speaks Fetch
 * ```ts
 * import assert from "node:assert/strict";
 * import { createGateway } from "@storeport/storeport/gateway";
 * import { MemoryStore } from "@storeport/storeport/memory";
 *
 * const store = new MemoryStore();
 * await store.put("a.txt", "some text");
 * const gateway = createGateway(store, { readOnly: true });
 * const response = await gateway.fetch(
 *   new Request("http://localhost/a.txt", { headers: { range: "bytes=5-8" } }),
 * );
 * assert.ok(response.status === 206 && await response.text() === "text");
 * ```
 *
 * @module
 */
export { createGateway, type Gateway, type GatewayRequestInfo } from "./gateway.ts";
export type { GatewayAuth, GatewayCors, GatewayOptions, GatewayUi } from "./options.ts";
export { type GatewayServer, serveGateway, type ServeGatewayOptions } from "./serve.ts";
