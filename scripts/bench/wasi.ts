/**
 * The same guests on storeport's host, on jco (Node, preview2-shim) and on wasmtime: transfers, small requests, cold
 * start, memory. Hosts whose program is missing are left out and said so.
 */
import { join } from "node:path";
import { GUESTS_DIR } from "../build_guests/guests.ts";
import { npmTools } from "../build_guests/npm_tools.ts";
import { npmInstall } from "../../tests/runtimes/install.ts";
import { NodeHttpConnector } from "../../src/http/node.ts";
import { median, type RaceResult } from "./harness.ts";
import { startOrigin } from "./origin_process.ts";

const MIB = 2 ** 20, GIB = 2 ** 30;
/** jco takes minutes for a GiB; its rate shows with less. */
const JCO_SHARE = 8;
const ROUNDS = 3;
const SMALL = 2000;

/** The command line that runs a guest. */
interface Host {
  readonly name: "storeport" | "jco" | "wasmtime";
  readonly command: string;
  readonly args: (guest: string, url: string) => readonly string[];
}

const guest = (path: string): string => join(GUESTS_DIR, path);

/** Runs the races. */
export async function wasi(): Promise<RaceResult[]> {
  await using origin = await startOrigin();
  const hosts = await findHosts();
  const missed: string[] = [];
  for (const chunk of [64 * 1024, MIB]) {
    const label = chunk === MIB ? "1 MiB" : "64 KiB";
    missed.push(
      ...await rates(`download in reads of ${label}`, hosts, origin.url, (size) => [
        "http/http.wasm",
        ["download", `${origin.url}/bytes/${size}`, `${chunk}`],
      ]),
    );
    missed.push(
      ...await rates(`upload in writes of ${label}`, hosts, origin.url, (size) => [
        "http/http.wasm",
        ["upload", `${origin.url}/sink`, `${size}`, `${chunk}`],
      ]),
    );
  }
  if (await exists(guest("build/js-fetch.wasm"))) {
    missed.push(
      ...await rates("JavaScript guest (StarlingMonkey), download", hosts, origin.url, (size) => [
        "build/js-fetch.wasm",
        ["download", `${origin.url}/bytes/${size / 4}`],
      ]),
    );
  } else console.log("SKIPPED: guest js-fetch not built (deno run -A scripts/build_guests.ts --on-demand)");
  missed.push(...await smallRequests(hosts, origin.url));
  missed.push(...await coldStart(hosts));
  missed.push(...await memory(hosts, origin.url));
  return [{ race: "wasi", rates: {}, missed }];
}

async function findHosts(): Promise<Host[]> {
  const hosts: Host[] = [{
    name: "storeport",
    command: Deno.execPath(),
    args: (wasm, url) => ["run", "-A", "--quiet", "src/cli/main.ts", "run", "--net", url, wasm, "--"],
  }];
  try {
    const modules = await npmTools();
    const node = join(await npmInstall("node-26", ["node@26"]), "node", "bin", "node");
    hosts.push({
      name: "jco",
      command: node,
      args: (wasm) => [join(modules, "@bytecodealliance/jco/dist/jco.js"), "run", wasm],
    });
  } catch {
    console.log("SKIPPED: jco on Node 26 not installed");
  }
  const found = await new Deno.Command("wasmtime", { args: ["--version"], stdout: "null", stderr: "null" })
    .output().then(({ success }) => success, () => false);
  if (found) {
    hosts.push({ name: "wasmtime", command: "wasmtime", args: (wasm) => ["run", "-S", "http", wasm] });
  } else console.log("SKIPPED: wasmtime not installed");
  return hosts;
}

