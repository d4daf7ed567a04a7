/** `Deno.serve` under a guest. */
import type { ListenAddress, Listener } from "./listen.ts";
import type { GuestServer } from "./server.ts";

/** Listens with `Deno.serve`. */
export function listen(server: () => GuestServer, { hostname, port }: ListenAddress): Promise<Listener> {
  const listening = Deno.serve({
    hostname,
    port,
    automaticCompression: false, // would change what the guest says of its body
    onListen: () => {},
    // A body that ended short has been told to the server's log with its request's id.
    onError: () => new Response("Internal server error\n", { status: 500 }),
  }, (request, info) => server().fetch(request, info));
  return Promise.resolve({
    port: listening.addr.port,
    finished: listening.finished,
    close: () => void listening.shutdown(),
    closeIdle: () => {},
    // Once it is shutting down, Deno's server cannot be told to.
    abort: () => {},
  });
}
