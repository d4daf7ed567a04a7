/** Rewrites core modules for this host, applying all changes in one go. */
import { checkedFunctions } from "./call_graph.ts";
import { type Code, readCode, writeCode } from "./code.ts";
import { epochCheck, epochImport } from "./epoch.ts";
import { HOST } from "./host_import.ts";
import { memoryImport } from "./imported_memory.ts";
import {
  GLOBAL,
  GROW_TYPE,
  growFunction,
  MEMORY,
  type RewindPlan,
  rewindPlan,
  sizeGlobal,
} from "./rewindable.ts";
import {
  appended,
  assemble,
  CODE,
  EXPORTS,
  FUNCTIONS,
  GLOBALS,
  IMPORTS,
  leb,
  MEMORIES,
  named,
  type Section,
  sectionsOf,
  TYPES,
} from "./sections.ts";
import { sectionOf, type Shape, shapeOf } from "./shape.ts";
import { Cursor } from "./instructions.ts";

/** A module as it is kept, and what can be done with it. */
export interface AdoptedModule {
  /** The module: its memories are imports. */
  readonly bytes: Uint8Array;
  /** Whether its instances can be put back to their start; see `rewindable.ts`. */
  readonly rewindable: boolean;
  /** Whether {@linkcode interruptible} knows all of its instructions. */
  readonly interruptible: boolean;
}

/**
 * The module as far as this reader knows it. `rewinds` says whether its instances are to be put back to their start.
 *
 * @throws {TypeError} for one that imports what only the host adds.
 */
export function adopt(module: Uint8Array, rewinds: boolean): AdoptedModule {
  try {
    const sections = sectionsOf(module);
    const shape = shapeOf(module, sections);
    // An epoch is nobody's to write to.
    if (shape.importsHost) throw new TypeError(`It imports "${HOST}", which is the host's own`);
    return rewrite(module, sections, shape, { epochs: false, rewinds });
  } catch (error) {
    // Not as this reader knows modules: the engine will judge it.
    if (error instanceof RangeError) return { bytes: module, rewindable: false, interruptible: false };
    throw error;
  }
}

/** An adopted module in a form that runs in an epoch, whose end ends whatever runs in it; see `epoch.ts`. */
export function interruptible(module: Uint8Array): Uint8Array {
  const sections = sectionsOf(module);
  return rewrite(module, sections, shapeOf(module, sections), { epochs: true, rewinds: false }).bytes;
}

function rewrite(
  module: Uint8Array,
  sections: readonly Section[],
  shape: Shape,
  { epochs, rewinds }: { readonly epochs: boolean; readonly rewinds: boolean },
): AdoptedModule {
  const section = sectionOf(sections, CODE);
  const code = section === undefined ? EMPTY : readCode(module, section);
  const resizes = hasPlace(code, (kind) => kind !== "loop");
  const puttable = rewinds && code !== undefined && !code.lasting;
  const plan = puttable ? rewindPlan(module, sections, shape) : undefined;
  // Whose size it is, is known only where the memory is defined.
  const rewind = resizes && plan?.memory === undefined ? undefined : plan;
  const checked = code === undefined || !epochs ? NONE : checkedFunctions(code, shape.importedFunctions);
  const epoch = epochs && (checked.includes(1) || hasPlace(code, (kind) => kind === "loop"));

  const changed = new Map<number, Uint8Array | undefined>();
  const imports = shape.definedMemories.map(memoryImport);
  if (epoch) imports.push(epochImport());
  if (imports.length > 0) changed.set(IMPORTS, appended(module, sectionOf(sections, IMPORTS), imports));
  changed.set(MEMORIES, undefined);
  const sized = resizes && rewind !== undefined
    ? addSize(module, sections, shape, rewind, changed)
    : undefined;
  if (section !== undefined && code !== undefined && (epoch || sized !== undefined)) {
    const memories = shape.importedMemories.length + shape.definedMemories.length;
    changed.set(
      CODE,
      writeCode(module, section, code, {
        check: epoch ? epochCheck(memories) : undefined,
        checked,
        memory: sized?.memory,
        more: sized?.more ?? [],
      }),
    );
  }
  if (rewind !== undefined) addExports(module, sections, rewind, sized !== undefined, changed);
  return {
    bytes: assemble(module, sections, changed),
    rewindable: rewind !== undefined,
    interruptible: code !== undefined,
  };
}

const EMPTY: Code = { functions: [], lasting: false };
const NONE = new Uint8Array(0);

function hasPlace(code: Code | undefined, wanted: (kind: string) => boolean): boolean {
  return code?.functions.some(({ places }) => places.some(({ kind }) => wanted(kind))) === true;
}

/** The memory's size as a global, and a function that grows it. */
function addSize(
  module: Uint8Array,
  sections: readonly Section[],
  shape: Shape,
  { size, pages, types }: RewindPlan,
  changed: Map<number, Uint8Array | undefined>,
) {
  const functions = sectionOf(sections, FUNCTIONS);
  const grow = shape.importedFunctions + (functions ? new Cursor(module, functions.start).u32() : 0);
  changed.set(TYPES, appended(module, sectionOf(sections, TYPES), [GROW_TYPE]));
  changed.set(FUNCTIONS, appended(module, functions, [leb(types)]));
  changed.set(GLOBALS, appended(module, sectionOf(sections, GLOBALS), [sizeGlobal(pages)]));
  return {
    memory: {
      "memory.size": Uint8Array.from([0x23, ...leb(size)]),
      "memory.grow": Uint8Array.from([0x10, ...leb(grow)]),
    },
    more: [growFunction(size)],
  };
}

function addExports(
  module: Uint8Array,
  sections: readonly Section[],
  { mutable, memory, size }: RewindPlan,
  sized: boolean,
  changed: Map<number, Uint8Array | undefined>,
): void {
  const exported = (name: string, kind: number, index: number) => [...named(name), kind, ...leb(index)];
  const entries = [...mutable, ...sized ? [size] : []].map((index) =>
    exported(`${GLOBAL}${index}`, 3, index)
  );
  if (memory !== undefined) entries.push(exported(MEMORY, 2, memory));
  if (entries.length > 0) changed.set(EXPORTS, appended(module, sectionOf(sections, EXPORTS), entries));
}
