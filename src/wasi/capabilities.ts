/** What an instance was granted, ready for use. */
import { allowList } from "../http/policy/allow_list.ts";
import type { HttpConnector } from "../http/connector.ts";
import { denyAll, type NetworkPolicy } from "../http/policy/policy.ts";
import { concatBytes } from "../store/concat.ts";
import { type Clocks, resolveClocks } from "./clocks/clocks.ts";
import { type ByteReader, InputSource } from "./cli/source.ts";
import { type ByteWriter, OutputSink } from "./cli/sink.ts";
import { type ProcessStreams, processStreams } from "./cli/inherit.ts";
import type { Descriptor } from "./filesystem/descriptor.ts";
import { HttpAccess, type RequestGate } from "./http/access.ts";
import type { KeyValueStore } from "./keyvalue/bucket.ts";
import { bucketsOf } from "./keyvalue/grant.ts";
import type { GuestInput, GuestOptions, GuestOutput, SocketGrant } from "./options.ts";
import { type ResolvedLimits, resolveLimits } from "./limits.ts";
import { hasNode } from "./platform.ts";
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
  /** Resolves when everything written to the outputs has been taken. */
  drain(): Promise<void>;
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
  const releases: (() => void)[] = [];
  try {
    const shared = await sharedOf(options, name, releases);
    return (own = {}) => new Granted(shared, own);
  } catch (error) {
    for (const release of releases) release();
    throw error;
  }
}

async function sharedOf(options: GuestOptions, name: string, releases: (() => void)[]): Promise<Shared> {
  let directories: Capabilities["directories"] = () => [];
  if (options.preopens !== undefined && options.preopens.length > 0) {
    const { openPreopens } = await import("./filesystem/preopens_node.ts");
    directories = openPreopens(options.preopens);
  }
  const inherits = options.stdout === "inherit" || options.stderr === "inherit";
  return {
    options,
    limits: resolveLimits(options.limits),
    policy: policyOf(options.net),
    connector: options.connector ?? await defaultConnector(),
    args: [options.argv0 ?? name, ...options.args ?? []],
    streams: inherits ? await processStreams() : undefined,
    stdin: await input(options.stdin, releases, options.terminals?.stdin),
    clocks: resolveClocks(options.clocks),
    forbiddenHeaders: new Set(options.forbiddenHeaders?.map((name) => name.toLowerCase())),
    directories,
    config: new Map(Object.entries(options.config ?? {})),
    sockets: await socketsOf(options.sockets),
    releases,
  };
}

/** What all instances of a guest have in common. */
interface Shared
  extends Pick<Capabilities, "args" | "clocks" | "forbiddenHeaders" | "directories" | "config"> {
  readonly options: GuestOptions;
  readonly limits: ResolvedLimits;
  readonly policy: NetworkPolicy | undefined;
  readonly connector: HttpConnector;
  readonly streams: ProcessStreams | undefined;
  readonly stdin: () => InputSource;
  readonly sockets: SocketAccess;
  readonly releases: readonly (() => void)[];
}

/** What is made only when asked for: of many an instance that serves one request, nothing is. */
class Granted implements Capabilities {
  readonly random: RandomSource;
  readonly #shared: Shared;
  readonly #own: OwnGrants;
  #stdin: InputSource | undefined;
  #stdout: Output | undefined;
  #stderr: Output | undefined;
  #http: HttpAccess | undefined;
  #keyValue: Capabilities["keyValue"] | undefined;
  #insecureSeed: readonly [bigint, bigint] | undefined;

  constructor(shared: Shared, own: OwnGrants) {
    this.#shared = shared;
    this.#own = own;
    const { options } = shared;
    this.random = randomSource(options.randomSeed);
    // What follows from a seed follows in order.
    if (options.randomSeed !== undefined) this.#insecureSeed = [this.random.u64(), this.random.u64()];
    // A stream that is in use is told of at once.
    try {
      if (options.stdout instanceof WritableStream) this.#stdout = this.#output(1);
      if (options.stderr instanceof WritableStream) this.#stderr = this.#output(2);
    } catch (error) {
      this.release();
      throw error;
    }
  }

