/**
 * Guests served by storeport, jco and wasmtime: requests a second, the time until the answer, and the processor time
 * that a request takes. All servers of a race run at the same time and are loaded in turn. Servers with one thread are
 * held to one core, the load generator to another; hosts whose program is missing are left out and said so.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { GUESTS_DIR } from "../build_guests/guests.ts";
import { median, type RaceResult } from "./harness.ts";
import { type Load, type LoadMaker, loadMaker, type LoadOptions } from "./load.ts";
import {
  findJco,
  findWasmtime,
  type RunningHost,
  type ServeHost,
  startHost,
  storeport,
} from "./serve_hosts.ts";

const ROUNDS = 5;
const SECONDS = 2;
const WARM_UP = 2;
const CONNECTIONS = 32;
/** So often that fresh instances cost nothing; guests that leak a handle a request must not run out of them. */
const REUSED = ["--max-instance-reuse-count", "1000"] as const;
const KIB_64 = 65_536;

/** A ratio of rates to reach. */
interface Goal {
  readonly of: string;
  readonly over: string;
  readonly atLeast: number;
}

interface ServeRace {
  readonly name: string;
  readonly guest: string;
  readonly hosts: readonly (ServeHost | undefined)[];
  readonly path?: string;
  readonly load?: Partial<LoadOptions>;
  /** Cores of the servers, where they can be held to some. */
  readonly cores: string;
  /** Whether each server does all on one core. */
  readonly single?: boolean;
  readonly goals: readonly Goal[];
}

/** Runs the races. */
export async function serve(): Promise<RaceResult[]> {
  const cores = navigator.hardwareConcurrency;
  const pins = cores >= 2 && await new Deno.Command("taskset", { args: ["--version"], stdout: "null" })
    .output().then(({ success }) => success, () => false);
  if (!pins) console.log("taskset or a second core is missing: servers are not held to one core");
  const make = await loadMaker(pins ? `${cores - 1}` : undefined);
  if (make === undefined) {
    console.log("SKIPPED: wrk not installed");
    return [];
  }
  const jco = await findJco();
  if (jco === undefined) console.log("SKIPPED: jco on Node 26 not installed");
  const wasmtime = await findWasmtime();
  if (wasmtime === undefined) console.log("SKIPPED: wasmtime not installed");
  const results: RaceResult[] = [];
  for (const race of races(jco, wasmtime, cores)) {
    const result = await run(race, make, pins);
    if (result !== undefined) results.push(result);
  }
  return results;
}

type Maker = ((name: string, ...options: string[]) => ServeHost) | undefined;

function races(jco: Maker, wasmtime: Maker, cores: number): ServeRace[] {
  const one = "0";
  // A core each for the thread that serves and for two workers, where there are so many.
  const several = cores <= 2 ? one : `0-${Math.min(2, cores - 2)}`;
  const fresh = "storeport, fresh instances", reused = "storeport, reused";
  const hello = "serve-hello/serve-hello.wasm";
  return [
    {
      name: "Rust hello, a fresh instance for each request, one core",
      guest: hello,
      cores: one,
      single: true,
      hosts: [
        storeport(fresh),
        jco?.("jco, fresh instances", "--isolate-requests", "instance"),
        jco?.("jco, one instance"),
        wasmtime?.("wasmtime, fresh instances"),
      ],
      goals: [
        { of: fresh, over: "jco, fresh instances", atLeast: 6 },
        { of: fresh, over: "wasmtime, fresh instances", atLeast: 0.3 },
      ],
    },
    {
      name: "Rust hello, reused instances, one core",
      guest: hello,
      cores: one,
      single: true,
      hosts: [
        storeport(reused, ...REUSED),
        jco?.("jco, one instance"),
        wasmtime?.("wasmtime, reused", ...REUSED),
      ],
      goals: [
        { of: reused, over: "jco, one instance", atLeast: 6 },
        { of: reused, over: "wasmtime, reused", atLeast: 0.3 },
      ],
    },
    {
      name: "JavaScript hello (StarlingMonkey, its fetch event), one core",
      guest: "build/js-serve.wasm",
      cores: one,
      single: true,
      // With one instance jco serves one request: the second one fails in the engine.
      hosts: [
        storeport(fresh),
        jco?.("jco, fresh instances", "--isolate-requests", "instance"),
        wasmtime?.("wasmtime, fresh instances"),
      ],
      goals: [{ of: fresh, over: "jco, fresh instances", atLeast: 2 }],
    },
    {
      name: "JavaScript hello (StarlingMonkey, raw bindings), reused instances, one core",
      guest: "build/js-handler.wasm",
      cores: one,
      single: true,
      hosts: [
        storeport(reused, ...REUSED),
        jco?.("jco, one instance"),
        wasmtime?.("wasmtime, reused", ...REUSED),
      ],
      goals: [{ of: reused, over: "jco, one instance", atLeast: 2 }],
    },
    ...[
      { guest: hello, of: "Rust hello, fresh instances", options: [] },
      { guest: hello, of: "Rust hello, reused instances", options: REUSED },
      { guest: "build/js-serve.wasm", of: "JavaScript hello, fresh instances", options: [] },
    ].map(({ guest, of, options }): ServeRace => ({
      name: `${of}: workers`,
      guest,
      cores: several,
      hosts: [
        storeport("1 worker", "--workers", "1", ...options),
        storeport("2 workers", "--workers", "2", ...options),
      ],
      goals: [{ of: "2 workers", over: "1 worker", atLeast: 1.7 }],
    })),
    ...[
      { name: "answers of 64 KiB", path: `/bytes/${KIB_64}`, load: {} },
      { name: "requests and answers of 64 KiB (echo)", path: "/echo", load: { post: KIB_64 } },
    ].map(({ name, path, load }): ServeRace => ({
      name: `the price of isolation: ${name}`,
      guest: "serve/serve.wasm",
      cores: several,
      path,
      load,
      hosts: [storeport("inline"), storeport("1 worker", "--workers", "1")],
      goals: [{ of: "1 worker", over: "inline", atLeast: 0.7 }],
    })),
  ];
}

