/**
 * Builds the web page (`examples/browser`) into a folder: `deno run -A scripts/build_ui.ts [folder]`, by default
 * `.cache/ui`. The folder then stands alone: any web server can serve it. `storeport gateway --ui` does.
 */
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SOURCE = join(ROOT, "examples", "browser");

/** Bundled, each with what it imports; code that both use, or that is loaded late, becomes files of its own. */
const ENTRIES = ["main.ts", "guest_worker.ts"];
/** Copied as they are. */
const STATIC = ["index.html", "style.css", "icon.svg"];
/** Where jco's generator looks for its WebAssembly: beside its own code, under these names. */
const GENERATOR = "@bytecodealliance/jco-transpile/component";
const GENERATOR_MODULES = [
  "js-component-bindgen-component.core.wasm",
  "js-component-bindgen-component.core2.wasm",
];

/** What a build consists of. */
export interface BuiltUi {
  /** Files in the folder. */
  readonly files: number;
  /** Their size in bytes. */
  readonly bytes: number;
}

/**
 * Builds the page into `folder`, which is replaced as a whole once everything is there: who serves the page at the same
 * time sees the old one or the new one. Needs Deno, for `deno bundle`.
 */
export async function buildUi(folder: string): Promise<BuiltUi> {
  await Deno.mkdir(dirname(folder), { recursive: true });
  const stage = await Deno.makeTempDir({ dir: dirname(folder), prefix: `${basename(folder)}-` });
  try {
    await bundle(stage);
    for (const name of STATIC) await Deno.copyFile(join(SOURCE, name), join(stage, name));
    const generator = dirname(fileURLToPath(await resolve(GENERATOR)));
    for (const name of GENERATOR_MODULES) await Deno.copyFile(join(generator, name), join(stage, name));
    await Deno.chmod(stage, 0o755);
    await replace(stage, folder);
  } catch (error) {
    await Deno.remove(stage, { recursive: true });
    throw error;
  }
  let files = 0, bytes = 0;
  for await (const { name } of Deno.readDir(folder)) {
    files++;
    bytes += (await Deno.stat(join(folder, name))).size;
  }
  return { files, bytes };
}

async function bundle(folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["bundle", "--quiet", "--platform", "browser", "--code-splitting", "--minify"],
      // Branches for other runtimes are never taken on a page.
      ...["--external", "node:*", "--outdir", folder],
      ...ENTRIES.map((name) => join(SOURCE, name)),
    ],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) throw new Error(`Cannot bundle the page: ${new TextDecoder().decode(stderr)}`);
}

/** The file that a bare specifier of `deno.json` stands for, as the bundler sees it. */
async function resolve(specifier: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", `console.log(import.meta.resolve(${JSON.stringify(specifier)}))`],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`Cannot find "${specifier}": ${decoder.decode(stderr)}`);
  return decoder.decode(stdout).trim();
}

async function replace(stage: string, folder: string): Promise<void> {
  const old = `${stage}-old`;
  const there = await Deno.rename(folder, old).then(() => true, () => false);
  await Deno.rename(stage, folder);
  if (there) await Deno.remove(old, { recursive: true });
}

if (import.meta.main) {
  const folder = Deno.args[0] ?? join(ROOT, ".cache", "ui");
  const { files, bytes } = await buildUi(folder);
  console.log(
    `Built the page: ${files} files, ${(bytes / 1024).toFixed(0)} KiB, in ${pathToFileURL(folder)}`,
  );
}
