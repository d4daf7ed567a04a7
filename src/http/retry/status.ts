/** Which statuses are retried. Every response is asked, so this is loaded before the other rules. */

// Will not change by trying again: not implemented, HTTP version not supported, and insufficient storage, which
// RFC 4918 section 11.5 forbids to repeat unasked; loop detected, not extended, network authentication required.
const FINAL_5XX = new Set([501, 505, 507, 508, 510, 511]);

/** Whether the status is retried, for every method: 408, 429, and 5xx but 501, 505, 507, 508, 510 and 511. */
export function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500 && status <= 599 && !FINAL_5XX.has(status);
}
