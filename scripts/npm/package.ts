/** The one description of the npm package; both ways to build it write their `package.json` from here. */

/** Where a builder put what an entry point became, relative to the package's folder. */
export interface BuiltEntry {
  /** The ES module, such as `./src/http/mod.js`. */
  readonly code: string;
  /** Its declarations. */
  readonly types: string;
}

/** What of `deno.json` the package is made of. */
export interface Project {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Source file of each entry point, by the name it is exported under. */
  readonly exports: Readonly<Record<string, string>>;
  /** Bare specifiers to `npm:name@range`. */
  readonly imports: Readonly<Record<string, string>>;
}

/** Files that go into the package as they are. */
export const ASSETS: readonly string[] = ["README.md", "CHANGELOG.md", "LICENSE"];

/** The folder of the page that `storeport gateway --ui` serves, built. */
export const UI = "ui";

/** The command's file; a line that loads the entry point `./cli`. */
export const BIN = "./bin/storeport.js";

/**
 * Installed with the package: a hash, an XML reader, types by file names, and what the command parses and shows with.
 * 3.7 MB in all; none of it is loaded by who does not use the part that needs it.
 */
export const DEPENDENCIES: readonly string[] = [
  "@noble/hashes",
  "cli-progress",
  "commander",
  "fast-xml-parser",
  "mime",
];

/**
 * Left to who hosts guests: with its own dependencies (93 MB of binaryen, which never runs) it would be 30 times
 * everything else. The host names it when it is missing.
 */
export const OPTIONAL_PEERS: readonly string[] = ["@bytecodealliance/jco-transpile"];

/** What the package's code may import besides `node:` modules. */
export const PACKAGES: readonly string[] = [...DEPENDENCIES, ...OPTIONAL_PEERS];

/** Node's oldest supported line, and what commander asks for. */
export const ENGINES: Readonly<Record<string, string>> = { node: ">=22.12.0" };

/** The content of `package.json`. */
export function packageJson(
  project: Project,
  locate: (source: string) => BuiltEntry,
): Record<string, unknown> {
  const main = locate(project.exports["."]!);
  const exports = Object.entries(project.exports).map(([name, source]) => {
    const { code, types } = locate(source);
    return [name, { types, default: code }] as const;
  });
  const range = (name: string): string => rangeOf(project, name);
  return {
    name: project.name,
    version: project.version,
    description: "Object stores behind one interface on every JavaScript runtime, and a host for WASI guests",
    keywords: [
      "object-store",
      "s3",
      "webdav",
      "storage",
      "http",
      "wasi",
      "wasi-http",
      "webassembly",
      "component-model",
      "deno",
      "bun",
      "edge",
    ],
    license: project.license,
    type: "module",
    sideEffects: false,
    engines: ENGINES,
    main: main.code,
    types: main.types,
    exports: Object.fromEntries([...exports, ["./package.json", "./package.json"]]),
    bin: { storeport: BIN },
    dependencies: Object.fromEntries(DEPENDENCIES.map((name) => [name, range(name)])),
    peerDependencies: Object.fromEntries(OPTIONAL_PEERS.map((name) => [name, range(name)])),
    peerDependenciesMeta: Object.fromEntries(OPTIONAL_PEERS.map((name) => [name, { optional: true }])),
  };
}

function rangeOf(project: Project, name: string): string {
  const target = project.imports[name];
  if (target === undefined) throw new Error(`deno.json imports no "${name}"`);
  return target.slice(`npm:${name}@`.length);
}
