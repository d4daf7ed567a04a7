/** `node:http` under a guest. */
import { createServer } from "node:http";
import type { ListenAddress, Listener } from "./listen.ts";
import { nodeHandler } from "./node.ts";
import type { GuestServer } from "./server.ts";

/** Listens with `node:http`. */
export async function listen(
  server: () => GuestServer,
  { hostname, port }: ListenAddress,
): Promise<Listener> {
  const handlers = new WeakMap<GuestServer, ReturnType<typeof nodeHandler>>();
  // How much is too much is said by the server's limits.
  const listening = createServer({ maxHeaderSize: 1024 * 1024 }, (incoming, outgoing) => {
    const current = server();
    let handler = handlers.get(current);
    if (handler === undefined) handlers.set(current, handler = nodeHandler(current));
    handler(incoming, outgoing);
  });
  // Uploads may take as long as they take; a client that sends nothing is cut off by the headers' timeout.
  listening.requestTimeout = 0;
  const finished = new Promise<void>((resolve) => listening.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    listening.once("error", reject);
    listening.listen(port, hostname, () => {
      listening.removeListener("error", reject);
      resolve();
    });
  });
  const address = listening.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    finished,
    close: () => void listening.close(),
    closeIdle: () => listening.closeIdleConnections(),
    abort: () => listening.closeAllConnections(),
  };
}
