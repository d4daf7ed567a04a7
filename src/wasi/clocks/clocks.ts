/** The clocks that a guest is given. */
import type { GuestClocks } from "../options.ts";

/** Clocks with the platform's filled in. */
export interface Clocks {
  /** Nanoseconds, never going back. */
  monotonic(): bigint;
  /** Nanoseconds since 1970. */
  wall(): bigint;
}

const nanoseconds = (milliseconds: number) => BigInt(Math.round(milliseconds * 1e6));

/** The clocks of an instance. */
export function resolveClocks(clocks: GuestClocks = {}): Clocks {
  return {
    monotonic: clocks.monotonic ?? (() => nanoseconds(performance.now())),
    wall: clocks.wall ?? (() => nanoseconds(Date.now())),
  };
}
