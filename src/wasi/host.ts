/** Host functions of this host: they are called with the {@linkcode Instance} first. */
import { functionsOf, type HostFunction as Of } from "./abi/lower.ts";
import type { Instance } from "./instance.ts";

/** A host function. */
export type HostFunction = Of<Instance>;

/**
 * An interface of WASI, named without version. Functions have the names of the canonical ABI: `poll`,
 * `[method]pollable.block`, `[static]fields.from-list`, `[constructor]fields`.
 */
export interface HostInterface {
  /** Such as `wasi:io/poll`. */
  readonly name: string;
  /** Versions that it is of; by default 0.2.0 and what followed, which only added. */
  readonly versions?: readonly string[];
  /** Resource types that it defines, by their WIT name. */
  readonly resources?: readonly string[];
  /** Its functions. */
  readonly functions: Readonly<Record<string, HostFunction>>;
}

const made = functionsOf<Instance>();
/** A host function that returns at once. */
export const fn: typeof made.fn = made.fn;
/** A host function that may suspend the guest. */
export const suspending: typeof made.suspending = made.suspending;
