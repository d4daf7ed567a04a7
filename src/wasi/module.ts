/** A loaded guest's code: generated JavaScript and compiled core modules, kept for every instance. */
import { cacheKey, decodeEntry, encodeEntry, type GuestStore } from "./cache.ts";
import type { ComponentOutline } from "./component.ts";
import type { InstantiateCore } from "./core_imports.ts";
import { needsEpochs } from "./epoch.ts";
import { hasNode } from "./platform.ts";
import { generate, type Generated } from "./transpile/generate.ts";
import type { RequiredImport } from "./transpile/patch.ts";
import { interruptible } from "./transpile/rewrite.ts";

/** The generated `instantiate`. */
export type Instantiate = (
  getCoreModule: (name: string) => Promise<WebAssembly.Module>,
  imports: Record<string, unknown>,
  instantiateCore: InstantiateCore,
) => Promise<Record<string, unknown>>;

/** Code that instances are made of. */
export interface GuestCode {
  /** Makes an instance. */
  readonly instantiate: Instantiate;
  /** A compiled core module by the name that the code asks for. */
  readonly coreModule: (name: string) => Promise<WebAssembly.Module>;
  /** What it imports. */
  readonly required: readonly RequiredImport[];
  /** The generated text and the compiled modules, for other threads. */
  readonly parts: CodeParts;
  /**
   * The same code, to be run in an epoch; see `epoch.ts`. Itself where the platform needs none, or where there is code
   * with instructions that are not known.
   */
  readonly interruptible: () => Promise<GuestCode>;
}

/** What code is made of, in a form that can be sent to another thread. */
export interface CodeParts {
  /** ES module text with an `instantiate` export. */
  readonly text: string;
  /** Core modules by the name that the text asks for. */
  readonly modules: ReadonlyMap<string, WebAssembly.Module>;
  /** Whether code that runs in an epoch can be made of it; see `epoch.ts`. */
  readonly interruptible: boolean;
}

/** As many guests' code as is kept in memory. */
const KEPT = 64;
const memory = new Map<string, Promise<GuestCode>>();

/** The code of a component: from memory, from `store`, or newly transpiled. */
export async function guestCode(
  component: Uint8Array,
  outline: ComponentOutline,
  name: string,
  store: () => Promise<GuestStore | undefined>,
): Promise<GuestCode> {
  const key = await cacheKey(component);
  let code = memory.get(key);
  if (code === undefined) {
    code = make(key, component, outline, name, store);
    memory.set(key, code);
    // A failure is not kept: the next one may have another cause, or none.
    code.catch(() => memory.delete(key));
    if (memory.size > KEPT) memory.delete(memory.keys().next().value!);
  } else {
    // The oldest is dropped first.
    memory.delete(key);
    memory.set(key, code);
  }
  return await code;
}

async function make(
  key: string,
  component: Uint8Array,
  outline: ComponentOutline,
  name: string,
  openStore: () => Promise<GuestStore | undefined>,
): Promise<GuestCode> {
  const store = await openStore();
  const entry = await store?.read(key);
  let generated = entry === undefined ? undefined : await decodeEntry(entry);
  if (generated === undefined) {
    generated = await generate(component, outline, name);
    await store?.write(key, await encodeEntry(generated));
  }
  return await compile(generated);
}

async function compile({ code, modules, required, ...generated }: Generated): Promise<GuestCode> {
  const parts = { text: code, modules: await compileAll(modules), interruptible: generated.interruptible };
  const plain = await codeOf(parts, required);
  if (!parts.interruptible || !needsEpochs()) return plain;
  let interrupted: Promise<GuestCode> | undefined;
  return { ...plain, interruptible: () => interrupted ??= runInEpochs(plain, modules) };
}

async function runInEpochs(plain: GuestCode, modules: Generated["modules"]): Promise<GuestCode> {
  const changed = Object.entries(modules).map(([name, bytes]) => [name, interruptible(bytes)] as const);
  const parts = { ...plain.parts, modules: await compileAll(Object.fromEntries(changed)) };
  return { ...plain, parts, coreModule: (name) => Promise.resolve(parts.modules.get(name)!) };
}

async function compileAll(modules: Generated["modules"]): Promise<ReadonlyMap<string, WebAssembly.Module>> {
  return new Map(
    await Promise.all(
      Object.entries(modules).map(async ([name, bytes]) =>
        [name, await WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>)] as const
      ),
    ),
  );
}

/** Code from its parts, on this thread. */
export async function codeOf(parts: CodeParts, required: readonly RequiredImport[]): Promise<GuestCode> {
  const { text, modules } = parts;
  const instantiate = await instantiateOf(text);
  const code: GuestCode = {
    instantiate,
    required,
    parts,
    coreModule: (name) => Promise.resolve(modules.get(name)!),
    interruptible: () => Promise.resolve(code),
  };
  return code;
}

/**
 * The `instantiate` of generated code. As a function it is parsed lazily and collected with its guest; a module would
 * be analysed whole and kept by the platform for ever. Where the platform forbids that (a content security policy
 * without `unsafe-eval`), it is imported; a page's policy then needs `script-src blob: 'wasm-unsafe-eval'`.
 */
async function instantiateOf(code: string): Promise<Instantiate> {
  let make: () => Instantiate;
  try {
    make = new Function(asFunctionBody(code)) as () => Instantiate;
  } catch (error) {
    if (!(error instanceof EvalError)) throw error;
    return (await importText(code)).instantiate;
  }
  return make();
}

/** Imports the text of a module. Node takes it in `data:` URLs only; on a page one would stand whole in every error. */
async function importText(code: string): Promise<{ readonly instantiate: Instantiate }> {
  if (hasNode()) return await import(`data:text/javascript,${encodeURIComponent(code)}`);
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Generated code has one export that matters and one mention of its own URL, which is not used. */
function asFunctionBody(code: string): string {
  const body = code.replace(/^export /gm, "").replaceAll("import.meta.url", '""');
  return `"use strict";\n${body}\nreturn instantiate;`;
}
