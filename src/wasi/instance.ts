/** One instance of a guest: its objects, its limits, its end. */
import { ResourceRegistry } from "./abi/handles.ts";
import type { CallScope } from "./abi/lower.ts";
import { GuestExit, type GuestLimit, GuestLimitError, GuestTrapError } from "./error.ts";
import { NEVER, Pollable, type Waitable, waitForAny } from "./io/poll.ts";
import { LinkedSet } from "./linked.ts";
import { type ResolvedLimits, resolveLimits } from "./limits.ts";
import type { GuestOptions } from "./options.ts";
import { Turns } from "./turn.ts";
import type { Capabilities } from "./capabilities.ts";

/** Why an instance is over of which nothing more is wanted; one for all, since a stack costs more than its end. */
const ENDED = new GuestTrapError("The instance has ended");

/** Calls between two looks at the clock, for guests that never wait. */
const CALLS = 256;

/** What all host functions are called with. Made for one instantiation, never used again after its end. */
export class Instance implements CallScope {
  readonly resources: ResourceRegistry;
  /** Limits with defaults. */
  readonly limits: ResolvedLimits;
  /** What was granted. */
  readonly capabilities: Capabilities;
  readonly #turns = new Turns();
  readonly #cleanups = new LinkedSet<() => void>();
  readonly #suspended = new LinkedSet<(reason: unknown) => void>();
  /** Whoever waits for the guest. */
  readonly #waiting = new LinkedSet<(reason: unknown) => void>();
  #deadline = Infinity;
  #timeLimit = Infinity;
  #clearTimer: () => void = () => {};
  #mayBeInterrupted: boolean;
  #over: { readonly reason: unknown } | undefined;
  #trap: unknown;
  #calls = 0;
  #output = 0;

  /** Starts the clock of the time limit. */
  constructor(options: GuestOptions, capabilities: Capabilities) {
    this.limits = resolveLimits(options.limits);
    this.capabilities = capabilities;
    this.resources = new ResourceRegistry(this.limits.handles);
    this.#mayBeInterrupted = options.signal !== undefined;
    this.limitTime(this.limits.timeout);
    const { signal } = options;
    if (signal !== undefined) {
      const abort = () =>
        this.end(
          new GuestLimitError("aborted", "The guest was aborted by the caller", { cause: signal.reason }),
        );
      if (signal.aborted) abort();
      else {
        signal.addEventListener("abort", abort, { once: true });
        this.onEnd(() => signal.removeEventListener("abort", abort));
      }
    }
  }

