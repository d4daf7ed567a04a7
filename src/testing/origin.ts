/** The origin that connectors are tested against, loaded only where it is started. */
import { NotSupportedError } from "../store/error.ts";
import type { Origin, OriginOptions } from "./origin_node.ts";

export type { Origin, OriginOptions } from "./origin_node.ts";
export type { Sighting } from "./origin_sightings.ts";

/**
 * Starts the origin of the connector list on a free port of 127.0.0.1: an HTTP/1.1 server on raw sockets that can also
 * break off, send garbage and lie about lengths. Runs on Deno, Node and Bun.
 *
 * @throws {NotSupportedError} where there is no `node:net`.
 *
 * @example Check a connector of your own
 * ```ts
 * import { connectorCasesFor, startOrigin } from "@storeport/storeport/testing";
 * import { FetchConnector } from "@storeport/storeport/connector";
 *
 * const origin = await startOrigin();
 * const context = { connector: new FetchConnector(), origin: origin.url, refused: "http://127.0.0.1:2/" };
 * for (const { name, run } of connectorCasesFor(["duplex", "extension-methods", "latin1-headers"]).slice(0, 3)) {
 *   await run(context);
 *   console.log(`ok ${name}`);
 * }
 * await origin.close();
 * ```
 */
export async function startOrigin(options: OriginOptions = {}): Promise<Origin> {
  let platform: typeof import("./origin_node.ts");
  try {
    platform = await import("./origin_node.ts");
  } catch (cause) {
    const message = 'Cannot start the test origin: this environment has no "node:net"';
    throw new NotSupportedError(message, { store: "testing", cause });
  }
  return await platform.startOrigin(options);
}
