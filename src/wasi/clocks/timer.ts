/** `wasi:clocks/monotonic-clock` subscriptions: pollables of their own, without a parent. */
import { NEVER, Pollable, type Waitable } from "../io/poll.ts";

/** The longest delay that `setTimeout` takes; a longer one would fire at once. */
const LONGEST = 2 ** 31 - 1;
const END_OF_TIME = 2n ** 64n;

/** Ready from an instant on. */
export class Timer implements Waitable {
  readonly #now: () => bigint;
  readonly #deadline: bigint;
  #due = false;

  /** Ready when `now()` has reached `deadline`, in nanoseconds; never for one that u64 cannot hold. */
  constructor(now: () => bigint, deadline: bigint) {
    this.#now = now;
    this.#deadline = deadline;
  }

  ready(): boolean {
    // Once due it stays so, whatever an injected clock says.
    return this.#due ||= this.#deadline <= this.#now();
  }

  wait(wake: () => void): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const arm = () => {
      const left = this.#deadline - this.#now();
      if (left <= 0n) return wake();
      // Rounded up: waking early would only mean to wait again. Long sleeps go in pieces.
      const milliseconds = left > BigInt(LONGEST) * 1_000_000n ? LONGEST : Math.ceil(Number(left) / 1e6);
      timer = setTimeout(arm, milliseconds);
    };
    arm();
    return () => clearTimeout(timer);
  }

  stuck(): string | undefined {
    return this.#deadline >= END_OF_TIME - 1n ? NEVER : undefined;
  }
}

/** A pollable for `deadline`. */
export function subscribeInstant(now: () => bigint, deadline: bigint): Pollable {
  return new Pollable(new Timer(now, deadline));
}

/** A pollable for `duration` from now. */
export function subscribeDuration(now: () => bigint, duration: bigint): Pollable {
  // A zero duration is due whatever the clock says: guests use it to make `poll` not block.
  const deadline = duration === 0n ? 0n : now() + duration;
  return new Pollable(new Timer(now, deadline));
}
