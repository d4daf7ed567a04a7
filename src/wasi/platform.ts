/** What there is on the platform that this runs on, told by features. */

/** Whether there are Node's modules: in Node, Deno and Bun. */
export function hasNode(): boolean {
  return (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node !== undefined;
}
