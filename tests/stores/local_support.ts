/** What the tests of the local store share. */
import { collectList } from "../../src/store/list.ts";
import type { ListOptions, ObjectMeta } from "../../src/store/types.ts";
import { nodeFileSystem } from "../../src/stores/local/fs_node.ts";
import type { FileSystem } from "../../src/stores/local/fs.ts";
import { LocalStore, type LocalStoreOptions } from "../../src/stores/local/mod.ts";
import { useFileSystem } from "../../src/stores/local/store.ts";

/** Runs a test in a directory of its own. */
export function inDirectory(name: string, run: (root: string) => Promise<void>): void {
  Deno.test(`local: ${name}`, async () => {
    const root = await Deno.realPath(await Deno.makeTempDir());
    try {
      await run(root);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });
}

export async function text(store: LocalStore, path: string): Promise<string> {
  return await (await store.get(path)).text();
}

export async function names(store: LocalStore, prefix?: string, options?: ListOptions): Promise<string[]> {
  return (await collectList<ObjectMeta>(store.list(prefix, options))).map((meta) => meta.location as string)
    .sort();
}

export async function onDisk(directory: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(directory), (entry) => entry.name)).sort();
}

export function codeError(code: string): Error {
  return Object.assign(new Error(`${code}: made up`), { code, syscall: "made up" });
}

/** A store over a file system with some calls replaced. */
export function faulty(root: string, changes: Partial<FileSystem>, options?: LocalStoreOptions): LocalStore {
  return useFileSystem(new LocalStore(root, options), { ...nodeFileSystem, ...changes });
}
