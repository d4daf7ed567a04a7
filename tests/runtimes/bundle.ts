/** Bundling a program with the built package for a runtime. */
import { join } from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { ROOT } from "./places.ts";

/**
 * The host's cases are written against the sources; in a bundle they meet the package, as everything else does.
 */
const packageForSources: Plugin = {
  name: "package-for-sources",
  setup(build) {
    build.onResolve(
      { filter: /\/src\/wasi\/mod\.ts$/ },
      (args) => build.resolve("@storeport/storeport/wasi", { kind: args.kind, resolveDir: args.resolveDir }),
    );
  },
};

/** What a bundle needs to know. */
export interface BundleOptions {
  /** The program, in this folder. */
  readonly entry: string;
  /** Folder with a `node_modules` that has the package. */
  readonly project: string;
  /** Where it goes; the entry becomes `program.js`. */
  readonly outdir: string;
  /** Leave packages to the runtime, or put everything into files of ours. */
  readonly packages: "external" | "bundle";
  /** Not bundled. */
  readonly external?: readonly string[];
  /** Everything in one file. */
  readonly oneFile?: boolean;
  /** Further plugins, asked first. */
  readonly plugins?: readonly Plugin[];
  /** Conditions of `exports`, besides `import`. */
  readonly conditions?: readonly string[];
}

/**
 * Bundles; returns the path of `program.js`. The bundler's process serves all bundles of a run, and ends with it.
 */
export async function bundle(options: BundleOptions): Promise<string> {
  const settings: BuildOptions = {
    entryPoints: { program: join(ROOT, "tests/runtimes", options.entry) },
    outdir: options.outdir,
    bundle: true,
    format: "esm",
    target: "es2022",
    platform: options.packages === "external" ? "node" : "browser",
    packages: options.packages,
    external: ["node:*", ...options.external ?? []],
    splitting: !options.oneFile,
    nodePaths: [join(options.project, "node_modules")],
    conditions: [...options.conditions ?? []],
    plugins: [...options.plugins ?? [], packageForSources],
    logLevel: "error",
    // The sources' `deno.json` is no tsconfig, and none is needed.
    tsconfigRaw: {},
  };
  await Deno.remove(options.outdir, { recursive: true }).catch(() => {});
  await build(settings);
  return join(options.outdir, "program.js");
}
