/** Points in time as WASI writes them. */
import { record, u32, u64 } from "../abi/types.ts";

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
