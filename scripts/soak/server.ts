/**
 * The server of the soak, a process of its own: so its memory and its handles are those of serving. Tells where it
 * listens, then answers each line of input with a line of numbers; ends with its input.
 */
import { readdir } from "node:fs/promises";
import { listenGuest, loadGuest, type ServeOptions, type ServeStats } from "../../src/wasi/mod.ts";

/** What it is told, as its only argument. */
export interface SoakServerOptions {
  readonly guest: string;
  readonly serve: Pick<
    ServeOptions,
    | "isolation"
    | "workers"
    | "workerConcurrency"
    | "maxInstances"
    | "maxInstanceReuseCount"
    | "requestTimeout"
  >;
  readonly listener: "deno" | "node";
}

/** Its numbers at one moment. */
export interface SoakSample {
  readonly rss: number;
  readonly heap: number;
  readonly external: number;
  /** Open handles; -1 where the platform does not tell. */
  readonly fds: number;
  readonly stats: ServeStats;
}

if (import.meta.main) {
  const { guest: path, serve, listener } = JSON.parse(Deno.args[0]!) as SoakServerOptions;
  const guest = await loadGuest(new URL(path));
  const server = guest.serve({ ...serve, maxQueue: 10_000 });
  // All loopback addresses: clients use several, lest they run out of ports.
  const listening = await listenGuest(server, { hostname: "0.0.0.0", listener });
  console.log(JSON.stringify({ port: listening.port }));
  for await (const _ of Deno.stdin.readable) {
    const { rss, heapUsed, external } = Deno.memoryUsage();
    const fds = await readdir("/proc/self/fd").then(({ length }) => length - 1, () => -1);
    const sample: SoakSample = { rss, heap: heapUsed, external, fds, stats: server.stats() };
    console.log(JSON.stringify(sample));
  }
  await listening.shutdown(1000);
}
