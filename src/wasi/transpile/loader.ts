/** Loading jco's generator, in the least demanding way that the platform offers. */
import type { Generator } from "./generate.ts";

let loading: Promise<Generator> | undefined;

/** jco's generator, loaded once. */
export function loadGenerator(): Promise<Generator> {
  return loading ??= load();
}

async function load(): Promise<Generator> {
  const versions = (globalThis as { process?: { versions?: { node?: string } } }).process?.versions;
  // Node, Deno and Bun resolve preview2-shim to a build that reads the environment and starts a worker.
  if (versions?.node !== undefined) return (await import("./loader_node.ts")).loadQuietly();
  return await import("@bytecodealliance/jco-transpile/component") as unknown as Generator;
}

/** Whether this process had to load the generator. */
export function generatorLoaded(): boolean {
  return loading !== undefined;
}
