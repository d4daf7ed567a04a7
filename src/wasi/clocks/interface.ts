/** The interfaces of `wasi:clocks`. */
import { own, u64 } from "../abi/types.ts";
import { fn, type HostInterface } from "../host.ts";
import { pollable } from "../io/interface.ts";
import { datetime, toDatetime } from "./datetime.ts";
import { subscribeDuration, subscribeInstant } from "./timer.ts";

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