interface Round extends Load {
  /** Microseconds of processor time a request. */
  readonly cpu: number | undefined;
}

async function run(race: ServeRace, make: LoadMaker, pins: boolean): Promise<RaceResult | undefined> {
  const guest = join(GUESTS_DIR, race.guest);
  if (!await stat(guest).then(() => true, () => false)) {
    console.log(`\nSKIPPED: guest ${race.guest} not built (deno task guests --on-demand)`);
    return undefined;
  }
  console.log(`\n${race.name}`);
  await using servers = new AsyncDisposableStack();
  const hosts: RunningHost[] = [];
  for (const host of race.hosts) {
    if (host === undefined) continue;
    try {
      hosts.push(servers.use(await startHost(host, guest, pins ? race.cores : undefined)));
    } catch (error) {
      console.log(`  SKIPPED: ${host.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  const rounds = new Map<string, Round[]>(hosts.map(({ name }) => [name, []]));
  const once = async (host: RunningHost, seconds: number): Promise<Round> => {
    const before = host.cpu();
    const options = { connections: CONNECTIONS, seconds, ...race.load };
    const load = await make(host.url + (race.path ?? "/"), options);
    const after = host.cpu();
    const used = before === undefined || after === undefined ? undefined : after - before;
    return { ...load, cpu: used === undefined ? undefined : used * 1e6 / (load.rate * seconds) };
  };
  for (const host of hosts) await once(host, WARM_UP);
  for (let round = 0; round < ROUNDS; round++) {
    // Forth and back, so that none always comes after the same other.
    for (const host of round % 2 === 0 ? hosts : hosts.toReversed()) {
      rounds.get(host.name)!.push(await once(host, SECONDS));
    }
  }
  return tell(race, rounds);
}

function tell({ name, goals, single }: ServeRace, rounds: ReadonlyMap<string, readonly Round[]>): RaceResult {
  const rates: Record<string, number> = {}, cpus: Record<string, number> = {};
  for (const [host, list] of rounds) {
    const middle = (of: (round: Round) => number) => median(list.map(of));
    const failed = list.reduce((sum, round) => sum + round.failed, 0);
    rates[host] = middle(({ rate }) => rate);
    if (list.every((round) => round.cpu !== undefined)) cpus[host] = middle((round) => round.cpu!);
    const cpu = cpus[host] === undefined ? "" : `  ${cpus[host].toFixed(0).padStart(6)} us of processor each`;
    console.log(
      `  ${host.padEnd(28)} ${Math.round(rates[host]).toLocaleString("en").padStart(8)}/s` +
        `  median ${ms(middle((round) => round.median))}  p99 ${ms(middle((round) => round.p99))}${cpu}` +
        (failed === 0 ? "" : `  ${failed} FAILED`),
    );
  }
  const missed: string[] = [];
  for (const { of, over, atLeast } of goals) {
    const [ours, theirs] = [rates[of], rates[over]];
    if (ours === undefined || theirs === undefined) continue;
    const ratio = ours / theirs, reached = ratio >= atLeast;
    const [used, usedThere] = [cpus[of], cpus[over]];
    // What the ratio would be had nobody else used the machine; told for servers of one thread.
    const byCpu = single && used !== undefined && usedThere !== undefined
      ? `, ${(usedThere / used).toFixed(2)} by processor time`
      : "";
    console.log(
      `  ${reached ? "reached" : "MISSED "} ${of} / ${over}: ${ratio.toFixed(2)}${byCpu} (target ${atLeast})`,
    );
    if (!reached) missed.push(`${name}: ${of} / ${over} = ${ratio.toFixed(2)} < ${atLeast}`);
  }
  return { race: name, rates, missed };
}

function ms(value: number): string {
  return `${value.toPrecision(3).padStart(5)} ms`;
}
