/** What core modules that were rewritten import of the host itself: their memories, and their epoch. */
import { GuestLimitError } from "./error.ts";
import type { Epoch } from "./epoch.ts";
import { EPOCH_IMPORT } from "./transpile/epoch.ts";
import { HOST } from "./transpile/host_import.ts";
import { makeMemory, PAGE, type WantedMemory, wantedMemory } from "./transpile/imported_memory.ts";

/** Makes an instance of a core module, as `WebAssembly.instantiate` does. */
export type InstantiateCore = (
  module: WebAssembly.Module,
  imports?: WebAssembly.Imports,
) => Promise<WebAssembly.Instance>;

/** What a module imports of the host. */
interface Wanted {
  readonly memories: readonly WantedMemory[];
  readonly epoch: boolean;
}

/** Listing imports takes longer than making a small instance. */
const wanted = new WeakMap<WebAssembly.Module, Wanted>();

function wantedBy(module: WebAssembly.Module): Wanted {
  let own = wanted.get(module);
  if (own === undefined) {
    const names = WebAssembly.Module.imports(module).filter((one) => one.module === HOST).map(({ name }) =>
      name
    );
    own = {
      memories: names.map(wantedMemory).filter((memory) => memory !== undefined),
      epoch: names.includes(EPOCH_IMPORT),
    };
    wanted.set(module, own);
  }
  return own;
}

/** Makes core instances that run in `epoch`, with {@linkcode coreImports}. */
export function coreInstantiator(epoch: Epoch, memory: number): InstantiateCore {
  return async (module, imports) =>
    await WebAssembly.instantiate(module, coreImports(module, epoch, memory, imports));
}

/**
 * `imports` and what a module imports of the host: an epoch, and memories that grow no further than `memory` bytes.
 *
 * @throws {GuestLimitError} for a memory that begins with more.
 */
export function coreImports(
  module: WebAssembly.Module,
  epoch: Epoch,
  memory: number,
  imports: WebAssembly.Imports = {},
): WebAssembly.Imports {
  const own = wantedBy(module);
  if (own.memories.length === 0 && !own.epoch) return imports;
  const host: WebAssembly.ModuleImports = {};
  for (const one of own.memories) {
    const least = Number(one.least) * PAGE;
    if (least > memory) {
      throw new GuestLimitError(
        "memory",
        `The guest's memory begins with ${least} bytes, more than the limit of ${memory} bytes`,
      );
    }
    host[one.name] = makeMemory(one, memory);
  }
  if (own.epoch) host[EPOCH_IMPORT] = epoch!;
  return { ...imports, [HOST]: host };
}
