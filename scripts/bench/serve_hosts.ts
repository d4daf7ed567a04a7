/** Servers of guests, each a process of its own: storeport, jco, wasmtime. */
import { createServer } from "node:net";
import { join } from "node:path";
import { npmTools } from "../build_guests/npm_tools.ts";
import { installNode } from "../../tests/runtimes/install.ts";

/** A program that serves a guest. */
export interface ServeHost {
  readonly name: string;
  /** The command line for a guest and a port of this machine. */
  readonly command: (guest: string, port: number) => readonly string[];
  /** Variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** storeport's own server with these options. */
export function storeport(name: string, ...options: readonly string[]): ServeHost {
  return {
    name,
    command: (guest, port) => [
      ...[Deno.execPath(), "run", "-A", "--quiet", "src/cli/main.ts", "serve", "--quiet"],
      ...["--addr", `127.0.0.1:${port}`, ...options, guest],
    ],
  };
}

/** Makes hosts of jco's `serve` on Node 26; `undefined` where it cannot be installed. */
export async function findJco(): Promise<((name: string, ...options: string[]) => ServeHost) | undefined> {
  let node: string, script: string;
  try {
    node = await installNode(26);
    script = join(await npmTools(), "@bytecodealliance/jco/dist/jco.js");
  } catch {
    return undefined;
  }
  return (name, ...options) => ({
    name,
    command: (
      guest,
      port,
    ) => [node, script, "serve", "--host", "127.0.0.1", "--port", `${port}`, ...options, guest],
  });
}

/** Makes hosts of `wasmtime serve`; `undefined` where it is not installed. */
export async function findWasmtime(): Promise<
  ((name: string, ...options: string[]) => ServeHost) | undefined
> {
  const found = await new Deno.Command("wasmtime", { args: ["--version"], stdout: "null", stderr: "null" })
    .output().then(({ success }) => success, () => false);
  if (!found) return undefined;
  return (name, ...options) => ({
    name,
    command: (guest, port) => [
      ...["wasmtime", "serve", "-S", "cli", "--addr", `127.0.0.1:${port}`, ...options, guest],
    ],
    // Its runtime has as many threads as it may use cores; said here too, where it cannot be held to one.
    env: { TOKIO_WORKER_THREADS: "1" },
  });
}

/** A server that runs. */
export interface RunningHost extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  /** Processor seconds that it and its children have used; `undefined` where the platform does not tell. */
  cpu(): number | undefined;
}

/** Starts a server on the cores named, and waits until it answers. */
export async function startHost(
  host: ServeHost,
  guest: string,
  cores: string | undefined,
): Promise<RunningHost> {
  const port = await freePort();
  const command = host.command(guest, port);
  const [program, ...args] = cores === undefined ? command : ["taskset", "-c", cores, ...command];
  const child = new Deno.Command(program!, {
    args,
    env: host.env,
    cwd: new URL("../..", import.meta.url),
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let ended = false;
  void child.status.then(() => ended = true);
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    // jco serves from a child of its own, which would outlive it.
    const processes = familyOf(child.pid).reverse();
    for (const pid of processes) {
      try {
        Deno.kill(pid, pid === child.pid && processes.length > 1 ? "SIGCONT" : "SIGTERM");
      } catch { /* it has ended */ }
    }
    await child.status;
  };
  const deadline = performance.now() + 60_000;
  for (;;) {
    const answered = await fetch(url, { signal: AbortSignal.timeout(5_000) })
      .then(async (response) => (await response.body?.cancel(), true), () => false);
    if (answered) break;
    if (ended || performance.now() > deadline) {
      if (!ended) await stop();
      throw new Error(`"${command.join(" ")}" does not serve`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { name: host.name, url, cpu: () => cpuOf(familyOf(child.pid)), [Symbol.asyncDispose]: stop };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A process and its children, where the platform tells. */
function familyOf(pid: number): number[] {
  try {
    const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();
    return [pid, ...children === "" ? [] : children.split(" ").flatMap((child) => familyOf(Number(child)))];
  } catch {
    return [pid];
  }
}

/** Ticks of the processor's clock in a second, which Linux has fixed for programs. */
const TICKS = 100;

function cpuOf(processes: readonly number[]): number | undefined {
  try {
    let ticks = 0;
    for (const pid of processes) {
      const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
      const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13);
      ticks += Number(user) + Number(system);
    }
    return ticks / TICKS;
  } catch {
    return undefined;
  }
}
