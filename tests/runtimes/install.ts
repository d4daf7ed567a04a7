/** Installing runtimes and tools from npm and Debian, once. */
import { join } from "node:path";
import { run } from "../../scripts/npm/process.ts";
import { CACHE } from "./places.ts";

/**
 * Installs npm packages in a folder of their own and returns its `node_modules`. What is there already is left
 * alone; `name` and the list decide what "already" means.
 */
export async function npmInstall(name: string, packages: readonly string[]): Promise<string> {
  const folder = join(CACHE, name), stamp = join(folder, "installed.json");
  const wanted = JSON.stringify(packages);
  const present = await Deno.readTextFile(stamp).catch(() => "");
  if (present !== wanted) {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(join(folder, "package.json"), `{ "private": true, "type": "module" }\n`);
    await run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", ...packages], folder);
    await Deno.writeTextFile(stamp, wanted);
  }
  return join(folder, "node_modules");
}

/** Node of this line; the path of its binary. */
export async function installNode(line: 22 | 24 | 26): Promise<string> {
  return join(await npmInstall(`node-${line}`, [`node@${line}`]), "node", "bin", "node");
}

/** A program of this machine, installed from Debian where it is missing and that is possible. */
export async function debianProgram(program: string, debianPackage = program): Promise<string | undefined> {
  const find = async () => (await run("which", [program], ".").catch(() => "")).trim() || undefined;
  const present = await find();
  if (present !== undefined) return present;
  try {
    const apt = (args: readonly string[]) =>
      run("apt-get", ["-o", "DPkg::Lock::Timeout=600", "-y", "-qq", ...args], ".", {
        DEBIAN_FRONTEND: "noninteractive",
      });
    await apt(["install", "--no-install-recommends", debianPackage]).catch(async () => {
      await apt(["update"]);
      await apt(["install", "--no-install-recommends", debianPackage]);
    });
  } catch {
    return undefined;
  }
  return await find();
}
