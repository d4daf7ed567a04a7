/** The only module that knows `jco-transpile`: a component becomes JavaScript and core modules. */
import type { ComponentOutline } from "../component.ts";
import { splitVersion } from "../component.ts";
import { GuestLoadError } from "../error.ts";
import { loadGenerator } from "./loader.ts";
import { patchCode, type RequiredImport } from "./patch.ts";
import { adopt, type AdoptedModule } from "./rewrite.ts";

/** The version of jco-transpile and of what is made of its output; part of every cache key. */
export const GENERATOR = "jco-transpile@0.12 hybrid jspi 8";

/** A component in the form that JavaScript runs. */
export interface Generated {
  /** ES module text with an `instantiate` export. */
  readonly code: string;
  /** Core modules by the name that the text asks for. */
  readonly modules: Readonly<Record<string, Uint8Array>>;
  /** What the text imports. */
  readonly required: readonly RequiredImport[];
  /** Whether all of it can be interrupted; see {@linkcode AdoptedModule}. */
  readonly interruptible: boolean;
}

/**
 * Functions that callers may implement with promises: all that are not WASI's. Toolchains name core imports after the
 * interfaces; a component written by hand may not, so bare names are listed too.
 */
function asyncImports({ coreImports }: ComponentOutline): string[] {
  const names = new Set<string>();
  for (const [module, field] of coreImports) {
    if (module.startsWith("wasi:") || module === "" || field.startsWith("[resource-drop]")) continue;
    names.add(field);
    if (module.includes(":")) names.add(`${module}#${field}`);
  }
  return [...names];
}

/** Names that toolchains export for their own use; all other functions may suspend. */
const INTERNAL_EXPORT = /^(memory|_initialize|_start|cabi_|canonical_abi_|__|asyncify_)/;

/**
 * Transpiles a component.
 *
 * @throws {GuestLoadError} when the tool refuses it.
 */
export async function generate(
  component: Uint8Array,
  outline: ComponentOutline,
  name: string,
): Promise<Generated> {
  const generator = await loadGenerator();
  await generator.$init;
  let files;
  try {
    ({ files } = generator.generate(component, {
      name: "component",
      map: [],
      instantiation: { tag: "async" },
      // Imports with a lowering of ours bypass jco's; these lists are for the others.
      importBindings: { tag: "hybrid" },
      asyncMode: {
        tag: "jspi",
        val: {
          imports: asyncImports(outline),
          exports: [...new Set(outline.coreExports.filter((name) => !INTERNAL_EXPORT.test(name)))],
        },
      },
      validLiftingOptimization: false,
      tracing: false,
      noComponentErrorWrapping: true,
      noNodejsCompat: true,
      noTypescript: true,
      tlaCompat: false,
      base64Cutoff: 0,
      noNamespacedExports: false,
      multiMemory: false,
      bindgenEnableWasmExnref: false,
      strict: false,
      flagsAsBigint: false,
      variantsInlineCases: false,
      useNamespaceObjects: false,
      enumValuesScreamingSnakeCase: false,
      idlImports: false,
      asmjs: false,
    }));
  } catch (cause) {
    throw refused(name, cause);
  }
  const versions = new Map(
    outline.imports.map((item) => {
      const { name, version } = splitVersion(item.name);
      return [name, version] as const;
    }),
  );
  let source = "";
  // Instances of handlers are many, and short-lived.
  const rewinds = outline.exports.some(({ name }) => name.startsWith("wasi:http/incoming-handler@"));
  const adopted = new Map<string, AdoptedModule>();
  for (const [file, bytes] of files) {
    if (file.endsWith(".js")) source = new TextDecoder().decode(bytes);
    else if (file.endsWith(".wasm")) {
      try {
        adopted.set(file, adopt(bytes, rewinds));
      } catch (cause) {
        throw refused(name, cause);
      }
    }
  }
  const all = [...adopted.values()];
  // All modules or none: half an instance cannot be put back.
  const rewindable = all.every((module) => module.rewindable);
  return {
    ...patchCode(source, versions, rewindable),
    modules: Object.fromEntries([...adopted].map(([file, { bytes }]) => [file, bytes])),
    interruptible: all.every((module) => module.interruptible),
  };
}

function refused(name: string, cause: unknown): GuestLoadError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new GuestLoadError("invalid-component", `Cannot load the guest "${name}": ${reason}`, { cause });
}
