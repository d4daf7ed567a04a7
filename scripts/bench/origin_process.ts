/** Starts the benchmarks' server as a process of its own. */
import { startProgram } from "./program.ts";

/** Where it listens, and how to end it. */
export interface OriginProcess extends AsyncDisposable {
  readonly url: string;
}

/** Resolves when the server listens. */
export async function startOrigin(
  script = "origin.ts",
  args: readonly string[] = [],
): Promise<OriginProcess> {
  const { href } = new URL(script, import.meta.url);
  // Several threads on one port are unstable in Deno.
  const program = startProgram(Deno.execPath(), ["run", "-A", "--quiet", "--unstable-net", href, ...args]);
  return { url: await program.line(), [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}
