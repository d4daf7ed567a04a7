// The connector conformance list, over the platform's fetch and over node:http.
import { createServer } from "node:net";
import { FetchConnector } from "../../src/http/fetch.ts";
import { connectorCasesFor, type ConnectorFeature } from "../../src/http/conformance/mod.ts";
import { NodeHttpConnector } from "../../src/http/node.ts";
import type { HttpConnector } from "../../src/http/connector.ts";
import { startOrigin } from "../../src/testing/origin_node.ts";

/** A port of 127.0.0.1 that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

function register(name: string, connector: HttpConnector, features: readonly ConnectorFeature[]): void {
  for (const each of connectorCasesFor(features)) {
    Deno.test(`${name}: ${each.name}`, async () => {
      const origin = await startOrigin();
      try {
        await each.run({ connector, origin: origin.url, refused: `http://127.0.0.1:${await freePort()}/` });
      } finally {
        await origin.close();
      }
    });
  }
}

register("FetchConnector", new FetchConnector(), ["duplex", "extension-methods", "latin1-headers"]);
register("NodeHttpConnector", new NodeHttpConnector(), [
  "duplex",
  "extension-methods",
  "get-body",
  "host-header",
  "latin1-headers",
  "method-case",
  "raw-path",
  "request-trailers",
  "response-trailers",
  "separate-lines",
  "stream-length",
  "trace",
]);
