/** What an instance was granted, ready for use. */
import { allowList } from "../http/allow_list.ts";
import type { HttpConnector } from "../http/connector.ts";
import { denyAll, type NetworkPolicy } from "../http/policy.ts";
import { type Clocks, resolveClocks } from "./clocks/interface.ts";
import { type ByteReader, InputSource } from "./cli/stdio.ts";
import { join, OutputSink } from "./cli/sink.ts";
import { processStreams } from "./cli/inherit.ts";
import type { Descriptor } from "./filesystem/descriptor.ts";
import { HttpAccess, type RequestGate } from "./http/access.ts";
import type { KeyValueStore } from "./keyvalue/bucket.ts";
import { bucketsOf } from "./keyvalue/grant.ts";
import type { GuestInput, GuestOptions, GuestOutput, SocketGrant } from "./options.ts";
import { resolveLimits } from "./limits.ts";
import { deniedSockets, type SocketAccess } from "./sockets/socket.ts";
import { type RandomSource, randomSource } from "./random/source.ts";

/** What host functions find in an instance. */
export interface Capabilities {
  /** Arguments with `argv[0]`. */
  readonly args: readonly string[];
  /** Environment as pairs. */
  readonly env: readonly (readonly [string, string])[];
  /** Initial directory. */
  readonly cwd: string | undefined;
  /** Standard input. */
  readonly stdin: InputSource;
  /** Standard output. */
  readonly stdout: OutputSink;
  /** Standard error. */
  readonly stderr: OutputSink;
  /** Clocks. */
  readonly clocks: Clocks;
  /** Random numbers. */
  readonly random: RandomSource;
  /** The same for the life of the instance. */
  readonly insecureSeed: readonly [bigint, bigint];
  /** HTTP. */
  readonly http: HttpAccess;
  /** Header names that guests may not touch, in lower case, besides WASI's. */
  readonly forbiddenHeaders: ReadonlySet<string>;
  /** Fresh descriptors of the preopened directories. */
  readonly directories: () => readonly (readonly [Descriptor, string])[];
  /** Values of `wasi:config`. */
  readonly config: ReadonlyMap<string, string>;
  /** The bucket of `wasi:keyvalue` with that identifier; `undefined` for none. */
  readonly keyValue: (identifier: string) => KeyValueStore | undefined;
  /** Raw sockets and name lookup. */
  readonly sockets: SocketAccess;
  /** What was written to outputs that are `"pipe"`. */
  piped(): { readonly stdout: Uint8Array; readonly stderr: Uint8Array };
  /** Lets go of what was opened for the instance. */
  release(): void;
}

/** Turns options into capabilities; opens what must be open before the guest runs. */
export async function grant(
  options: GuestOptions,
  name: string,
  gate?: RequestGate,
): Promise<Capabilities> {
  const releases: (() => void)[] = [];
  const random = randomSource(options.randomSeed);
  const limits = resolveLimits(options.limits);
  const { terminals = {} } = options;
  const stdout = await output(options.stdout, 1, releases, terminals.stdout);
  const stderr = await output(options.stderr, 2, releases, terminals.stderr);
  const http = new HttpAccess({
    policy: policyOf(options.net),
    connector: options.connector ?? await defaultConnector(),
    trace: options.trace,
    onDenied: options.onDenied,
    maxRequests: limits.concurrentRequests,
    gate,
  });
  releases.push(() => http.close());
  let directories: Capabilities["directories"] = () => [];
  if (options.preopens !== undefined && options.preopens.length > 0) {
    const { openPreopens } = await import("./filesystem/preopens_node.ts");
    directories = openPreopens(options.preopens);
  }
  return {
    args: [options.argv0 ?? name, ...options.args ?? []],
    env: Object.entries(options.env ?? {}),
    cwd: options.cwd,
    stdin: await input(options.stdin, releases, terminals.stdin),
    stdout: stdout.sink,
    stderr: stderr.sink,
    clocks: resolveClocks(options.clocks),
    random,
    insecureSeed: [random.u64(), random.u64()],
    http,
    forbiddenHeaders: new Set(options.forbiddenHeaders?.map((name) => name.toLowerCase())),
    directories,
    config: new Map(Object.entries(options.config ?? {})),
    keyValue: bucketsOf(options.keyValue, limits.keyValueBytes),
    sockets: await socketsOf(options.sockets),
    piped: () => ({ stdout: join(stdout.pieces), stderr: join(stderr.pieces) }),
    release() {
      for (const release of releases) release();
    },
  };
}

async function socketsOf(grant: SocketGrant | undefined): Promise<SocketAccess> {
  if (grant === undefined) return deniedSockets;
  const { nodeSockets } = await import("./sockets/access_node.ts");
  return nodeSockets(policyOf(grant.allow) ?? denyAll, grant.lookup ?? false);
}

function policyOf(net: GuestOptions["net"]): NetworkPolicy | undefined {
  return net === undefined || "checkUrl" in net ? net : allowList(net);
}

/** The faithful connector where `node:http` is, the portable one elsewhere. */
async function defaultConnector(): Promise<HttpConnector> {
  const versions = (globalThis as { process?: { versions?: { node?: string } } }).process?.versions;
  if (versions?.node !== undefined) return new (await import("../http/node.ts")).NodeHttpConnector();
  return new (await import("../http/fetch.ts")).FetchConnector();
}

async function input(
  source: GuestInput | undefined,
  releases: (() => void)[],
  terminal = false,
): Promise<InputSource> {
  const end: ByteReader = () => Promise.resolve(undefined);
  if (source === undefined) return new InputSource(end);
  if (typeof source === "string" && source !== "inherit") {
    return new InputSource(end, { first: new TextEncoder().encode(source) });
  }
  if (source instanceof Uint8Array) return new InputSource(end, { first: source });
  if (source instanceof ReadableStream) {
    const reader = source.getReader();
    releases.push(() => reader.releaseLock());
    return new InputSource(async () => (await reader.read()).value, { terminal });
  }
  const streams = await processStreams();
  return new InputSource(streams.read, { terminal: terminal || streams.isTerminal(0) });
}

async function output(
  target: GuestOutput = "ignore",
  fd: 1 | 2,
  releases: (() => void)[],
  terminal = false,
): Promise<{ readonly sink: OutputSink; readonly pieces: readonly Uint8Array[] }> {
  const pieces: Uint8Array[] = [];
  if (target === "ignore") return { sink: new OutputSink(() => {}), pieces };
  if (target === "pipe") return { sink: new OutputSink((bytes) => void pieces.push(bytes)), pieces };
  if (target === "inherit") {
    const streams = await processStreams();
    return { sink: new OutputSink(streams.write(fd), terminal || streams.isTerminal(fd)), pieces };
  }
  const writer = target.getWriter();
  writer.closed.catch(() => {}); // a broken stream is told by its writes
  releases.push(() => writer.releaseLock());
  return {
    sink: new OutputSink(async (bytes) => {
      await writer.ready;
      await writer.write(bytes);
    }, terminal),
    pieces,
  };
}
