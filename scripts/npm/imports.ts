/** Which packages built code imports. */
import { join } from "node:path";

// Statements begin a line or follow the comment before them; a specifier in a comment is not after `from`.
const IMPORT = /^(?:.*\*\/ )?(?:import|export)\b[^'"]*?\bfrom\s*["']([^"'./][^"']*)["']/gm;
const LATE = /\bimport\(\s*["']([^"'./][^"']*)["']/g;

/** Names of the packages that any `.js` or `.d.ts` file below `folder` imports, sorted; `node:` modules left out. */
export async function importedPackages(folder: string): Promise<string[]> {
  const found = new Set<string>();
  await collect(folder, found);
  return [...found].sort();
}

async function collect(folder: string, found: Set<string>): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) await collect(path, found);
    else if (/\.(js|d\.ts)$/.test(name)) {
      const text = withoutComments(await Deno.readTextFile(path));
      for (const pattern of [IMPORT, LATE]) {
        for (const [, specifier = ""] of text.matchAll(pattern)) {
          if (!specifier.startsWith("node:")) found.add(packageOf(specifier));
        }
      }
    }
  }
}

/** Examples in doc comments import as consumers do. */
function withoutComments(text: string): string {
  return text.replace(/\/\*\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}
