/** How a guest is served. */
import type { HeaderList } from "../../http/headers.ts";
import type { GuestLimits, GuestOptions } from "../options.ts";
import type { ServeFailure } from "./failure.ts";

/** Where guests run: on the caller's thread, or on threads of their own that can be ended. */
export type Isolation = "inline" | "worker";

/** Where `guest.run` runs a command. */
export interface RunIsolation {
  /** Default `inline`. In a worker, a time limit or the signal ends it however busy it is. */
  readonly isolation?: Isolation;
  /** What a worker of Deno may do; see {@linkcode ServeOptions.workerPermissions}. */
  readonly workerPermissions?: "inherit" | "narrow";
}

/** What requests and guests that serve may use up. */
export interface ServeLimits extends Omit<GuestLimits, "timeout"> {
  /**
   * Bytes of a request's body; a longer one is answered with 413, or fails while the guest reads it. Default: no limit.
   */
  readonly servedRequestBytes?: number;
  /** Bytes of a response's body; a longer one is cut off. Default: no limit. */
  readonly servedResponseBytes?: number;
  /** Bytes of a request's header fields, 32 more a field; more are answered with 431. Default 256 KiB. */
  readonly servedFieldBytes?: number;
  /** Bytes of a request's path and query; more are answered with 414. Default 64 KiB. */
  readonly urlBytes?: number;
  /**
   * Requests that the guest may make for one request; one more fails with `connection-limit-reached`. Default: no
   * limit.
   */
  readonly outgoingRequests?: number;
  /** Requests of all instances under way at once, shared out among workers. Default: no limit. */
  readonly serverOutgoingRequests?: number;
}

/** A request that has ended, for the log. */
export interface AccessEntry {
  /** The request's id, which an answer that reports an error carries too. */
  readonly id: string;
  /** When it arrived. */
  readonly time: Date;
  /** Method. */
  readonly method: string;
  /** Authority. */
  readonly authority: string;
  /** Path without query, which may hold secrets. */
  readonly path: string;
  /** Who sent it, where the server side tells. */
  readonly remote?: string;
  /** Status sent. */
  readonly status: number;
  /** Bytes of its body that the guest took. */
  readonly bytesReceived: number;
  /** Bytes of the answer's body. */
  readonly bytesSent: number;
  /** Milliseconds from its arrival to the answer's last byte. */
  readonly duration: number;
  /** Whether the answer went out whole. */
  readonly complete: boolean;
}

/** Options of `guest.serve`. */
export interface ServeOptions extends Omit<GuestOptions, "stdin" | "limits" | "stdout" | "stderr"> {
  /** Where guests run. Default `inline`. A guest that computes for ever on the caller's thread cannot be ended. */
  readonly isolation?: Isolation;
  /** Workers. Default: as many as there are cores. */
  readonly workers?: number;
  /**
   * Requests under way at once in a worker. Default 1: whoever makes a deadline end a worker ends nobody else's
   * request. More suit guests that wait rather than compute; when one of them must be ended, the others are answered
   * with 503.
   */
  readonly workerConcurrency?: number;
  /**
   * What a worker of Deno may do. `narrow`: only what the guest was granted; Deno must run with
   * `--unstable-worker-options`, or the process ends. Default `inherit`: what the caller may.
   */
  readonly workerPermissions?: "inherit" | "narrow";
  /** Instances at once on this thread, each of which takes one request at a time. Default 128. */
  readonly maxInstances?: number;
  /**
   * Requests after which an instance is given up. Default 1: each request gets a fresh one, which is safe for every
   * guest and tells no request of another. Where the guest's modules allow it, and those of all common toolchains do, a
   * fresh one is a spent one whose memory, globals and handles have been put back to their start, which costs the time
   * to copy the memory. More is somewhat faster; JavaScript guests on the engine's `fetch` event cannot do it.
   */
  readonly maxInstanceReuseCount?: number;
  /** Milliseconds after which an instance without requests is given up. Default 10,000. */
  readonly idleTimeout?: number;
  /** Requests under way at once. Default: as many as there can be instances. */
  readonly maxConcurrent?: number;
  /** Requests that wait for their turn; one more is answered with 503. Default 1,024. */
  readonly maxQueue?: number;
  /** Milliseconds that a request waits at most before it is answered with 503. Default 30,000. */
  readonly queueTimeout?: number;
  /**
   * Milliseconds in which the guest must be done with a request; then it is ended, and the client gets 504 or a body
   * cut short. Default: none.
   */
  readonly requestTimeout?: number;
  /** Header fields that take the place of the client's. */
  readonly headers?: HeaderList;
  /** What may be used up. */
  readonly limits?: ServeLimits;
  /** Where standard output goes. Default: nowhere. A stream is shared by all instances. */
  readonly stdout?: ServeOutput;
  /** Where standard error goes. Default: nowhere. */
  readonly stderr?: ServeOutput;
  /**
   * Begins each line of output with its stream's name and the number of the instance: `stdout [0] :: `. Default false.
   */
  readonly outputPrefix?: boolean;
  /** Sets the variable `INSTANCE_ID` to the number of the instance. Default false. */
  readonly instanceId?: boolean;
  /** Told of every request that has ended. */
  readonly onRequest?: (entry: AccessEntry) => void;
  /** Told of every request that went wrong, by its id, with what the client is not told. */
  readonly onFailure?: (id: string, failure: ServeFailure) => void;
}

