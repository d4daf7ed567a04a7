/** Options of the concurrency limits. */
import { ConfigurationError } from "../../store/error.ts";

/** Limits of a client. */
export interface LimitOptions {
  /** Requests under way at once, response bodies included; further ones wait their turn. Default: no limit. */
  readonly maxConcurrency?: number;
  /** The same for each origin (scheme, host and port as the URL spells them). Default: no limit. */
  readonly maxConcurrencyPerHost?: number;
}

/**
 * The limits, without those that limit nothing.
 *
 * @throws {ConfigurationError} for one that is not a positive integer (`Infinity` means none).
 */
export function checkLimits({ maxConcurrency, maxConcurrencyPerHost }: LimitOptions): LimitOptions {
  return {
    maxConcurrency: checked("maxConcurrency", maxConcurrency),
    maxConcurrencyPerHost: checked("maxConcurrencyPerHost", maxConcurrencyPerHost),
  };
}

function checked(key: keyof LimitOptions, value: number | undefined): number | undefined {
  if (value === undefined || value === Infinity) return undefined;
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new ConfigurationError(`Cannot use ${value} as "${key}": it must be a positive integer`, {
    store: "HTTP",
    key,
  });
}
