/**
 * Reading and mending the JavaScript that jco generates:
 *
 * - what it asks of its import object, function by function, which nothing else tells;
 * - each handle table gets the name of its resource type, so that our own lowering finds it;
 * - its debug log reads an environment variable at every call, which costs a system call and a permission;
 * - a trap in an export that is async for JSPI alone waits for a promise that nobody settles: it is thrown instead;
 * - a handler of HTTP requests can be called without jco's bookkeeping of tasks, which costs more than a request.
 *
 * All of it is tied to the pinned version of jco; where the text is not as expected, loading fails with a message
 * that says so, rather than a guest failing oddly later.
 */

/** One interface that generated code imports. */
export interface RequiredImport {
  /** Without version, as generated code names it. */
  readonly name: string;
  /** The version the guest was built with. */
  readonly version: string | undefined;
  /** What is used of it: `poll`, `Fields`, `Fields.fromList`, `Fields.prototype.get`. */
  readonly members: readonly string[];
}

/** Mended code and what it requires. */
export interface PatchedCode {
  /** ES module text with an `instantiate` export. */
  readonly code: string;
  /** Its imports. */
  readonly required: readonly RequiredImport[];
}

const DESTRUCTURING = /const \{([^}]*)\} = imports\['([^']+)'\];/g;
const LOWERING = /if \(([\w$.]+)\[symbolCabiLower\]\) \{/g;
const TABLE = /const (handleTable(\d+)) = \[T_FLAG, 0\];\n/g;
const DEBUG = "if (!globalThis?.process?.env?.JCO_DEBUG) { return; }";

const LOST_TRAP = /(task\.reject\(err\);\s*task\.exit\(\);\s*)return task\.completionPromise\(\);/g;

/**
 * The wrapper of an HTTP handler's export: the tables of its two handles, the core function, and what must follow it.
 */
const HANDLER =
  /arg0 instanceof IncomingRequest[^]*?rscTableCreateOwn\((handleTable\d+), rep\)[^]*?arg1 instanceof ResponseOutparam[^]*?rscTableCreateOwn\((handleTable\d+), rep\)[^]*?\b(\w+Handle)\(handle0, handle1\)/;
const WRAPPER_END = /^ {2}\}$/m;
const EXPORTS = /return \{ (?=[^{}\n]*'wasi:http\/incoming-handler@)/;

/** Where patched code puts what calls its HTTP handler, in its exports. */
export const CALL_HANDLER: unique symbol = Symbol.for("storeport.callHandler") as never;

/** The exports of each core instance, in variables. */
const CORE_EXPORTS = /^ {2}let (exports\d+);$/gm;

/** Adds {@linkcode CALL_HANDLER} to the exports of a component that handles HTTP requests. */
function exposeHandler(code: string, rewindable: boolean): string {
  const handler = HANDLER.exec(code);
  if (handler === null) return code;
  const [, requests, outparams, core] = handler;
  const rest = code.slice(handler.index + handler[0].length);
  // Guests of some toolchains, JavaScript's among them, count on their post-return function before the next call.
  const after = /^\s*(postReturn\d+)\(\);/m.exec(rest.slice(0, rest.search(WRAPPER_END)))?.[1];
  const call = after === undefined
    ? `(request, outparam) => ${core}(request, outparam)`
    : `async (request, outparam) => { await ${core}(request, outparam); ${after}(); }`;
  // For whoever puts instances back to their start.
  const cores = rewindable
    ? `[${[...code.matchAll(CORE_EXPORTS)].map(([, name]) => name).join(", ")}]`
    : "undefined";
  const member = `[Symbol.for("storeport.callHandler")]: { requests: ${requests}, outparams: ${outparams}, ` +
    `call: ${call}, cores: ${cores}, tables: HANDLE_TABLES }, `;
  return code.replace(EXPORTS, (start) => start + member);
}

/** Where generated code shows which class a capture table, and so a handle table, belongs to. */
const OWNERS: readonly (readonly [pattern: RegExp, table: number, owner: number])[] = [
  // A handle lifted: the object is looked up, or made from the class.
  [
    /captureTable(\d+)\.get\(rep\d+\);\s*if \(!rsc\d+\) \{\s*rsc\d+ = Object\.create\(([\w$]+)\.prototype\)/g,
    1,
    2,
  ],
  // A handle dropped.
  [
    /captureTable(\d+)\.get\(handleEntry\.rep\);[^]{0,200}?\} else if \(([\w$]+)\[symbolCabiDispose\]\)/g,
    1,
    2,
  ],
  // An object lowered.
  [
    / instanceof ([\w$]+)\)\) \{\s*throw new TypeError\([^\n]*\);\s*\}\s*(?:let|var) handle\d* = [^]{0,160}?captureTable(\d+)\.set\(/g,
    2,
    1,
  ],
];

/** Thrown when generated code is not as this version of the host knows it. */
export class UnknownCodeError extends Error {
  override readonly name = "UnknownCodeError";
}

/**
 * Mends generated code. `versions` are the full names of the component's imports; `rewindable` says that all core
 * modules are such as {@linkcode rewindable} makes.
 */
export function patchCode(
  source: string,
  versions: ReadonlyMap<string, string | undefined>,
  rewindable: boolean,
): PatchedCode {
  /** Local name of a class or function to where it comes from. */
  const locals = new Map<string, { readonly from: string; readonly name: string }>();
  const required = new Map<string, Set<string>>();
  for (const [, names, from] of source.matchAll(DESTRUCTURING)) {
    const members = required.get(from!) ?? new Set();
    required.set(from!, members);
    for (const part of names!.split(",")) {
      const [name, local = name] = part.split(":").map((side) => side.trim());
      if (name === "" || name === undefined) continue;
      members.add(name);
      locals.set(local!, { from: from!, name });
    }
  }
  for (const [, path] of source.matchAll(LOWERING)) {
    const [local, ...rest] = path!.split(".");
    const origin = locals.get(local!);
    if (origin !== undefined) required.get(origin.from)!.add([origin.name, ...rest].join("."));
  }

  const owners = new Map<string, string>();
  for (const [pattern, tableGroup, ownerGroup] of OWNERS) {
    for (const match of source.matchAll(pattern)) {
      const origin = locals.get(match[ownerGroup]!);
      if (origin !== undefined) owners.set(match[tableGroup]!, `${origin.from}#${origin.name}`);
    }
  }
  let code = source.replace(TABLE, (line, table: string, number: string) => {
    const owner = owners.get(number);
    return owner === undefined ? line : `${line}  ${table}.resource = ${JSON.stringify(owner)};\n`;
  });
  code = code.replace(DEBUG, "return;").replace(LOST_TRAP, "$1throw err;");
  code = exposeHandler(code, rewindable);

  if (code === source || !code.includes("export function instantiate(")) {
    throw new UnknownCodeError(
      "The code that jco generated is not of the version that this host was written for",
    );
  }
  return {
    code,
    required: [...required].map(([name, members]) => ({
      name,
      version: versions.get(name),
      members: [...members],
    })),
  };
}
