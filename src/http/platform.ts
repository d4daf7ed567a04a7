/** Platform traits that cannot be feature-detected; the user agent is the documented way to tell. */

/**
 * Whether this is workerd (Cloudflare's runtime). Its `node:http` looks whole, but is made of its `fetch`: it has no
 * sockets, agents or raw headers, and throws at options that matter.
 */
export function isWorkerd(): boolean {
  return userAgent() === "Cloudflare-Workers";
}

/** Whether this is Node itself, and not what is compatible with it. */
export function isNode(): boolean {
  return userAgent()?.startsWith("Node.js/") === true;
}

function userAgent(): string | undefined {
  return (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent;
}
