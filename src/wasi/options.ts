/** What a guest is given. Default: nothing is allowed. */
import type { HttpConnector } from "../http/connector.ts";
import type { NetworkPolicy } from "../http/policy/policy.ts";
import type { TraceHooks } from "../http/layers/trace.ts";
import type { ObjectStore } from "../store/object_store.ts";

/** A directory that the guest may open. */
export interface Preopen {
  /** Directory of the host. */
  readonly host: string;
  /** The name under which the guest sees it, such as `/data`. */
  readonly guest: string;
  /** Refuse everything that would change it. Default false. */
  readonly readOnly?: boolean;
}

/** Where a guest's standard input comes from; nothing (end of file at once) by default. */
export type GuestInput = "inherit" | Uint8Array | string | ReadableStream<Uint8Array>;

/**
 * Where a guest's output goes: thrown away by default. `"pipe"` collects it into the result; a stream is written
 * to with back-pressure and left open.
 */
export type GuestOutput = "inherit" | "pipe" | "ignore" | WritableStream<Uint8Array>;

/** The clocks of a guest. */
export interface GuestClocks {
  /** Nanoseconds since an arbitrary start, never going back. Default: the platform's. */
  readonly monotonic?: () => bigint;
  /** Nanoseconds since 1970. Default: the platform's, in steps of a microsecond or a millisecond. */
  readonly wall?: () => bigint;
}

/** What a guest may use up. Breaking a limit ends it with `GuestLimitError`, or is an error that it can handle. */
export interface GuestLimits {
  /** Wall-clock time in milliseconds, after which the guest ends wherever it waits. Default: none. */
  readonly timeout?: number;
  /**
   * Bytes of each linear memory. It does not grow beyond: the guest finds its memory used up, and most then trap.
   * Default 4 GiB, all there can be.
   */
  readonly memory?: number;
  /**
   * Live handles; of pollables, which cost little and which JavaScript engines keep until they collect garbage, a
   * hundred times as many. Default 10,000.
   */
  readonly handles?: number;
  /** HTTP requests under way at once; one more fails with `connection-limit-reached`. Default 256. */
  readonly concurrentRequests?: number;
  /** Bytes of one request body; more fail with `HTTP-request-body-size`. Default: no limit. */
  readonly requestBytes?: number;
  /** Bytes of one response body; more fail with `HTTP-response-body-size`. Default: no limit. */
  readonly responseBytes?: number;
  /**
   * Bytes of an outgoing body that the guest may write before they are sent; it then waits. What the host holds for
   * each slow client. Some guests write the beginning of a body before they send its message: they need room for that.
   * Default 1 MiB.
   */
  readonly bodyWindow?: number;
  /**
   * Bytes of a set of header fields, 32 more a field. A guest that makes a larger one traps; a response with a
   * larger one fails with `HTTP-response-header-section-size`. Default 128 KiB.
   */
  readonly fieldBytes?: number;
  /** Bytes written to standard output and error together. Default: no limit. */
  readonly outputBytes?: number;
  /** Bytes of a value read from a bucket, and of all that one in memory holds; more are an error. Default 64 MiB. */
  readonly keyValueBytes?: number;
  /** Bytes of one call for random bytes. Default 64 MiB. */
  readonly randomBytes?: number;
}

/** A request that the network policy refused. */
export interface DeniedRequest {
  /** The URL, without user information or query. */
  readonly url: string;
  /** The policy's words. */
  readonly message: string;
}

/** Raw sockets that a guest may use. Requests over HTTP do not need them. */
export interface SocketGrant {
  /** Addresses and names with ports, as `net` takes them without scheme: `127.0.0.1:5432`, `db.internal:*`. */
  readonly allow: readonly string[] | NetworkPolicy;
  /** Allow DNS lookups. A lookup alone can leak data to the owner of the name. Default false. */
  readonly lookup?: boolean;
}