  /** Ends the instance `timeout` milliseconds from now, wherever it waits, instead of when it was to end before. */
  limitTime(timeout: number): void {
    this.#clearTimer();
    this.#clearTimer = () => {};
    this.#timeLimit = timeout;
    this.#deadline = performance.now() + timeout;
    if (timeout === Infinity) return;
    this.#mayBeInterrupted = true;
    const timer = setTimeout(() => this.end(this.#timeoutError()), Math.min(timeout, 2 ** 31 - 1));
    const forget = this.onEnd(() => clearTimeout(timer));
    this.#clearTimer = () => {
      clearTimeout(timer);
      forget();
    };
  }

  /** The guest is called: what it does from now on is told apart from what it did at earlier calls. */
  begin(): void {
    this.#turns.begin();
  }

  /** Why the instance is over; `undefined` while it is not. */
  get endReason(): unknown {
    return this.#over?.reason;
  }

  /** The first thing that a host function failed with, which is why the guest trapped. */
  get trapCause(): unknown {
    return this.#trap;
  }

  /** How often the guest has called the host. */
  get calls(): number {
    return this.#calls;
  }

  enter(memorySize: number): void {
    if (this.#over !== undefined) throw this.#over.reason;
    if (memorySize > this.limits.memory) {
      throw this.trapped(
        this.limit("memory", `The guest's memory grew past the limit of ${this.limits.memory} bytes`),
      );
    }
    if ((++this.#calls & (CALLS - 1)) === 0 && performance.now() > this.#deadline) {
      const error = this.#timeoutError();
      this.end(error);
      throw error;
    }
  }

  trapped(error: unknown): unknown {
    this.#trap ??= error;
    return error;
  }

  suspend<T>(promise: Promise<T>): Promise<T> {
    // The end of the instance must not wait for the operation, which may never settle.
    return unless(this.#suspended, promise);
  }

  /** What `promise` comes to, or the reason for which the instance ends before, also after `exit`. */
  unlessEnded<T>(promise: Promise<T>): Promise<T> {
    return unless(this.#waiting, promise);
  }

  /** The guest dropped the handle of the object with this number. Breaking the order of drops is a trap. */
  dispose(rep: number): void {
    try {
      this.resources.drop(rep);
    } catch (error) {
      throw this.trapped(error);
    }
  }

  /** Why it was ended while it computed. */
  interrupted(): GuestLimitError {
    if (performance.now() >= this.#deadline) return this.#timeoutError();
    return this.limit("aborted", "The guest was aborted by the caller");
  }

  /** An error for a broken limit. */
  limit(limit: GuestLimit, message: string): GuestLimitError {
    return new GuestLimitError(limit, message);
  }

  /** Counts bytes of standard output and error. */
  countOutput(bytes: number): void {
    this.#output += bytes;
    if (this.#output > this.limits.outputBytes) {
      throw this.limit("output", `The guest wrote more than the limit of ${this.limits.outputBytes} bytes`);
    }
  }

  /** `exit`: unwinds the guest; whatever it still runs on the way cannot call the host any more. */
  exit(code: number): never {
    const exit = new GuestExit(code);
    this.#over = { reason: exit };
    throw exit;
  }

  /** Runs `cleanup` when the instance ends. Returns what takes that back. */
  onEnd(cleanup: () => void): () => void {
    const link = this.#cleanups.add(cleanup);
    return () => void this.#cleanups.take(link);
  }

  /** Ends the instance: every transfer is aborted, every timer cleared, a suspended guest unwound. */
  end(reason: unknown = ENDED): void {
    if (this.#over === undefined) this.#over = { reason };
    for (const reject of this.#waiting.drain()) reject(reason); // also after `exit`, while output is still being taken
    for (const reject of this.#suspended.drain()) reject(this.#over.reason);
    this.#turns.stop();
    this.resources.clear();
    for (const cleanup of this.#cleanups.drain()) cleanup();
  }

  /** A pollable for `source`, which must be dropped before it. */
  subscribe(source: Waitable & { children: number; parent: unknown }): Pollable {
    return new Pollable(source).childOf(source as never);
  }

  /** `poll`: the indices of what is ready, at least one. */
  poll(sources: readonly Waitable[]): readonly number[] | Promise<readonly number[]> {
    const ready = readyOf(sources);
    if (ready.length > 0 && !this.#turns.due()) return ready;
    return this.#poll(sources, ready.length > 0);
  }

  /** Resolves, or returns, when `source` is ready. */
  ready(source: Waitable): void | Promise<void> {
    if (source.ready() && !this.#turns.due()) return;
    return this.#poll([source], source.ready()).then(() => {});
  }

  /** Lets the event loop turn if the guest has been busy for long; the answer is then worked out anew. */
  fairly<T>(answer: () => T): T | Promise<T> {
    return this.#turns.due() ? this.#turns.next().then(answer) : answer();
  }

  async #poll(sources: readonly Waitable[], yieldFirst: boolean): Promise<readonly number[]> {
    if (yieldFirst) await this.#turns.next();
    for (;;) {
      const ready = readyOf(sources);
      if (ready.length > 0) {
        if (!this.#turns.due()) return ready;
        await this.#turns.next();
        continue;
      }
      this.#refuseDeadlock(sources);
      this.#turns.watch();
      const { woken, cancel } = waitForAny(sources);
      const forget = this.onEnd(cancel);
      await woken;
      forget();
      if (this.#over !== undefined) throw this.#over.reason;
    }
  }

  #refuseDeadlock(sources: readonly Waitable[]): void {
    const reasons = sources.map((source) => source.stuck?.());
    if (reasons.some((reason) => reason === undefined)) return;
    const unique = [...new Set(reasons)].join("; ");
    // A guest that sleeps for ever on purpose is ended by its time limit or by the caller.
    if (this.#mayBeInterrupted && reasons.every((reason) => reason === NEVER)) return;
    throw new GuestTrapError(`The guest waits for what can never happen: ${unique}`);
  }

  #timeoutError(): GuestLimitError {
    return this.limit("timeout", `The guest ran into its time limit of ${this.#timeLimit} ms`);
  }
}

/** What `promise` comes to, unless what stands in `rejecters` meanwhile is called before. */
function unless<T>(rejecters: LinkedSet<(reason: unknown) => void>, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const link = rejecters.add(reject);
    promise.then(
      (value) => {
        rejecters.take(link);
        resolve(value);
      },
      (error) => {
        rejecters.take(link);
        reject(error);
      },
    );
  });
}

function readyOf(sources: readonly Waitable[]): number[] {
  const ready: number[] = [];
  for (let i = 0; i < sources.length; i++) if (sources[i]!.ready()) ready.push(i);
  return ready;
}
