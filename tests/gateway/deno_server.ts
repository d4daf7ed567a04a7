// `Deno.serve` under a gateway, as users may run it.
import type { Gateway } from "../../src/gateway/gateway.ts";
import type { Listener, ListenOptions } from "../../src/gateway/serve.ts";

/** Listens with `Deno.serve`. */
export function listen(handler: Gateway["fetch"], options: ListenOptions): Promise<Listener> {
  const { hostname, port, tls } = options;
  /** Cuts off the requests under way: once it is shutting down, Deno's server cannot be told to do that. */
  const underWay = new Set<() => void>();
  const server = Deno.serve({
    hostname,
    port,
    ...tls,
    // Compressing would change lengths and make strong ETags a lie.
    automaticCompression: false,
    onListen: () => {},
  }, (request, info) => {
    const { promise: completed, resolve, reject } = Promise.withResolvers<void>();
    const cutOff = (): void => reject(new Error("The server is stopping"));
    underWay.add(cutOff);
    info.completed.then(resolve, reject).finally(() => underWay.delete(cutOff));
    return handler(request, { completed });
  });
  return Promise.resolve({
    port: server.addr.port,
    finished: server.finished,
    close: () => server.shutdown(),
    abort: () => underWay.forEach((cutOff) => cutOff()),
  });
}
