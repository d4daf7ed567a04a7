/** What the host's cases need of Node, in a page. */
import { join } from "node:path";
import type { Plugin } from "esbuild";
import { ROOT } from "../places.ts";

const HERE = join(ROOT, "tests/runtimes/page");
const CASES = /\/tests\/wasi\/cases\//;

/** Replaces the origin and `node:assert`; other modules of Node's fail when they are used. */
export const nodeInPages: Plugin = {
  name: "node-in-pages",
  setup(build) {
    build.onResolve({ filter: /\/guests\/origin\.ts$/ }, () => ({ path: join(HERE, "origin.ts") }));
    build.onResolve({ filter: /^node:/ }, ({ path, importer }) => {
      // The package loads its own only where they are.
      if (!CASES.test(importer)) return { path, external: true };
      if (path === "node:assert/strict") return { path: join(HERE, "assert.ts") };
      return { path, namespace: "absent" };
    });
    build.onLoad({ filter: /.*/, namespace: "absent" }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, {
        get: (_, name) => () => { throw new Error("A page has no ${path}: " + String(name)); },
      });`,
    }));
  },
};