  get args(): readonly string[] {
    return this.#shared.args;
  }

  get env(): Capabilities["env"] {
    return Object.entries(this.#own.env ?? this.#shared.options.env ?? {});
  }

  get cwd(): string | undefined {
    return this.#shared.options.cwd;
  }

  get stdin(): InputSource {
    return this.#stdin ??= this.#shared.stdin();
  }

  get stdout(): OutputSink {
    return (this.#stdout ??= this.#output(1)).sink;
  }

  get stderr(): OutputSink {
    return (this.#stderr ??= this.#output(2)).sink;
  }

  get clocks(): Clocks {
    return this.#shared.clocks;
  }

  get insecureSeed(): readonly [bigint, bigint] {
    return this.#insecureSeed ??= [this.random.u64(), this.random.u64()];
  }

  get http(): HttpAccess {
    const { options, policy, connector, limits } = this.#shared;
    return this.#http ??= new HttpAccess({
      policy,
      connector,
      trace: options.trace,
      onDenied: options.onDenied,
      maxRequests: limits.concurrentRequests,
      gate: this.#own.gate,
    });
  }

  get forbiddenHeaders(): ReadonlySet<string> {
    return this.#shared.forbiddenHeaders;
  }

  get directories(): Capabilities["directories"] {
    return this.#shared.directories;
  }

  get config(): ReadonlyMap<string, string> {
    return this.#shared.config;
  }

  get keyValue(): Capabilities["keyValue"] {
    const { options, limits } = this.#shared;
    return this.#keyValue ??= bucketsOf(options.keyValue, limits.keyValueBytes);
  }

  get sockets(): SocketAccess {
    return this.#shared.sockets;
  }

  async drain(): Promise<void> {
    await Promise.all([this.#stdout?.sink.drain(), this.#stderr?.sink.drain()]);
  }

  piped(): ReturnType<Capabilities["piped"]> {
    return {
      stdout: concatBytes(this.#stdout?.pieces ?? []),
      stderr: concatBytes(this.#stderr?.pieces ?? []),
    };
  }

  release(): void {
    this.#stdout?.release();
    this.#stderr?.release();
    this.#http?.close();
    for (const release of this.#shared.releases) release();
  }

  #output(fd: 1 | 2): Output {
    const { options, streams } = this.#shared, { terminals = {} } = options;
    return fd === 1
      ? output(this.#own.stdout ?? options.stdout, 1, streams, terminals.stdout)
      : output(this.#own.stderr ?? options.stderr, 2, streams, terminals.stderr);
  }
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
  if (hasNode()) return new (await import("../http/node.ts")).NodeHttpConnector();
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

/** An output, and what was written to it where that is kept. */
interface Output {
  readonly sink: OutputSink;
  readonly pieces: readonly Uint8Array[];
  release(): void;
}

function output(
  target: GuestOutput | ByteWriter = "ignore",
  fd: 1 | 2,
  streams: ProcessStreams | undefined,
  terminal = false,
): Output {
  const pieces: Uint8Array[] = [];
  const to = (write: ByteWriter, terminal: boolean, release = () => {}): Output => ({
    sink: new OutputSink(write, terminal),
    pieces,
    release,
  });
  if (target === "ignore") return to(() => {}, false);
  if (target === "pipe") return to((bytes) => void pieces.push(bytes), false);
  if (target === "inherit") {
    if (streams === undefined) throw new TypeError('"inherit" must be among the options of the guest');
    return to(streams.write(fd), terminal || streams.isTerminal(fd));
  }
  if (typeof target === "function") return to(target, terminal);
  const writer = target.getWriter();
  writer.closed.catch(() => {}); // a broken stream is told by its writes
  const write = async (bytes: Uint8Array) => {
    await writer.ready;
    await writer.write(bytes);
  };
  return to(write, terminal, () => writer.releaseLock());
}
