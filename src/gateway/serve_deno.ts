/** `Deno.serve` under a gateway: the faster of Deno's two servers. */
import type { Gateway } from "./gateway.ts";
import type { Listener, ListenOptions } from "./serve.ts";

/** Whether this runtime has `Deno.serve`. */
export function isAvailable(): boolean {
  return typeof (globalThis as { Deno?: { serve?: unknown } }).Deno?.serve === "function";
}

/** Listens with `Deno.serve`. */
export function listen(handler: Gateway["fetch"], options: ListenOptions): Promise<Listener> {
  const { hostname, port, tls } = options;
  const controller = new AbortController();
  const server = Deno.serve({
    hostname,
    port,
    ...tls,
    signal: controller.signal,
    // Compressing would change lengths and make strong ETags a lie.
    automaticCompression: false,
    onListen: () => {},
  }, handler);
  return Promise.resolve({
    port: server.addr.port,
    finished: server.finished,
    close: () => server.shutdown(),
    abort: () => controller.abort(),
  });
}
