/** The interfaces of `wasi:clocks`. */
import { own, record, u32, u64 } from "../abi/types.ts";
import { fn, type HostInterface } from "../host.ts";
import { pollable } from "../io/interface.ts";
import type { GuestClocks } from "../options.ts";
import { subscribeDuration, subscribeInstant } from "./timer.ts";

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

/** `wasi:clocks/wall-clock.datetime` */
export interface Datetime {
  /** Whole seconds since 1970. */
  readonly seconds: bigint;
  /** The rest, below 10^9. */
  readonly nanoseconds: number;
}

/** `wasi:clocks/wall-clock.datetime` */
export const datetime = record<Datetime>({ seconds: u64, nanoseconds: u32 });

/** A point in time as WASI writes it. */
export function toDatetime(ns: bigint): Datetime {
  // Before 1970 there is nothing that the type could say.
  const since = ns < 0n ? 0n : ns;
  return { seconds: since / 1_000_000_000n, nanoseconds: Number(since % 1_000_000_000n) };
}

/** All of `wasi:clocks`. */
export const clockInterfaces: readonly HostInterface[] = [
  {
    name: "wasi:clocks/monotonic-clock",
    functions: {
      "now": fn([], u64, ({ capabilities }) => capabilities.clocks.monotonic()),
      "resolution": fn([], u64, () => 1_000n),
      "subscribe-instant": fn(
        [u64],
        own(pollable),
        ({ capabilities }, when) => subscribeInstant(capabilities.clocks.monotonic, when),
      ),
      "subscribe-duration": fn(
        [u64],
        own(pollable),
        ({ capabilities }, duration) => subscribeDuration(capabilities.clocks.monotonic, duration),
      ),
    },
  },
  {
    name: "wasi:clocks/wall-clock",
    functions: {
      "now": fn([], datetime, ({ capabilities }) => toDatetime(capabilities.clocks.wall())),
      "resolution": fn([], datetime, () => toDatetime(1_000_000n)),
    },
  },
];
