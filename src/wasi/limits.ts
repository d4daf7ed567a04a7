/** Limits with their defaults. */
import type { GuestLimits } from "./options.ts";

/** Bytes that a memory can have. */
export const DEFAULT_MEMORY: number = 4 * 1024 ** 3;

/** The limits with their defaults. */
export type ResolvedLimits = Required<GuestLimits>;

/** {@linkcode GuestLimits} with defaults filled in. */
export function resolveLimits(limits: GuestLimits = {}): ResolvedLimits {
  return {
    timeout: limits.timeout ?? Infinity,
    memory: limits.memory ?? DEFAULT_MEMORY,
    handles: limits.handles ?? 10_000,
    concurrentRequests: limits.concurrentRequests ?? 256,
    requestBytes: limits.requestBytes ?? Infinity,
    responseBytes: limits.responseBytes ?? Infinity,
    bodyWindow: limits.bodyWindow ?? 1024 ** 2,
    fieldBytes: limits.fieldBytes ?? 128 * 1024,
    outputBytes: limits.outputBytes ?? Infinity,
    keyValueBytes: limits.keyValueBytes ?? 64 * 1024 ** 2,
    randomBytes: limits.randomBytes ?? 64 * 1024 ** 2,
  };
}
