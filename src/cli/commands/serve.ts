/** `storeport serve`: serves a guest's HTTP handler. */
import { type Command, Option } from "commander";
import type { HeaderEntry } from "../../http/headers.ts";
import type { AccessEntry, GuestServer, ListeningGuest, ServeFailure, ServeOptions } from "../../wasi/mod.ts";
import type { Context } from "../context.ts";
import { clean, UsageError } from "../errors.ts";
import type { Metrics } from "../metrics_node.ts";
import {
  addAddressOption,
  type Address,
  type OutputFlags,
  parseAddress,
  parsePositive,
  parseSize,
  parseTime,
} from "../options.ts";
import { isUrl } from "../url.ts";
import { interrupted } from "./gateway.ts";
import {
  addGuestOptions,
  grantedOptions,
  GUEST_HELP,
  type GuestFlags,
  openGuest,
  writable,
} from "./guest_options.ts";

interface Flags extends GuestFlags, OutputFlags {
  readonly addr: Address;
  readonly isolation?: "inline" | "worker";
  readonly workers?: number;
  readonly workerConcurrency?: number;
  readonly workerPermissions?: "inherit" | "narrow";
  readonly maxInstances?: number;
  readonly maxInstanceReuseCount?: number;
  readonly maxConcurrent?: number;
  readonly maxQueue?: number;
  readonly requestTimeout?: number;
  readonly idleTimeout?: number;
  readonly maxBodySize?: number;
  readonly header?: readonly string[];
  readonly listener?: "deno" | "node";
  readonly metricsAddr?: Address;
  readonly loggingPrefix: boolean;
  readonly grace?: number;
  readonly watch?: boolean;
}

/** `storeport serve [options] <guest>`. */
export function serve(program: Command, context: Context): void {
  const command = program.command("serve")
    .description("Serve a WASI 0.2 component that handles HTTP requests, until interrupted.")
    .argument("<guest>", "component to serve: a file or an http(s) URL");
  addGuestOptions(addAddressOption(command))
    .option(
      "-H, --header <name:value>",
      "set this header on every request; @file reads one header per line; may be repeated",
      collect,
    )
    .option("--request-timeout <time>", "end a guest that takes longer, and answer 504", parseTime)
    .option("--max-body-size <size>", "largest request body: 256M, 1G; bytes without a unit", parseSize)
    .option("--max-concurrent <n>", "requests handled at once", parsePositive)
    .option("--max-queue <n>", "requests that may wait; further ones get 503", parsePositive)
    .option("--max-instances <n>", "instances at once; each handles one request at a time", parsePositive)
    .option("--max-instance-reuse-count <n>", "requests after which an instance is discarded", parsePositive)
    .option("--idle-timeout <time>", "discard an instance that has been idle this long", parseTime)
    .addOption(
      new Option(
        "--isolation <where>",
        "where guests run; worker is a pool of threads, in which --request-timeout can end busy guests",
      ).choices(["inline", "worker"]),
    )
    .option("--workers <n>", "number of worker threads; implies --isolation worker", parsePositive)
    .option("--worker-concurrency <n>", "requests handled at once by one worker", parsePositive)
    .addOption(
      new Option("--worker-permissions <which>", "narrow lets workers do only what the guest was granted")
        .choices(["inherit", "narrow"]),
    )
    .addOption(
      new Option("--listener <name>", "HTTP server to use; node supports trailers and every status").choices([
        "deno",
        "node",
      ]),
    )
    .option(
      "--metrics-addr <host:port>",
      "serve Prometheus metrics at /metrics on this address",
      parseAddress,
    )
    .option("--no-logging-prefix", "do not prefix the guest's output with the instance")
    .option("--grace <time>", "how long requests under way may take after an interrupt", parseTime)
    .option("--watch", "reload the component when its file changes")
    .addHelpText("after", HELP);
  command
    .option("--json", "print one JSON object per line")
    .option("-q, --quiet", "do not log requests")
    .action((guest: string, flags: Flags) => run(context, guest, flags));
}

const HELP = `${GUEST_HELP}

Times: 30s, 500ms, 5m; seconds without a unit. Requests are logged to standard error, or with --json to standard
output. After an interrupt, requests under way are finished; a second interrupt ends them.
--worker-permissions narrow needs Deno and its --unstable-worker-options.

Examples:
  storeport serve hello.wasm
  storeport serve api.wasm --addr 127.0.0.1:0 --net https://api.example.com --workers 4 --request-timeout 30s
  storeport serve app.wasm --watch -H "x-tenant: me" --env DATABASE_URL`;

async function run(context: Context, source: string, flags: Flags): Promise<void> {
  if (flags.watch && isUrl(source)) throw new UsageError("--watch needs a file");
  checkIsolation(flags);
  const options = await serveOptions(context, flags);
  // A server has its streams for itself, until it has ended.
  const serveGuest = async () =>
    (await openGuest(context, source, flags)).serve({ ...options, ...outputs(context, flags) });
  const { listenGuest } = await import("../../wasi/mod.ts");
  let current = await serveGuest();
  const closers: (() => Promise<void> | void)[] = [];
  let reloading: Promise<unknown> = Promise.resolve();
  let stopWatching = () => {};
  let listening: ListeningGuest;
  try {
    listening = await listenGuest(() => current, { ...flags.addr, listener: flags.listener });
  } catch (error) {
    await current.shutdown(0);
    throw error;
  }
  const hurry = () => void current.shutdown(0);
  try {
    const metrics = flags.metricsAddr && await serveMetrics(flags.metricsAddr, () => current);
    if (metrics !== undefined) closers.push(() => metrics.close());
    if (flags.watch) {
      const { watchFile } = await import("../watch_node.ts");
      // One after the other: the one that was changed last shall serve.
      stopWatching = watchFile(context.runtime.fileUrl(source), () => {
        reloading = reloading.then(async () =>
          current = await reload(context, source, flags, serveGuest, current)
        );
      });
    }
    if (flags.json) {
      await context.printJson({ event: "listening", url: listening.url, metrics: metrics?.url });
    } else if (!flags.quiet) {
      await context.note(`Serving HTTP on ${listening.url}/`);
      if (metrics !== undefined) await context.note(`Metrics on ${metrics.url}`);
    }
    await interrupted(context.signal);
  } finally {
    stopWatching();
    await reloading;
    closers.push(context.runtime.onInterrupt(hurry));
    await listening.shutdown(flags.grace);
    for (const close of closers) await close();
  }
}

