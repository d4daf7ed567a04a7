/**
 * Serves a guest to clients of every sort for as long as it takes: most check every byte of their answers, some leave
 * in the middle, some make the guest trap, hundreds read slowly. Prints memory, handles and counters as they go, and
 * a verdict; ends with 1 where something was lost or has grown.
 *
 * Behind `node:http` unless told otherwise: `Deno.serve` of Deno 2.9.6 keeps the sockets of some clients that broke off
 * an upload while its answer was under way, until it is shut down.
 *
 * ```sh
 * deno run -A scripts/soak_serve.ts                          # 1,000,000 requests, half of them in workers
 * deno run -A scripts/soak_serve.ts --requests 20000 --isolation inline
 * ```
 *
 * @module
 */
import { Command, InvalidArgumentError, Option } from "commander";
import type { Isolation } from "../src/wasi/mod.ts";
import { mib, soak, type SoakResult } from "./soak/soak.ts";

interface Flags {
  readonly requests: number;
  readonly isolation: Isolation | "both";
  readonly listener: "deno" | "node";
  readonly connections: number;
  readonly slowReaders: number;
  readonly disconnects: number;
  readonly traps: number;
  readonly reuse: number;
  readonly workers: number;
  readonly interval: number;
  readonly seed: number;
}

function number(value: string): number {
  const parsed = Number(value);
  if (!(parsed >= 0)) throw new InvalidArgumentError("Write a number.");
  return parsed;
}

const flags = new Command("soak_serve")
  .description("Serves a guest to a great many clients and watches memory and handles.")
  .option("--requests <n>", "requests in all", number, 1_000_000)
  .addOption(
    new Option("--isolation <where>", "where guests run").choices(["inline", "worker", "both"]).default(
      "both",
    ),
  )
  .addOption(new Option("--listener <name>", "what listens").choices(["deno", "node"]).default("node"))
  .option("--connections <n>", "clients that ask one request after the other", number, 64)
  .option("--slow-readers <n>", "clients that read slowly, all the time", number, 500)
  .option("--disconnects <share>", "requests that clients abandon", number, 0.2)
  .option("--traps <share>", "requests that make the guest trap", number, 0.01)
  .option("--reuse <n>", "requests for each instance", number, 1)
  .option("--workers <n>", "threads", number, 2)
  .option("--interval <ms>", "time between samples", number, 5000)
  .option("--seed <n>", "what the clients' choices follow from", number, 1)
  .parse([Deno.execPath(), "soak_serve", ...Deno.args])
  .opts<Flags>();

const isolations: readonly Isolation[] = flags.isolation === "both"
  ? ["inline", "worker"]
  : [flags.isolation];
let failed = false;
for (const isolation of isolations) {
  const result = await run(isolation, Math.ceil(flags.requests / isolations.length));
  failed ||= result.faults.length > 0;
}
Deno.exitCode = failed ? 1 : 0;

async function run(isolation: Isolation, requests: number): Promise<SoakResult> {
  const { listener, connections, slowReaders, disconnects, traps, reuse, workers, interval, seed } = flags;
  console.log(`\n${requests} requests, ${isolation}, ${listener}`);
  console.log(
    "    time  requests    rate   RSS MiB  heap MiB  fds   live   created  in flight  queued  traps  gone",
  );
  const instances = 2 * (slowReaders + connections);
  let last = { begun: 0, elapsed: 0 };
  const result = await soak({
    guest: new URL("../tests/guests/serve/serve.wasm", import.meta.url).href,
    listener,
    serve: {
      isolation,
      maxInstances: instances,
      maxInstanceReuseCount: reuse,
      ...isolation === "worker" && { workers, workerConcurrency: instances },
    },
    requests,
    connections,
    slowReaders,
    slowBytes: 4 << 20,
    slowPause: 100,
    disconnects,
    traps,
    seed,
    interval,
    onSample({ rss, heap, fds, stats }, { begun }, elapsed) {
      const rate = (begun - last.begun) / (elapsed - last.elapsed) * 1000;
      last = { begun, elapsed };
      const columns: [value: string | number, width: number][] = [
        [`${(elapsed / 1000).toFixed(0)} s`, 8],
        [begun, 10],
        [`${rate.toFixed(0)}/s`, 8],
        [mib(rss), 10],
        [mib(heap), 10],
        [fds, 5],
        [stats.instances.live, 7],
        [stats.instances.created, 10],
        [stats.inFlight, 11],
        [stats.queued, 8],
        [stats.traps + stats.failures, 7],
        [stats.disconnects, 6],
      ];
      console.log(columns.map(([value, width]) => String(value).padStart(width)).join(""));
    },
  });
  report(result);
  return result;
}

function report({ tally, before, after, duration, faults }: SoakResult): void {
  const { begun, whole, again, dropped, trapped, slowWhole, wrong } = tally;
  console.log(
    `${begun} requests in ${(duration / 1000).toFixed(0)} s: ${whole} answers whole to the last byte, ` +
      `${dropped} abandoned, ${trapped} trapped, ${wrong} wrong; ${slowWhole} slow readers served; ${again} made again on a new connection`,
  );
  console.log(
    `before: RSS ${mib(before.rss)} MiB, ${before.fds} handles; ` +
      `after: RSS ${mib(after.rss)} MiB, ${after.fds} handles, ${after.stats.inFlight} in flight`,
  );
  for (const fault of faults) console.log(`FAULT: ${fault}`);
  console.log(faults.length === 0 ? "verdict: nothing lost, nothing grown" : "verdict: faults found");
}
