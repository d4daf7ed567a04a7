/** Loading jco's generator, in the least demanding way that the platform offers. */
import { NotSupportedError } from "../../store/error.ts";
import { hasNode } from "../platform.ts";
import type { Generator } from "./generator.ts";

let loading: Promise<Generator> | undefined;

/**
 * jco's generator, loaded once.
 *
 * @throws {NotSupportedError} where it is not installed: the npm package leaves it to those who host guests.
 */
export function loadGenerator(): Promise<Generator> {
  return loading ??= load().catch((error) => {
    // What was missing may be there next time.
    loading = undefined;
    throw isMissing(error) ? missing(error) : error;
  });
}

async function load(): Promise<Generator> {
  // Node, Deno and Bun resolve preview2-shim to a build that reads the environment and starts a worker.
  if (hasNode()) return await (await import("./loader_node.ts")).loadQuietly();
  try {
    return await import("@bytecodealliance/jco-transpile/component") as unknown as Generator;
  } catch (error) {
    // Bundlers let an import that is caught be missing: a page that hosts nothing can leave it out.
    throw error;
  }
}

/** Node and Bun give a code; browsers, Deno and bundles say so in words. */
function isMissing(error: unknown): boolean {
  const { code, message = "" } = error as { code?: unknown; message?: string };
  return code === "ERR_MODULE_NOT_FOUND" || /(resolve|find|load|require).*@bytecodealliance\//i.test(message);
}

function missing(cause: unknown): NotSupportedError {
  return new NotSupportedError(
    "Cannot load the guest: the package that turns components into JavaScript is not installed. Install it with " +
      "`npm install @bytecodealliance/jco-transpile@0.12`",
    { store: "WASI", cause },
  );
}

/** Whether this process had to load the generator. */
export function generatorLoaded(): boolean {
  return loading !== undefined;
}
