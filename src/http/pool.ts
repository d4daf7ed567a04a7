/** How many connections are kept for later requests, and how long, where a client says nothing of it. */

/** How long an idle connection is kept, in milliseconds. */
export const DEFAULT_POOL_IDLE_TIMEOUT = 90_000;
/** Idle connections kept for a host. */
export const DEFAULT_POOL_MAX_IDLE = 64;
