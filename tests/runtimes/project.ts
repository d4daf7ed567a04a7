/** Projects into which the built package is installed, as its consumers do. */
import { basename, join } from "node:path";
import { run } from "../../scripts/npm/process.ts";
import { CACHE, ROOT } from "./places.ts";

/** What guests are hosted with, as the error of the host asks for it. */
export const HOST_PACKAGE = "@bytecodealliance/jco-transpile@0.12";

/** What the package is made of. */
const SOURCES = [
  "mod.ts",
  "src",
  "examples/browser",
  "scripts/npm",
  "scripts/build_npm.ts",
  "scripts/build_ui.ts",
  "deno.json",
  "README.md",
  "CHANGELOG.md",
  "LICENSE",
];

let packed: Promise<string> | undefined;

/** The tarball of `deno task npm --pack`, made anew where it is older than what it is made of. */
export function tarball(): Promise<string> {
  return packed ??= freshTarball();
}

async function freshTarball(): Promise<string> {
  const folder = join(ROOT, ".cache", "npm");
  const { name, version } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  const path = join(folder, `${name.slice(1).replace("/", "-")}-${version}.tgz`);
  const made = await Deno.stat(path).then(({ mtime }) => mtime!.getTime(), () => 0);
  const changed = await Promise.all(SOURCES.map((source) => newest(join(ROOT, source))));
  if (made < Math.max(...changed)) {
    await run(Deno.execPath(), ["run", "-A", join(ROOT, "scripts", "build_npm.ts"), "--pack"], ROOT);
  }
  return path;
}

/** When a file, or any below a folder, was last written. */
async function newest(path: string): Promise<number> {
  const { isDirectory, mtime } = await Deno.stat(path);
  if (!isDirectory) return mtime!.getTime();
  const inner = (await Array.fromAsync(Deno.readDir(path))).map((entry) => newest(join(path, entry.name)));
  return Math.max(mtime!.getTime(), ...await Promise.all(inner));
}

/**
 * A project with the package from its tarball, and with others where `extra` names them; returns its folder. What is
 * slow to install stays between runs, the package itself is always the one just built.
 */
export function project(name: string, extra: readonly string[] = []): Promise<string> {
  let making = projects.get(name);
  if (making === undefined) projects.set(name, making = makeProject(name, extra));
  return making;
}

const projects = new Map<string, Promise<string>>();

async function makeProject(name: string, extra: readonly string[]): Promise<string> {
  const folder = join(CACHE, "projects", name), stamp = join(folder, "installed.json");
  const source = await tarball();
  const wanted = JSON.stringify([basename(source), await hash(source), extra]);
  if (await Deno.readTextFile(stamp).catch(() => "") === wanted) return folder;
  await Deno.remove(stamp).catch(() => {});
  const before = await Deno.readTextFile(join(folder, "extra.json")).catch(() => "");
  if (before !== JSON.stringify(extra)) await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, "package.json"), `{ "private": true, "type": "module" }\n`);
  // npm takes a tarball of the same name and version for the same package.
  await Deno.remove(join(folder, "package-lock.json")).catch(() => {});
  await Deno.remove(join(folder, "node_modules", "@storeport"), { recursive: true }).catch(() => {});
  await Deno.remove(join(folder, "node_modules", ".package-lock.json")).catch(() => {});
  await run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", source, ...extra], folder);
  await Deno.writeTextFile(join(folder, "extra.json"), JSON.stringify(extra));
  await Deno.writeTextFile(stamp, wanted);
  return folder;
}

async function hash(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
  return new Uint8Array(digest).toHex();
}
