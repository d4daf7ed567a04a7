/** A service of the Node connector, for as long as a test needs it. */
import { NodeHttpConnector, type NodeHttpConnectorOptions } from "../../../src/http/node.ts";
import type { ClientOptions } from "../../../src/http/options.ts";
import type { HttpService } from "../../../src/http/service.ts";

export async function withService(
  options: ClientOptions,
  run: (service: HttpService) => Promise<void>,
  connector: NodeHttpConnectorOptions = {},
): Promise<void> {
  const service = new NodeHttpConnector(connector).connect(options);
  try {
    await run(service);
  } finally {
    service.close?.();
  }
}