function spawn(host: Host, url: string, wasm: string, args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(host.command, {
    args: [...host.args(guest(wasm), url), ...args],
    cwd: new URL("../..", import.meta.url),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function output(host: Host, url: string, wasm: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await spawn(host, url, wasm, args).output();
  if (!success) throw new Error(`${host.name} failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** The number after a word on a line of its own. */
function told(text: string, word: string): number {
  return Number(new RegExp(`^${word} ([\\d.]+)$`, "m").exec(text)?.[1]);
}

/** Rates as the guest measures them, in rounds that take the hosts in turn. */
async function rates(
  name: string,
  hosts: readonly Host[],
  url: string,
  job: (size: number) => readonly [wasm: string, args: readonly string[]],
): Promise<string[]> {
  const found = new Map<string, number[]>(hosts.map((host) => [host.name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const host of hosts) {
      const [wasm, args] = job(host.name === "jco" ? GIB / JCO_SHARE : GIB);
      found.get(host.name)!.push(told(await output(host, url, wasm, args), "MiB/s"));
    }
  }
  return tell(name, "MiB/s", found, (ours, theirs) => ours / theirs, {
    jco: [10, ">="],
    wasmtime: [0.5, ">="],
  });
}

type Target = readonly [limit: number, way: ">=" | "<="];

/** Prints medians and ratios; returns what was missed. */
function tell(
  name: string,
  unit: string,
  found: ReadonlyMap<string, readonly number[]>,
  ratio: (ours: number, theirs: number) => number,
  targets: Readonly<Record<string, Target>>,
): string[] {
  console.log(`\n${name}`);
  const ours = median(found.get("storeport")!);
  const missed: string[] = [];
  for (const [other, values] of found) {
    const value = median(values);
    const target = targets[other];
    let words = "";
    if (target !== undefined) {
      const [limit, way] = target,
        reached = way === ">=" ? ratio(ours, value) >= limit : ratio(ours, value) <= limit;
      words = `  storeport / ${other} ${ratio(ours, value).toFixed(2)} (target ${way} ${limit}: ${
        reached ? "reached" : "MISSED"
      })`;
      if (!reached) {
        missed.push(`${name}: storeport / ${other} = ${ratio(ours, value).toFixed(2)}, not ${way} ${limit}`);
      }
    }
    console.log(`  ${other.padEnd(12)} ${value.toPrecision(4).padStart(8)} ${unit}${words}`);
  }
  return missed;
}

/** One request after the other, beside the same requests made by the host itself, without a guest. */
async function smallRequests(hosts: readonly Host[], url: string): Promise<string[]> {
  const found = new Map<string, number[]>(
    [...hosts.map((host) => host.name), "no guest"].map((name) => [name, []]),
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const host of hosts) {
      const count = host.name === "jco" ? SMALL / JCO_SHARE : SMALL;
      const text = await output(host, url, "http/http.wasm", ["small", `${url}/bytes/1024`, `${count}`]);
      found.get(host.name)!.push(told(text, "us each"));
    }
    found.get("no guest")!.push(await hostRequests(url));
  }
  return tell(
    `${SMALL} requests for 1 KiB, one after the other`,
    "us each",
    found,
    (ours, theirs) => ours / theirs,
    {
      "no guest": [1.5, "<="],
    },
  );
}

/** In a process of its own, as the guests have: a warm one would be compared with a cold one. */
async function hostRequests(url: string): Promise<number> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", new URL(import.meta.url).href, url],
    stderr: "inherit",
  }).output();
  return told(new TextDecoder().decode(stdout), "us each");
}

async function coldStart(hosts: readonly Host[]): Promise<string[]> {
  const found = new Map<string, number[]>(hosts.map((host) => [host.name, []]));
  for (let round = 0; round < 7; round++) {
    for (const host of hosts) {
      const started = performance.now();
      await output(host, "http://127.0.0.1:1", "hello/hello.wasm", []);
      // The first round fills the caches.
      if (round > 0) found.get(host.name)!.push(performance.now() - started);
    }
  }
  return tell("cold start of a small guest, caches warm", "ms", found, (ours, theirs) => ours / theirs, {
    jco: [0.2, "<="],
  });
}

/**
 * The host's resident memory while 4 GiB flow. Its height is mostly pieces that the platform has yet to collect; what
 * must not be is that the second half needs more than the first.
 */
async function memory(hosts: readonly Host[], url: string): Promise<string[]> {
  const host = hosts[0]!, missed: string[] = [];
  if (Deno.build.os !== "linux") return missed;
  console.log("\nresident memory while 4 GiB flow");
  const jobs = {
    download: ["download", `${url}/bytes/${4 * GIB}`, `${MIB}`],
    upload: ["upload", `${url}/sink`, `${4 * GIB}`, `${MIB}`],
  };
  for (const [name, args] of Object.entries(jobs)) {
    const child = spawn(host, url, "http/http.wasm", args);
    const samples: number[] = [];
    const timer = setInterval(() => {
      try {
        const status = Deno.readTextFileSync(`/proc/${child.pid}/status`);
        samples.push(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
      } catch { /* it has ended */ }
    }, 50);
    await child.output();
    clearInterval(timer);
    const half = Math.ceil(samples.length / 2);
    const first = Math.max(...samples.slice(0, half)), second = Math.max(...samples.slice(half));
    const flat = second - first < 64;
    console.log(
      `  ${name.padEnd(12)} at most ${first.toFixed(0)} MiB in the first half, ${
        second.toFixed(0)
      } MiB in the second ` +
        `(target < 64 more: ${flat ? "reached" : "MISSED"})`,
    );
    if (!flat) missed.push(`memory during ${name}: ${(second - first).toFixed(0)} MiB more, not < 64`);
  }
  return missed;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

if (import.meta.main) {
  const [url] = Deno.args;
  const service = new NodeHttpConnector().connect({ allowHttp: true, retry: false });
  const started = performance.now();
  for (let at = 0; at < SMALL; at++) {
    await (await service.call({ method: "GET", url: `${url}/bytes/1024`, headers: [] })).bytes();
  }
  console.log(`us each ${((performance.now() - started) * 1000 / SMALL).toFixed(1)}`);
  service.close?.();
}
