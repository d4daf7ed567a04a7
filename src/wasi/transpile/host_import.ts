/** What core modules that were rewritten for this host import from it: memories, under a module name of its own. */
import { named } from "./sections.ts";

/** What the host is imported as. No interface can be called that. */
export const HOST = "storeport host";

/** The import of a memory from the host; `limits` in the binary form of a memory's type. */
export function hostMemory(name: string, limits: readonly number[]): number[] {
  return [...named(HOST), ...named(name), 2, ...limits];
}
