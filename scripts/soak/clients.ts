/** The clients of the soak: many that ask and check, some that leave, some that read slowly. */
import { Connection, CutOff, type Sink } from "./connection.ts";
import { bytes, type Exchange, type Expected, matches, ordinary, randomFrom, trap } from "./mix.ts";

/** What the clients do. */
export interface ClientOptions {
  readonly port: number;
  readonly requests: number;
  readonly connections: number;
  readonly slowReaders: number;
  /** Bytes of what slow readers read, and milliseconds between their reads. */
  readonly slowBytes: number;
  readonly slowPause: number;
  /** Shares of requests that clients abandon, and that make guests trap. */
  readonly disconnects: number;
  readonly traps: number;
  readonly seed: number;
}

/** What came of it. */
export interface Tally {
  /** Requests begun by the many. */
  begun: number;
  /** Answers that were right to the last byte. */
  whole: number;
  /** Requests made again because the server had just closed the connection for want of one. */
  again: number;
  /** Requests abandoned. */
  dropped: number;
  /** Requests that ended in a trap, as they should. */
  trapped: number;
  /** Answers of slow readers that were right to the last byte. */
  slowWhole: number;
  /** What was wrong, the first few in words. */
  wrong: number;
  readonly complaints: string[];
}

/** Complaints kept. */
const MOST_COMPLAINTS = 20;
/** Bytes that a slow reader reads at once. */
const SIP = 16 * 1024;
/** Loopback addresses, so that closed connections do not use up the ports. */
const ADDRESSES = Deno.build.os === "linux" ? 16 : 1;

/** See the file's head. */
export class Clients {
  readonly tally: Tally = {
    begun: 0,
    whole: 0,
    again: 0,
    dropped: 0,
    trapped: 0,
    slowWhole: 0,
    wrong: 0,
    complaints: [],
  };
  readonly #options: ClientOptions;
  #stopped = false;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Asks until all requests have been made; slow readers read as long, and then to the end of what they have begun. */
  async run(): Promise<void> {
    const { connections, slowReaders, seed } = this.#options;
    const slow = Array.from({ length: slowReaders }, (_, i) => this.#readSlowly(i));
    await Promise.all(Array.from({ length: connections }, (_, i) => this.#ask(i, randomFrom(seed + i))));
    this.#stopped = true;
    await Promise.all(slow);
  }

  /** Whether there is a request left to make. */
  #next(): boolean {
    if (this.tally.begun >= this.#options.requests) return false;
    this.tally.begun++;
    return true;
  }

  #open(i: number, room?: number): Promise<Connection> {
    return Connection.open(`127.0.0.${1 + i % ADDRESSES}`, this.#options.port, room);
  }

  async #ask(i: number, random: () => number): Promise<void> {
    const { disconnects, traps } = this.#options;
    let connection: Connection | undefined;
    while (this.#next()) {
      const exchange = random() < traps ? trap(random) : ordinary(random);
      const leaves = random() < disconnects;
      let reusable = false;
      try {
        const reused = connection !== undefined;
        connection ??= await this.#open(i);
        if (leaves) await abandon(connection, exchange, random);
        else {
          try {
            reusable = await this.#check(connection, exchange);
          } catch (error) {
            // RFC 9112 section 9.3.1: a connection may be closed while a request is on its way.
            if (!reused || !(error instanceof CutOff) || connection.answered) throw error;
            this.tally.again++;
            connection.close();
            connection = await this.#open(i);
            reusable = await this.#check(connection, exchange);
          }
        }
      } catch (error) {
        if (!leaves) this.#complain(exchange, error);
      }
      if (leaves) this.tally.dropped++;
      if (reusable) continue;
      connection?.close();
      connection = undefined;
    }
    connection?.close();
  }

  /** Makes a request and checks its answer. Resolves to whether the connection may be used again. */
  async #check(connection: Connection, exchange: Exchange): Promise<boolean> {
    const { expected } = exchange;
    if (expected === "trap") {
      const reusable = await trapped(connection, exchange);
      this.tally.trapped++;
      return reusable;
    }
    await connection.write(exchange.request);
    const reusable = await receive(connection, expected);
    this.tally.whole++;
    return reusable;
  }

  async #readSlowly(i: number): Promise<void> {
    const { slowBytes, slowPause } = this.#options;
    const exchange = bytes(slowBytes);
    const pause = () => new Promise<void>((resolve) => setTimeout(resolve, slowPause));
    while (!this.#stopped) {
      let connection: Connection | undefined;
      try {
        connection = await this.#open(i, SIP);
        await connection.write(exchange.request);
        // Whoever has what it asked for when all others are done need not dawdle.
        await receive(connection, exchange.expected as Expected, () => this.#stopped ? undefined : pause());
        this.tally.slowWhole++;
      } catch (error) {
        this.#complain(exchange, error);
      }
      connection?.close();
    }
  }

  #complain({ path }: Exchange, error: unknown): void {
    this.tally.wrong++;
    if (this.tally.complaints.length < MOST_COMPLAINTS) {
      this.tally.complaints.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Reads an answer and checks every byte of it. */
async function receive(connection: Connection, expected: Expected, between?: () => Promise<void> | void) {
  const head = await connection.head();
  let at = 0;
  let wrong: number | undefined;
  const sink: Sink = (piece) => {
    if (wrong === undefined && !matches(piece, at, expected)) wrong = at;
    at += piece.length;
    return between?.();
  };
  const length = await connection.body(head, sink);
  if (head.status !== 200) throw new Error(`status ${head.status}`);
  if (wrong !== undefined) throw new Error(`wrong bytes in the piece at ${wrong}`);
  if (length !== expected.length) throw new Error(`${length} bytes instead of ${expected.length}`);
  return head.headers.get("connection") !== "close";
}

async function trapped(connection: Connection, exchange: Exchange): Promise<boolean> {
  await connection.write(exchange.request);
  const head = await connection.head();
  try {
    await connection.body(head, () => {});
  } catch (error) {
    if (error instanceof CutOff && head.status === 200) return false;
    throw error;
  }
  if (head.status !== 500) throw new Error(`status ${head.status} from a guest that traps`);
  return head.headers.get("connection") !== "close";
}

/** Leaves in the middle: of the request, before the answer, in it, or after its first piece. */
async function abandon(connection: Connection, { request }: Exchange, random: () => number): Promise<void> {
  const moment = random();
  if (moment < 0.2) return await connection.write(request.subarray(0, Math.floor(random() * request.length)));
  await connection.write(request);
  if (moment < 0.4) return;
  if (moment < 0.6) return await new Promise((resolve) => setTimeout(resolve, random() * 5));
  const head = await connection.head();
  if (moment < 0.8) return;
  await connection.body(head, () => Promise.reject(new Error("Enough")));
}
