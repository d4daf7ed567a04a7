import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that holds the guests' sources and, for the small ones, the built components. */
export const GUESTS_DIR: string = fileURLToPath(new URL("../../tests/guests/", import.meta.url));

/** Where guests built on demand, and the tools to build them, are kept. Not in version control. */
export const BUILD_DIR: string = join(GUESTS_DIR, "build");

/** A guest of the tests: where its sources are and how it is built. */
export interface GuestSource {
  /** The toolchain that builds it. */
  toolchain: "rust" | "wat" | "javascript" | "npm" | "python";
  /** Files and folders, relative to the guests' folder, that decide what the binary is. */
  sources: string[];
  /** The built file, relative to the guests' folder. */
  wasm: string;
  /** Rust: the package in the workspace. npm: the file its build leaves. The others: what the toolchain starts from. */
  entry: string;
  /** Rust: whether it is a library without a `main`, which exports what others call. */
  library?: boolean;
  /** Rust: which target; a component unless said otherwise. */
  target?: "wasm32-wasip2" | "wasm32-wasip1";
}

const WORKSPACE = ["Cargo.toml", "Cargo.lock"];
const OBJECT_STORE_WASI = ["object-store-wasi/Cargo.toml", "object-store-wasi/src"];

function rust(name: string, entry: string = name, more: string[] = []): GuestSource {
  return {
    toolchain: "rust",
    sources: [...WORKSPACE, `${name}/Cargo.toml`, `${name}/src`, ...more],
    wasm: `${name}/${name}.wasm`,
    entry,
  };
}

/** A core module for preview1, from the same sources as the component. */
function preview1(name: string): GuestSource {
  return { ...rust(name), wasm: `${name}/${name}-preview1.wasm`, target: "wasm32-wasip1" };
}

/** A library whose exports are called: an HTTP handler. */
function rustLibrary(name: string): GuestSource {
  return { ...rust(name), library: true };
}

/** An HTTP handler that is an example of the project. */
function rustExample(name: string): GuestSource {
  const folder = `../../examples/${name}`;
  return {
    toolchain: "rust",
    library: true,
    sources: [...WORKSPACE, `${folder}/Cargo.toml`, `${folder}/src`, ...OBJECT_STORE_WASI],
    wasm: `${folder}/${name}.wasm`,
    entry: name,
  };
}

function javascript(name: string, sources: string[]): GuestSource {
  return {
    toolchain: "javascript",
    sources: ["tools/package.json", "tools/componentize.mjs", ...sources],
    wasm: `build/${name}.wasm`,
    entry: `${name}/guest.js`,
  };
}

function wat(name: string): GuestSource {
  return {
    toolchain: "wat",
    sources: [`wat/${name}.wat`],
    wasm: `wat/${name}.wasm`,
    entry: `wat/${name}.wat`,
  };
}

/** The small guests; their binaries are committed beside their sources. */
export const COMMITTED: Record<string, GuestSource> = {
  "checks": rust("checks"),
  "hello": rust("hello"),
  "http": rust("http", "http-guest"),
  "object-server": rustExample("object-server"),
  "object-store": rust("object-store", "object-store-guest", OBJECT_STORE_WASI),
  "serve": rustLibrary("serve"),
  "serve-hello": rustLibrary("serve-hello"),
  "settings": {
    ...rustLibrary("settings"),
    sources: [...WORKSPACE, "settings/Cargo.toml", "settings/src", "settings/wit"],
  },
  "hello-preview1": preview1("hello"),
  "hello-0.2.0": wat("hello-0.2.0"),
  "unknown-import": wat("unknown-import"),
  "unknown-wasi": wat("unknown-wasi"),
  "no-run": wat("no-run"),
  "loop": wat("loop"),
  "grow": wat("grow"),
  "endless-calls": wat("endless-calls"),
  "endless-doubling": wat("endless-doubling"),
  "endless-post-return": wat("endless-post-return"),
  "endless-realloc": wat("endless-realloc"),
  "endless-start": wat("endless-start"),
  "core-env": wat("core-env"),
  "core-preview1": wat("core-preview1"),
};

/** The big guests (a JavaScript or Python interpreter inside); built when first asked for. */
export const ON_DEMAND: Record<string, GuestSource> = {
  "js-fetch": javascript("js-fetch", ["js-fetch", "js_command.js"]),
  "js-serve": javascript("js-serve", ["js-serve"]),
  "js-handler": javascript("js-handler", ["js-handler"]),
  "js-hono": {
    toolchain: "npm",
    sources: ["app.js", "build.mjs", "package.json", "world.wit"].map((name) =>
      `../../examples/hono/${name}`
    ),
    wasm: "build/js-hono.wasm",
    entry: "hono.wasm",
  },
  "python": {
    toolchain: "python",
    sources: ["tools/requirements.txt", "python/guest.py", "python/wit"],
    wasm: "build/python.wasm",
    entry: "python/guest.py",
  },
  // storeport's own sources are part of it.
  "js-storeport": javascript("js-storeport", ["js-storeport", "js_command.js", "../../mod.ts", "../../src"]),
};
