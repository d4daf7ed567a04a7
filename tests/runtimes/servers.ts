/**
 * The servers of one list: a gateway and the test origin. A process of its own, which ends with its standard input:
 * many lists run side by side, and servers that shared one thread were seconds late on a busy machine.
 */
import { createServer } from "node:net";
import { serveGateway } from "../../src/gateway/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import { startOrigin } from "../../src/testing/origin_node.ts";

/** Where they are. */
export interface Addresses {
  /** A gateway over an empty store; scripts of any origin may use it. */
  readonly gateway: string;
  /** The test origin, without a slash at the end. */
  readonly origin: string;
  /** Nothing listens here. */
  readonly refused: string;
}

async function serve(): Promise<void> {
  const gateway = await serveGateway({ store: new MemoryStore(), cors: { origins: "*" } });
  const origin = await startOrigin();
  const addresses: Addresses = {
    gateway: `${gateway.url}/`,
    origin: origin.url,
    refused: `http://127.0.0.1:${await freePort()}/`,
  };
  console.log(JSON.stringify(addresses));
  for await (const _ of Deno.stdin.readable);
  Deno.exit();
}

/** A port of 127.0.0.1 that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

if (import.meta.main) await serve();
