/** The pool of kept connections: Node's agent, told how to connect and what makes two connections alike. */
import { Agent, type AgentOptions, type ClientRequest, type ClientRequestArgs } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ClientOptions } from "../options.ts";
import { duration } from "./deadline.ts";
import { DEFAULT_POOL_IDLE_TIMEOUT, DEFAULT_POOL_MAX_IDLE } from "./settings.ts";

/** What a request tells the agent beside Node's own options. */
export interface PooledRequestArgs extends ClientRequestArgs {
  /** Connections of the same key serve the same requests. */
  readonly poolKey: string;
  /** Opens a connection when none is idle. */
  readonly dial: () => Promise<Socket>;
}

type Connected = (error: Error | null, stream: Duplex) => void;

/** Longest timer that Node takes. */
const MAX_TIMER = 2 ** 31 - 1;

/** Keeps connections alive, each service its own. */
export class PoolAgent extends Agent {
  readonly #maxIdle: number;
  #closed = false;

  /** Reads the pool options. */
  constructor(options: ClientOptions) {
    const idle = duration(options.poolIdleTimeout ?? DEFAULT_POOL_IDLE_TIMEOUT);
    const maxIdle = options.poolMaxIdlePerHost ?? DEFAULT_POOL_MAX_IDLE;
    const agent: AgentOptions = { keepAlive: true, maxFreeSockets: maxIdle, scheduling: "lifo" };
    if (idle !== Infinity) agent.timeout = Math.min(idle, MAX_TIMER);
    super(agent);
    this.#maxIdle = maxIdle;
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
    const keep = super.keepSocketAlive(socket) as unknown as boolean;
    if (keep) socket.once("data", destroyOnData);
    return keep;
  }

  /** Called by Node when an idle connection is used again. */
  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    socket.off("data", destroyOnData);
    super.reuseSocket(socket, request);
  }

  /** Closes the idle connections of a key: one was found dead, so the others of its age are. */
  evict(key: string): void {
    for (const socket of [...(this.freeSockets[key] ?? [])]) socket.destroy();
  }

  /** Closes what is idle, and from now on each connection after its response. */
  close(): void {
    this.#closed = true;
    for (const sockets of Object.values(this.freeSockets)) {
      for (const socket of [...(sockets ?? [])]) socket.destroy();
    }
  }
}

function destroyOnData(this: Duplex): void {
  this.destroy();
}
