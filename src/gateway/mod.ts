/**
 * Any store over HTTP: a Fetch handler that answers GET with ranges and conditions, PUT, DELETE and WebDAV's
 * PROPFIND, COPY, MOVE and MKCOL, and a server around it.
 *
 * @module
 */
export { createGateway, type Gateway, type GatewayRequestInfo } from "./gateway.ts";
export type { GatewayAuth, GatewayCors, GatewayOptions, GatewayUi } from "./options.ts";
export { type GatewayServer, serveGateway, type ServeGatewayOptions } from "./serve.ts";
