/** Caps on what is under way at once. */

/** Limits of a client. */
export interface LimitOptions {
  /** Requests under way at once, response bodies included; further ones wait their turn. Default: no limit. */
  readonly maxConcurrency?: number;
}
