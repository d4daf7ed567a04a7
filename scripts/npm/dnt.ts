/** Building with `@deno/dnt`, which compiles with TypeScript itself: the release build. Only where JSR answers. */
import { join } from "node:path";
import type { BuiltEntry, Project } from "./package.ts";

/** What of dnt's `build` is used; its own types are behind JSR. */
interface Dnt {
  build(options: Readonly<Record<string, unknown>>): Promise<void>;
}

const META = "https://jsr.io/@deno/dnt/meta.json";

/** Whether JSR answers, as far as a few seconds tell. */
export async function jsrAnswers(url = META): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Writes the code and declarations into `folder`; returns where entry points are. */
export async function buildWithDnt(
  project: Project,
  root: string,
  folder: string,
): Promise<(source: string) => BuiltEntry> {
  // Not a literal: checking types must not ask JSR either.
  const specifier = "jsr:@deno/dnt@^0.43.0";
  const { build } = await import(specifier) as Dnt;
  await build({
    cwd: root,
    entryPoints: Object.entries(project.exports).map(([name, path]) => ({ name, path })),
    outDir: folder,
    configFile: join(root, "deno.json"),
    // The code asks the platform before it uses what is Deno's: a shim would answer for Deno on Node.
    shims: {},
    polyfills: false,
    scriptModule: false,
    declaration: "inline",
    skipSourceOutput: true,
    test: false,
    // `deno task check` has checked the types, with Deno's own declarations in scope.
    typeCheck: false,
    compilerOptions: { target: "ES2022", lib: ["ESNext", "DOM", "DOM.Iterable", "DOM.AsyncIterable"] },
    package: { name: project.name, version: project.version },
  });
  for (const extra of ["node_modules", "package-lock.json", "esm/package.json", ".npmignore"]) {
    await Deno.remove(join(folder, extra), { recursive: true }).catch(() => {});
  }
  return (source) => {
    const path = `./esm/${source.replace(/^\.\//, "").replace(/\.ts$/, "")}`;
    return { code: `${path}.js`, types: `${path}.d.ts` };
  };
}
