/** What an instance was granted, ready for use. */
import { allowList } from "../http/allow_list.ts";
import type { HttpConnector } from "../http/connector.ts";
import { denyAll, type NetworkPolicy } from "../http/policy.ts";
import { type Clocks, resolveClocks } from "./clocks/interface.ts";
import { type ByteReader, InputSource } from "./cli/stdio.ts";
import { type ByteWriter, join, OutputSink } from "./cli/sink.ts";
import { type ProcessStreams, processStreams } from "./cli/inherit.ts";
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

/** What an instance has for itself, where a guest has many: it takes the place of what the options say. */
export interface OwnGrants {
  /** Environment. */
  readonly env?: GuestOptions["env"];
  /** Standard output. */
  readonly stdout?: GuestOutput | ByteWriter;
  /** Standard error. */
  readonly stderr?: GuestOutput | ByteWriter;
  /** Further bounds on its requests. */
  readonly gate?: RequestGate;
}

/**
 * Turns options into capabilities, and opens what must be open before a guest runs. What is returned gives an instance
 * its own; it may be called again where the options have no stream, which can have one user only.
 */
export async function grant(
  options: GuestOptions,
  name: string,
): Promise<(own?: OwnGrants) => Capabilities> {
  const limits = resolveLimits(options.limits);
  const { terminals = {} } = options;
  const shared: (() => void)[] = [];
  const policy = policyOf(options.net);
  const connector = options.connector ?? await defaultConnector();
  let directories: Capabilities["directories"] = () => [];
  if (options.preopens !== undefined && options.preopens.length > 0) {
    const { openPreopens } = await import("./filesystem/preopens_node.ts");
    directories = openPreopens(options.preopens);
  }
  const args = [options.argv0 ?? name, ...options.args ?? []];
  const inherits = options.stdout === "inherit" || options.stderr === "inherit";
  const streams = inherits ? await processStreams() : undefined;
  const stdin = await input(options.stdin, shared, terminals.stdin);
  const forbiddenHeaders = new Set(options.forbiddenHeaders?.map((name) => name.toLowerCase()));
  const config = new Map(Object.entries(options.config ?? {}));
  const sockets = await socketsOf(options.sockets);
  return (own = {}) => {
    const releases = [...shared];
    const random = randomSource(options.randomSeed);
    const stdout = output(own.stdout ?? options.stdout, 1, streams, releases, terminals.stdout);
    const stderr = output(own.stderr ?? options.stderr, 2, streams, releases, terminals.stderr);
    const http = new HttpAccess({
      policy,
      connector,
      trace: options.trace,
      onDenied: options.onDenied,
      maxRequests: limits.concurrentRequests,
      gate: own.gate,
    });
    releases.push(() => http.close());
    return {
      args,
      env: Object.entries(own.env ?? options.env ?? {}),
      cwd: options.cwd,
      stdin: stdin(),
      stdout: stdout.sink,
      stderr: stderr.sink,
      clocks: resolveClocks(options.clocks),
      random,
      insecureSeed: [random.u64(), random.u64()],
      http,
      forbiddenHeaders,
      directories,
      config,
      keyValue: bucketsOf(options.keyValue, limits.keyValueBytes),
      sockets,
      piped: () => ({ stdout: join(stdout.pieces), stderr: join(stderr.pieces) }),
      release() {
        for (const release of releases) release();
      },
    };
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
): Promise<() => InputSource> {
  const end: ByteReader = () => Promise.resolve(undefined);
  if (source === undefined) return () => new InputSource(end);
  if (typeof source === "string" && source !== "inherit") {
    const first = new TextEncoder().encode(source);
    return () => new InputSource(end, { first });
  }
  if (source instanceof Uint8Array) return () => new InputSource(end, { first: source });
  if (source instanceof ReadableStream) {
    const reader = source.getReader();
    releases.push(() => reader.releaseLock());
    return () => new InputSource(async () => (await reader.read()).value, { terminal });
  }
  const streams = await processStreams();
  return () => new InputSource(streams.read, { terminal: terminal || streams.isTerminal(0) });
}

function output(
  target: GuestOutput | ByteWriter = "ignore",
  fd: 1 | 2,
  streams: ProcessStreams | undefined,
  releases: (() => void)[],
  terminal = false,
): { readonly sink: OutputSink; readonly pieces: readonly Uint8Array[] } {
  const pieces: Uint8Array[] = [];
  if (target === "ignore") return { sink: new OutputSink(() => {}), pieces };
  if (target === "pipe") return { sink: new OutputSink((bytes) => void pieces.push(bytes)), pieces };
  if (target === "inherit") {
    if (streams === undefined) throw new TypeError('"inherit" must be among the options of the guest');
    return { sink: new OutputSink(streams.write(fd), terminal || streams.isTerminal(fd)), pieces };
  }
  if (typeof target === "function") return { sink: new OutputSink(target, terminal), pieces };
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
