/** The pool of kept connections: Node's agent, told how to connect and what makes two connections alike. */
import { Agent, type ClientRequest, type ClientRequestArgs } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { clearTimeout, setTimeout } from "node:timers";
import type { ClientOptions } from "../options.ts";
import { duration } from "../timeouts.ts";
import { DEFAULT_POOL_IDLE_TIMEOUT, DEFAULT_POOL_MAX_IDLE } from "../pool.ts";

/** What a request tells the agent beside Node's own options. */
export interface PooledRequestArgs extends ClientRequestArgs {
  /** Connections of the same key serve the same requests. */
  readonly poolKey: string;
  /** Opens a connection when none is idle. */
  readonly dial: () => Promise<Socket>;
}

type Connected = (error: Error | null, stream: Duplex) => void;

/** `setTimeout` fires at once above this. */
const MAX_TIMER = 2 ** 31 - 1;
/** A server that says it closes after n seconds may already be doing so when the n-th begins. */
const HINT_MARGIN = 1_000;

/** Keeps connections alive, each service its own. */
export class PoolAgent extends Agent {
  readonly #maxIdle: number;
  readonly #idleTimeout: number;
  /**
   * When each idle connection is to be closed. One timer looks after all of them: the agent's own `timeout` has each
   * socket push a timer along with every read and write, which on Deno costs a tenth of a small request.
   */
  readonly #idle = new Map<Duplex, number>();
  readonly #hints = new WeakMap<Duplex, number>();
  readonly #reused = new WeakSet<ClientRequest>();
  #sweeper: ReturnType<typeof setTimeout> | undefined;
  /** When the sweeper is to come. */
  #due = Infinity;
  #closed = false;

  /** Reads the pool options. */
  constructor(options: ClientOptions) {
    const maxIdle = options.poolMaxIdlePerHost ?? DEFAULT_POOL_MAX_IDLE;
    super({ keepAlive: true, maxFreeSockets: maxIdle, scheduling: "lifo" });
    this.#maxIdle = maxIdle;
    this.#idleTimeout = duration(options.poolIdleTimeout ?? DEFAULT_POOL_IDLE_TIMEOUT);
  }

  /** Notes what a server said with `keep-alive: timeout=n` about a connection. */
  hint(socket: Duplex, value: string): void {
    const seconds = /(?:^|[,;\s])timeout=(\d{1,9})(?:$|[,;\s])/i.exec(value)?.[1];
    if (seconds !== undefined) this.#hints.set(socket, Number(seconds) * 1000 - HINT_MARGIN);
  }

  /** Two requests may share a connection when this is equal. */
  override getName(options?: unknown): string {
    return (options as PooledRequestArgs).poolKey;
  }

  /** Called by Node when no idle connection fits. */
  override createConnection(options: ClientRequestArgs, connected?: Connected): Duplex {
    (options as PooledRequestArgs).dial().then(
      (socket) => connected!(null, socket),
      (error: unknown) => {
        // Node takes only errors here; a caller's own reason for aborting may be anything.
        const failure = error instanceof Error
          ? error
          : new Error("The attempt was given up", { cause: error });
        connected!(failure, undefined as unknown as Duplex);
      },
    );
    // Nothing now: Node then waits for the callback. Its types have only the other way.
    return undefined as unknown as Duplex;
  }

  /** Called by Node when a response has ended: whether its connection goes back to the pool. */
  override keepSocketAlive(socket: Duplex): boolean {
    if (this.#closed || this.#maxIdle === 0) return false;
    // Bytes beyond the response are no answer to anything; the next request must not take them for its own.
    if (socket.readableLength > 0) return false;
    const limit = Math.min(this.#idleTimeout, this.#hints.get(socket) ?? Infinity);
    if (limit <= 0) return false;
    socket.once("data", destroyOnData);
    (socket as Socket).unref();
    if (limit !== Infinity) this.#expireIdle(socket, limit);
    return true;
  }

  /** Called by Node when an idle connection is used again. */
  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    this.#idle.delete(socket);
    socket.off("data", destroyOnData);
    super.reuseSocket(socket, request);
    this.#reused.add(request);
    // Deno sends any request a second time when a kept connection dies, a POST too, unless it thinks it a new one.
    request.reusedSocket = false;
  }

  /** Whether a request went out on a connection that had served another. */
  reuses(request: ClientRequest): boolean {
    return this.#reused.has(request);
  }

  /**
   * To be called before each request. Closes what was idle for too long where the timer is late: who computed for some
   * seconds, as guests do on this thread, would send into connections that the server has closed.
   */
  prune(): void {
    if (performance.now() < this.#due) return;
    clearTimeout(this.#sweeper);
    this.#sweep();
    // The agent hears of it later, and looks for the destroyed at one end only.
    for (const sockets of Object.values(this.freeSockets)) {
      for (let at = (sockets?.length ?? 0) - 1; at >= 0; at--) {
        if (sockets![at]!.destroyed) sockets!.splice(at, 1);
      }
    }
  }

  /** Closes the idle connections of a key: one was found dead, so the others of its age are. */
  evict(key: string): void {
    for (const socket of [...(this.freeSockets[key] ?? [])]) socket.destroy();
  }

  /** Closes what is idle, and from now on each connection after its response. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#sweeper);
    this.#sweeper = undefined;
    this.#due = Infinity;
    this.#idle.clear();
    for (const sockets of Object.values(this.freeSockets)) {
      for (const socket of [...(sockets ?? [])]) socket.destroy();
    }
  }

  #expireIdle(socket: Duplex, limit: number): void {
    this.#idle.set(socket, performance.now() + limit);
    if (this.#sweeper === undefined) this.#sweepIn(limit);
  }

  #sweepIn(wait: number): void {
    this.#due = performance.now() + wait;
    // Of Node's module: its timer can be told not to keep the program running.
    this.#sweeper = setTimeout(() => this.#sweep(), Math.min(Math.max(Math.ceil(wait), 1), MAX_TIMER));
    this.#sweeper.unref();
  }

  #sweep(): void {
    this.#sweeper = undefined;
    this.#due = Infinity;
    const now = performance.now();
    let next = Infinity;
    for (const [socket, due] of [...this.#idle]) {
      if (due > now && !socket.destroyed) {
        next = Math.min(next, due);
        continue;
      }
      this.#idle.delete(socket);
      socket.destroy();
    }
    if (next !== Infinity) this.#sweepIn(next - now);
  }
}

function destroyOnData(this: Duplex): void {
  this.destroy();
}