function isolationOf({ isolation, workers }: Flags): "inline" | "worker" {
  return isolation ?? (workers === undefined ? "inline" : "worker");
}

/** Refuses what makes sense on the other kind of threads only. */
function checkIsolation(flags: Flags): void {
  if (isolationOf(flags) === "worker") {
    if (flags.maxInstances === undefined) return;
    throw new UsageError("Cannot use --max-instances with workers: give --worker-concurrency");
  }
  if (flags.workers !== undefined) throw new UsageError('Give --workers or --isolation "inline", not both');
  for (const option of ["workerConcurrency", "workerPermissions"] as const) {
    if (flags[option] === undefined) continue;
    const name = option === "workerConcurrency" ? "--worker-concurrency" : "--worker-permissions";
    throw new UsageError(`Cannot use ${name} without workers: add --workers or --isolation worker`);
  }
}

/** The server of the component as it now is; the one before where it cannot be loaded. */
async function reload(
  context: Context,
  source: string,
  flags: Flags,
  serveGuest: () => Promise<GuestServer>,
  before: GuestServer,
): Promise<GuestServer> {
  try {
    const next = await serveGuest();
    void before.shutdown(flags.grace);
    if (!flags.quiet) await context.note(`storeport: reloaded ${clean(source)}`);
    return next;
  } catch (error) {
    await context.report(error);
    return before;
  }
}

async function serveOptions(
  context: Context,
  flags: Flags,
): Promise<Omit<ServeOptions, "stdout" | "stderr">> {
  const { onDenied, limits, connector, stdout: _, stderr: __, ...granted } = await grantedOptions(
    context,
    flags,
  );
  return {
    ...granted,
    connector,
    onDenied,
    isolation: isolationOf(flags),
    workers: flags.workers,
    workerConcurrency: flags.workerConcurrency,
    workerPermissions: flags.workerPermissions,
    maxInstances: flags.maxInstances,
    maxInstanceReuseCount: flags.maxInstanceReuseCount,
    maxConcurrent: flags.maxConcurrent,
    maxQueue: flags.maxQueue,
    requestTimeout: flags.requestTimeout,
    idleTimeout: flags.idleTimeout,
    headers: await headerLines(context, flags.header ?? []),
    limits: { memory: limits?.memory, servedRequestBytes: flags.maxBodySize },
    outputPrefix: flags.loggingPrefix,
    instanceId: true,
    onRequest: flags.quiet
      ? undefined
      : (entry) => void logRequest(context, entry, flags.json).catch(() => {}),
    onFailure: (id, failure) => void logFailure(context, id, failure, flags.json).catch(() => {}),
  };
}

function outputs(context: Context, { json }: Flags): Pick<ServeOptions, "stdout" | "stderr"> {
  // Standard output belongs to the records there.
  return { stdout: writable(context, json ? "stderr" : "stdout"), stderr: writable(context, "stderr") };
}

async function logRequest(context: Context, entry: AccessEntry, json = false): Promise<void> {
  const { time, remote = "-", method, path, status, bytesSent, duration, complete, id } = entry;
  if (json) {
    const rounded = Number(duration.toFixed(3));
    return await context.printJson({
      event: "request",
      ...entry,
      time: time.toISOString(),
      duration: rounded,
    });
  }
  const outcome = complete ? `${status}` : `${status || "-"} (cut off)`;
  await context.note(
    `${time.toISOString()} ${remote} ${clean(method)} ${clean(path)} ${outcome} ${bytesSent} B ` +
      `${duration.toFixed(1)} ms ${id}`,
  );
}

async function logFailure(context: Context, id: string, failure: ServeFailure, json = false): Promise<void> {
  const message = clean(failure.message);
  if (json) return await context.printJson({ event: "failure", id, kind: failure.kind, message });
  await context.note(`storeport: request ${id} failed: ${message}`);
}

/** `name: value`, or a file of such lines. */
async function headerLines(context: Context, values: readonly string[]): Promise<HeaderEntry[]> {
  const lines: string[] = [];
  for (const value of values) {
    if (!value.startsWith("@")) lines.push(value);
    else {lines.push(
        ...(await readText(context, value.slice(1))).split(/\r?\n/).filter((line) => line.trim() !== ""),
      );}
  }
  const { isFieldValue, isToken } = await import("../../http/header_syntax.ts");
  return lines.map((line) => {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    if (colon < 1 || !isToken(name) || !isFieldValue(value)) {
      throw new UsageError(`"${line}" is not a header: write it as name:value`);
    }
    return [name, value] as const;
  });
}

async function readText(context: Context, path: string): Promise<string> {
  const { store, path: inner } = await context.open(path);
  return await (await store.get(inner)).text();
}

/** Answers `GET /metrics`. */
async function serveMetrics(
  { hostname, port }: Address,
  server: () => GuestServer,
): Promise<Metrics> {
  const { listenMetrics } = await import("../metrics_node.ts");
  return await listenMetrics(hostname, port, () => server().metrics());
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