/**
 * Where a bucket of `wasi:keyvalue` is kept: in an object store, keys being paths, or in memory, with these values to
 * begin with. One in memory is an instance's own and ends with it.
 */
export type KeyValueSource = ObjectStore | Readonly<Record<string, string | Uint8Array>>;

/** What an instance of a guest is given. */
export interface GuestOptions {
  /** Arguments, `argv[0]` not included. */
  readonly args?: readonly string[];
  /** `argv[0]`. Default: the guest's name. */
  readonly argv0?: string;
  /** Environment variables: these and no others. */
  readonly env?: Readonly<Record<string, string>>;
  /** `initial-cwd`. Default none. */
  readonly cwd?: string;
  /** Standard input. */
  readonly stdin?: GuestInput;
  /** Standard output. */
  readonly stdout?: GuestOutput;
  /** Standard error. */
  readonly stderr?: GuestOutput;
  /** Which of the streams the guest sees as a terminal. Default: those that are `"inherit"` and are one. */
  readonly terminals?: { readonly stdin?: boolean; readonly stdout?: boolean; readonly stderr?: boolean };
  /** Directories that may be opened, in the guest's order. */
  readonly preopens?: readonly Preopen[];
  /**
   * Hosts that may be reached: entries as `allowList` takes them (`api.example.com`, `https://*.example.org`,
   * `http://127.0.0.1:9000`, …) or a policy. Default: none.
   */
  readonly net?: readonly string[] | NetworkPolicy;
  /** Raw TCP and UDP sockets, and name lookup. Default: none; HTTP needs only `net`. */
  readonly sockets?: SocketGrant;
  /** Values that `wasi:config/store` returns. Default: none. */
  readonly config?: Readonly<Record<string, string>>;
  /**
   * Buckets of `wasi:keyvalue`, by the identifier that the guest opens; most open `""`. Default: none, and whatever is
   * opened is `no-such-store`.
   */
  readonly keyValue?: Readonly<Record<string, KeyValueSource>>;
  /** Carries the guest's requests. Default: the platform's best. */
  readonly connector?: HttpConnector;
  /** Called for each request that the guest makes. */
  readonly trace?: TraceHooks;
  /** Called for each request that the policy refused. */
  readonly onDenied?: (denied: DeniedRequest) => void;
  /** Resource limits. */
  readonly limits?: GuestLimits;
  /** Ends the guest at once, wherever it waits. */
  readonly signal?: AbortSignal;
  /** Custom clocks, for reproducible runs. */
  readonly clocks?: GuestClocks;
  /** Makes all random numbers of the guest a function of this seed. Default: the platform's randomness. */
  readonly randomSeed?: bigint;
  /** Header names, besides the nine of WASI, that guests may not set. */
  readonly forbiddenHeaders?: readonly string[];
}

/** Options of {@linkcode Guest.instantiate}. */
export interface InstantiateOptions extends GuestOptions {
  /**
   * Further imports, by interface name without version (`acme:widgets/maker`), each with functions and classes
   * in camelCase and PascalCase as jco names them. Functions may return promises. An interface of the host
   * given here replaces it.
   */
  readonly imports?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Options of {@linkcode loadGuest}. */
export interface LoadOptions {
  /**
   * Where transpiled code is kept: a directory, `false` for nowhere but memory. Default: `storeport` in the
   * platform's cache directory, where it can be found and written without asking; memory alone elsewhere.
   */
  readonly cache?: string | false;
  /** Name of the guest in messages and `argv[0]`. Default: the last part of its path or URL. */
  readonly name?: string;
}

/** How a run ended. */
export interface RunResult {
  /** 0 for success; what the guest passed to `exit-with-code`; 1 for another failure it told. */
  readonly exitCode: number;
  /** What was written, where `stdout` is `"pipe"`; empty otherwise. */
  readonly stdout: Uint8Array;
  /** What was written, where `stderr` is `"pipe"`; empty otherwise. */
  readonly stderr: Uint8Array;
}
