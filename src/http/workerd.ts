/** What cannot be found out of workerd (Cloudflare's runtime) by its features. */

/**
 * Whether this is workerd. Its `node:http` looks whole, but is made of its `fetch`: it has no sockets, agents or raw
 * headers, and throws at options that matter. Its documented way to be told is this.
 */
export function isWorkerd(): boolean {
  return (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent === "Cloudflare-Workers";
}
