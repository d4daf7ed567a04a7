/** Which request meets which fault. */
import type { HttpRequest } from "../http/service.ts";

/**
 * What goes wrong. Offsets are in bytes of the body; one beyond a body of known length means its last byte, so that
 * every body can be broken.
 *
 * - `refuse`: no connection.
 * - `reset`: the connection breaks after so many bytes of the request, or of the response. A request that is shorter
 *   is sent whole, and its answer is lost.
 * - `stall`: nothing more comes after so many bytes of the response, or no head where `after` is left out.
 * - `truncate`: the response ends early.
 * - `status`: this status in place of the server's answer, which is not asked.
 * - `corrupt`: one byte of the response is another.
 * - `slow`: each piece of the response (at most `pieceSize` bytes, default as they come) takes `delay` milliseconds.
 */
export type Fault =
  | { readonly kind: "refuse" }
  | { readonly kind: "reset"; readonly side: "request" | "response"; readonly after: number }
  | { readonly kind: "stall"; readonly after?: number }
  | { readonly kind: "truncate"; readonly after: number }
  | { readonly kind: "status"; readonly status: number; readonly retryAfter?: string }
  | { readonly kind: "corrupt"; readonly at: number }
  | { readonly kind: "slow"; readonly delay: number; readonly pieceSize?: number };

/** Decides about the `index`-th request (from 0): a fault, or none. */
export type FaultPlan = (request: HttpRequest, index: number) => Fault | undefined;

/** The first request meets the first fault, and so on; `undefined` lets one pass, as does the end of the list. */
export function scriptedFaults(script: readonly (Fault | undefined)[]): FaultPlan {
  const left = [...script];
  return () => left.shift();
}

/** Options of {@linkcode randomFaults}: how likely each fault is for a request, 0 to 1. Their sum is at most 1. */
export interface RandomFaultOptions {
  /** The same seed makes the same faults, for requests in the same order. Default 1. */
  readonly seed?: number;
  /** No connection. */
  readonly refuse?: number;
  /** Half of them on the way out, half on the way back. */
  readonly reset?: number;
  /** Half of them before the head, half in the body. */
  readonly stall?: number;
  /** The response ends early. */
  readonly truncate?: number;
  /** A 503; half of them with `retry-after: 0`. */
  readonly status?: number;
  /** One byte of the response is another. */
  readonly corrupt?: number;
  /** Each piece of the response is delayed. */
  readonly slow?: number;
  /** Largest offset in a body. Default 65,536. */
  readonly maxOffset?: number;
  /** Pause of `slow`, in milliseconds. Default 1. */
  readonly delay?: number;
}

/**
 * Faults by chance, repeatable by their seed.
 *
 * @throws {RangeError} when the probabilities add up to more than 1.
 */
export function randomFaults(options: RandomFaultOptions): FaultPlan {
  const random = mulberry32(options.seed ?? 1);
  const kinds = ["refuse", "reset", "stall", "truncate", "status", "corrupt", "slow"] as const;
  const total = kinds.reduce((sum, kind) => sum + (options[kind] ?? 0), 0);
  if (total > 1 + 1e-9) throw new RangeError(`Cannot plan faults whose probabilities add up to ${total}`);
  return () => {
    // All drawn for every request, so that one kind's probability does not shift the others' draws.
    let chance = random();
    const half = random() < 0.5;
    const offset = Math.floor(random() * (options.maxOffset ?? 65_536));
    for (const kind of kinds) {
      chance -= options[kind] ?? 0;
      if (chance < 0) return fault(kind, half, offset, options.delay ?? 1);
    }
    return undefined;
  };
}

function fault(kind: Fault["kind"], half: boolean, offset: number, delay: number): Fault {
  switch (kind) {
    case "refuse":
      return { kind };
    case "reset":
      return { kind, side: half ? "request" : "response", after: offset };
    case "stall":
      return half ? { kind } : { kind, after: offset };
    case "truncate":
      return { kind, after: offset };
    case "status":
      return half ? { kind, status: 503 } : { kind, status: 503, retryAfter: "0" };
    case "corrupt":
      return { kind, at: offset };
    case "slow":
      return { kind, delay };
  }
}

/** A small generator with a seed: 32 bits of state, good enough to choose faults. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
