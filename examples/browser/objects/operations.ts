/** Renaming and deleting, of objects and of folders, after asking. */
import type { ObjectStore } from "@storeport/storeport";
import { ask, confirm } from "../page/dialogs.ts";
import { nameOf } from "../page/dom.ts";
import { count } from "../page/format.ts";
import { fileName, join, parentFolder } from "../page/place.ts";
import type { Job } from "../transfers/transfers.ts";

/** A line of a listing. */
export interface Entry {
  readonly kind: "folder" | "object";
  readonly path: string;
  readonly size: number;
  readonly time: Date;
  readonly eTag?: string;
}

/** Objects renamed at once. */
const CONCURRENCY = 4;

/** Asks, and makes the jobs that delete. */
export async function deleteJobs(store: ObjectStore, entries: readonly Entry[]): Promise<Job[]> {
  const folders = entries.filter(({ kind }) => kind === "folder").length;
  const objects = entries.length - folders;
  const one = entries.length === 1 ? `"${fileName(entries[0]!.path)}"` : undefined;
  const what = [objects > 0 && count(objects, "object"), folders > 0 && count(folders, "folder")]
    .filter((part) => part !== false).join(" and ");
  const sure = await confirm({
    title: `Delete ${one ?? what}?`,
    text: folders > 0
      ? "Folders are deleted with everything that is in them. This cannot be undone."
      : "This cannot be undone.",
    details: entries.map(({ kind, path }) => kind === "folder" ? `${path}/` : path),
    action: "Delete",
    danger: true,
  });
  if (!sure) return [];
  const alone = entries.filter(({ kind }) => kind === "object").map(({ path }) => path);
  return [
    ...(alone.length === 0 ? [] : [deleteObjects(store, alone)]),
    ...entries.filter(({ kind }) => kind === "folder").map(({ path }) => deleteFolder(store, path)),
  ];
}

function deleteObjects(store: ObjectStore, paths: readonly string[]): Job {
  return {
    icon: "trash",
    name: paths.length === 1 ? paths[0]! : count(paths.length, "object"),
    unit: "items",
    run: ({ signal, progress }) => deleteEach(store, paths, paths.length, signal, progress),
  };
}

function deleteFolder(store: ObjectStore, folder: string): Job {
  return {
    icon: "trash",
    name: `${folder}/`,
    unit: "items",
    run({ signal, progress }) {
      const paths = async function* (): AsyncGenerator<string> {
        for await (const { location } of store.list(folder, { signal })) yield location;
      };
      return deleteEach(store, paths(), undefined, signal, progress);
    },
  };
}

async function deleteEach(
  store: ObjectStore,
  paths: Iterable<string> | AsyncIterable<string>,
  total: number | undefined,
  signal: AbortSignal,
  progress: (done: number, total?: number) => void,
): Promise<string> {
  let deleted = 0;
  const failures: Error[] = [];
  for await (const outcome of store.deleteAll(paths, { signal })) {
    if (outcome.ok) deleted++;
    else failures.push(outcome.error);
    progress(deleted, total);
  }
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) {
    throw new Error(`${failures.length} objects are still there; the first: ${failures[0]!.message}`);
  }
  return `${count(deleted, "object")} deleted`;
}

/** Asks for a new name, and makes the job that gives it. Nothing that exists is replaced. */
export async function renameJob(store: ObjectStore, entry: Entry): Promise<Job | undefined> {
  const before = fileName(entry.path);
  const dot = before.lastIndexOf(".");
  const name = await ask({
    title: `Rename ${entry.kind}`,
    label: "New name",
    value: before,
    // What comes after the dot mostly stays.
    selectTo: entry.kind === "object" && dot > 0 ? dot : before.length,
    hint: 'With "/" it moves into a folder.',
    action: "Rename",
    check: (value) => checkName(value),
  });
  if (name === undefined || name === before) return undefined;
  const target = join(parentFolder(entry.path), name.replace(/^\/+|\/+$/g, ""));
  return entry.kind === "object"
    ? renameObject(store, entry.path, target)
    : renameFolder(store, entry.path, target);
}

function checkName(value: string): string | undefined {
  const path = value.replace(/^\/+|\/+$/g, "");
  if (path === "") return "A name is needed";
  if (path.split("/").some((segment) => segment === "" || segment === "." || segment === "..")) {
    return 'Segments of a path cannot be empty, "." or ".."';
  }
  // deno-lint-ignore no-control-regex
  return /[\u0000-\u001f\u007f]/.test(path) ? "Control characters are not allowed" : undefined;
}

function renameObject(store: ObjectStore, from: string, to: string): Job {
  const job = (mode: "create" | "overwrite"): Job => ({
    icon: "rename",
    name: `${from} → ${to}`,
    async run({ signal }) {
      await store.rename(from, to, { mode, signal });
      return "renamed";
    },
    explain: (error) =>
      nameOf(error) === "AlreadyExistsError"
        ? "There is an object of that name; it was left alone"
        : undefined,
    choices: (error) =>
      nameOf(error) === "AlreadyExistsError" && mode === "create"
        ? [{ label: "Replace", job: job("overwrite") }]
        : [{ label: "Try again", job: job(mode) }],
  });
  return job("create");
}

function renameFolder(store: ObjectStore, from: string, to: string): Job {
  return {
    icon: "rename",
    name: `${from}/ → ${to}/`,
    unit: "items",
    async run({ signal, progress }) {
      // The whole list first: what has arrived under the new name must not be met again.
      const paths: string[] = [];
      for await (const { location } of store.list(from, { signal })) paths.push(location);
      let next = 0;
      let done = 0;
      const work = async (): Promise<void> => {
        while (next < paths.length) {
          const path = paths[next++]!;
          await store.rename(path, join(to, path.slice(from.length + 1)), { mode: "create", signal });
          progress(++done, paths.length);
        }
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, work));
      return count(done, "object");
    },
  };
}
