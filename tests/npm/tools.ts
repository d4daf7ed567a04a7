/** What the checks of the package are made with; installed once, beside the runtimes. */
import { dirname, join } from "node:path";
import { run } from "../../scripts/npm/process.ts";
import { installNode, npmInstall } from "../runtimes/install.ts";
import { CACHE } from "../runtimes/places.ts";

/** Linters of packages, a compiler, and a bundler; their `node_modules`. */
export function tools(): Promise<string> {
  return npmInstall("package-tools", [
    "publint@0.3",
    "@arethetypeswrong/cli@0.18",
    "typescript@7",
    "@types/node@24",
    "esbuild@0.28",
  ]);
}

/** Runs a script of theirs on Node 24. */
export async function runTool(name: string, args: readonly string[], cwd: string): Promise<string> {
  return await runNode(24, [join(await tools(), ".bin", name), ...args], cwd);
}

/** Runs Node of a line. */
export async function runNode(line: 22 | 24 | 26, args: readonly string[], cwd: string): Promise<string> {
  return await run(await installNode(line), args, cwd, await pathWith(line));
}

/** Runs `npx` with a Node of this line first in the path. */
export async function npx(line: 22 | 24 | 26, args: readonly string[], cwd: string): Promise<string> {
  return await run("npx", ["--no-install", ...args], cwd, await pathWith(line));
}

/** Runs a line as it is typed, with a Node of this line first in the path. */
export async function inShell(line: 22 | 24 | 26, command: string, cwd: string): Promise<string> {
  return await run("sh", ["-c", command], cwd, await pathWith(line));
}

/** Starts the installed command, without the `npx` that would stand between it and the signal that ends it. */
export async function startCommand(
  line: 22 | 24 | 26,
  args: readonly string[],
  folder: string,
): Promise<Deno.ChildProcess> {
  return new Deno.Command(await installNode(line), {
    args: [join(folder, "node_modules", ".bin", "storeport"), ...args],
    cwd: folder,
    env: { NO_COLOR: "1", ...await pathWith(line) },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

async function pathWith(line: 22 | 24 | 26): Promise<Record<string, string>> {
  const folder = dirname(await installNode(line));
  // Guests are kept in a cache of our own, or a run would find what another left.
  return { PATH: `${folder}:${Deno.env.get("PATH") ?? ""}`, XDG_CACHE_HOME: join(CACHE, "xdg") };
}
