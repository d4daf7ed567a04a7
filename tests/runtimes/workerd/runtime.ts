/** workerd, Cloudflare's runtime, with no compatibility flag for Node. */
import { createServer } from "node:net";
import { basename, join } from "node:path";
import { run } from "../../../scripts/npm/process.ts";
import type { Assignment, Outcome } from "../assignment.ts";
import { bundle } from "../bundle.ts";
import { npmInstall } from "../install.ts";
import { outcomesIn } from "../lines.ts";
import { CACHE } from "../places.ts";
import { project } from "../project.ts";
import type { RunningRuntime, Runtime, Without } from "../runtime.ts";

const LOST =
  "fetch says the same of a connection that was not made, one that broke and one that made no sense";

const fetchCannot: Without = {
  "a stream is cancelled when no connection is made": LOST,
  "a refused connection is of kind connect": LOST,
  "a name that does not exist is of kind connect": LOST,
  "what is not HTTP is of kind decode": LOST,
  "a head of 2 MiB is of kind decode": LOST,
};

export const workerd: Runtime = {
  name: "workerd",
  connectors: { fetch: { features: ["duplex"], without: fetchCannot } },
  host: { refuses: "no compiling of WebAssembly" },
  start,
};

async function start(): Promise<RunningRuntime> {
  const [modules, stores] = await Promise.all([npmInstall("workerd", ["workerd@1"]), project("stores")]);
  const folder = join(CACHE, "workerd-program");
  await bundle({
    entry: "workerd/program.ts",
    project: stores,
    outdir: folder,
    packages: "bundle",
    // The host's generator is not installed there; nobody asks for it.
    external: ["@bytecodealliance/*"],
    conditions: ["workerd", "worker"],
  });
  const binary = join(modules, ".bin", "workerd");
  const version = (await run(binary, ["--version"], folder)).trim().replace(/^workerd /, "");
  const port = await freePort();
  const config = join(folder, "config.capnp");
  await Deno.writeTextFile(config, await configuration(folder, port, version.slice(0, 10)));
  const process = new Deno.Command(binary, {
    args: ["serve", config],
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  await listening(port);
  return {
    version,
    oneThread: true,
    run: (assignment) => ask(`http://127.0.0.1:${port}/`, assignment),
    async close() {
      process.kill("SIGTERM");
      await process.status;
    },
  };
}

/** The worker with all its modules; it may reach this machine, which workers may not by themselves. */
async function configuration(folder: string, port: number, date: string): Promise<string> {
  const modules = [];
  for await (const { name } of Deno.readDir(folder)) {
    // The first module is the entry point.
    if (!name.endsWith(".js")) continue;
    const line = `(name = "${name}", esModule = embed "${basename(name)}")`;
    if (name === "program.js") modules.unshift(line);
    else modules.push(line);
  }
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .program),
    (name = "outside", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const program :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  compatibilityDate = "${date}",
  globalOutbound = "outside",
);
`;
}

async function ask(url: string, assignment: Assignment): Promise<readonly Outcome[]> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(assignment) });
  const { outcomes, rest } = outcomesIn(await response.text());
  if (response.ok && rest === "") return outcomes;
  return [...outcomes, { name: "the program runs to its end", error: rest }];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error("workerd does not listen");
}