/** Where output of guests that serve goes. */
export type ServeOutput = "inherit" | "ignore" | WritableStream<Uint8Array>;

/** What a pool of instances is told. */
export interface PoolOptions {
  readonly maxInstances: number;
  readonly maxInstanceReuseCount: number;
  readonly idleTimeout: number;
  readonly requestTimeout: number;
  readonly servedRequestBytes: number;
  readonly outgoingRequests: number;
  readonly serverOutgoingRequests: number;
}

/** What the server itself is told. */
export interface ResolvedServeOptions {
  readonly maxConcurrent: number;
  readonly maxQueue: number;
  readonly queueTimeout: number;
  readonly headers: HeaderList;
  readonly servedResponseBytes: number;
  readonly servedFieldBytes: number;
  readonly urlBytes: number;
  readonly pool: PoolOptions;
}

/**
 * The options with their defaults.
 *
 * @throws {RangeError} for numbers that make no sense.
 */
export function resolveServeOptions(options: ServeOptions): ResolvedServeOptions {
  const { limits = {} } = options;
  const maxInstances = whole("maxInstances", options.maxInstances ?? 128);
  return {
    maxConcurrent: whole("maxConcurrent", options.maxConcurrent ?? Infinity),
    maxQueue: whole("maxQueue", options.maxQueue ?? 1024, 0),
    queueTimeout: positive("queueTimeout", options.queueTimeout ?? 30_000),
    headers: options.headers ?? [],
    servedResponseBytes: limits.servedResponseBytes ?? Infinity,
    servedFieldBytes: limits.servedFieldBytes ?? 256 * 1024,
    urlBytes: limits.urlBytes ?? 64 * 1024,
    pool: {
      maxInstances,
      maxInstanceReuseCount: whole("maxInstanceReuseCount", options.maxInstanceReuseCount ?? 1),
      idleTimeout: positive("idleTimeout", options.idleTimeout ?? 10_000),
      requestTimeout: positive("requestTimeout", options.requestTimeout ?? Infinity),
      servedRequestBytes: limits.servedRequestBytes ?? Infinity,
      outgoingRequests: limits.outgoingRequests ?? Infinity,
      serverOutgoingRequests: limits.serverOutgoingRequests ?? Infinity,
    },
  };
}

/** A whole number from `least` on, or `Infinity`. */
export function whole(name: string, value: number, least = 1): number {
  if (value === Infinity || (Number.isSafeInteger(value) && value >= least)) return value;
  throw new RangeError(`"${name}" must be a whole number from ${least} on, not ${value}`);
}

function positive(name: string, value: number): number {
  if (value > 0) return value;
  throw new RangeError(`"${name}" must be more than 0 milliseconds, not ${value}`);
}
