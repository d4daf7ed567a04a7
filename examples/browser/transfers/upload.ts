/** Uploading files, and keeping what is there from being replaced unasked. */
import type { ObjectStore } from "@storeport/storeport";
import { nameOf } from "../page/dom.ts";
import { formatSize } from "../page/format.ts";
import { fileName, join, parentFolder } from "../page/place.ts";
import type { Choice, Job } from "./transfers.ts";
import type { Upload } from "../stores/upload_connector.ts";

/** A file, and where it goes. */
export interface Incoming {
  readonly file: File;
  /** Path below the folder that it was dropped in. */
  readonly path: string;
}

/** How a file meets an object of its name. */
export type Collision = "refuse" | "replace";

/** Uploads a file. With `refuse`, an object of that name is left alone and the user is asked. */
export function uploadJob(store: ObjectStore, path: string, file: File, collision: Collision): Job {
  return {
    icon: "upload",
    name: path,
    async run({ signal, progress }) {
      progress(0, file.size);
      const upload: Upload = { blob: file, onProgress: (sent) => progress(sent, file.size) };
      await store.put(path, file, {
        mode: collision === "refuse" ? "create" : "overwrite",
        signal,
        extensions: { upload },
        ...(file.type === "" ? {} : { attributes: { contentType: file.type } }),
        onProgress: ({ transferred }) => progress(transferred, file.size),
      });
      return formatSize(file.size);
    },
    explain: (error) =>
      nameOf(error) === "AlreadyExistsError"
        ? "There is an object of this name; it was left alone"
        : undefined,
    choices(error) {
      const again: Choice = { label: "Try again", job: uploadJob(store, path, file, collision) };
      if (nameOf(error) !== "AlreadyExistsError" || collision === "replace") return [again];
      return [
        { label: "Replace", job: uploadJob(store, path, file, "replace") },
        { label: "Keep both", job: uploadBesideJob(store, path, file) },
      ];
    },
  };
}

/** Uploads under the first free name of `a (2).txt`, `a (3).txt`, … */
function uploadBesideJob(store: ObjectStore, path: string, file: File): Job {
  return {
    ...uploadJob(store, path, file, "refuse"),
    async run(context) {
      for (let number = 2;; number++) {
        const name = numbered(path, number);
        try {
          await uploadJob(store, name, file, "refuse").run(context);
          return `as ${fileName(name)}`;
        } catch (error) {
          if (nameOf(error) !== "AlreadyExistsError" || number === 100) throw error;
        }
      }
    },
  };
}

/** `a/b.tar.gz` with 2: `a/b (2).tar.gz`. */
export function numbered(path: string, number: number): string {
  const name = fileName(path);
  const dot = name.indexOf(".", 1);
  const stem = dot < 0 ? name : name.slice(0, dot);
  return join(parentFolder(path), `${stem} (${number})${dot < 0 ? "" : name.slice(dot)}`);
}

/** Files of an `<input>`, with their place in the folder chosen, if one was. */
export function chosenFiles(files: FileList): Incoming[] {
  return Array.from(files, (file) => ({ file, path: file.webkitRelativePath || file.name }));
}

/** Everything that was dropped, folders with all that is in them. Must be called while the event is handled. */
export async function droppedFiles(transfer: DataTransfer): Promise<Incoming[]> {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.() ?? undefined);
  const files = Array.from(transfer.files);
  if (entries.every((entry) => entry === undefined)) return files.map((file) => ({ file, path: file.name }));
  const found: Incoming[] = [];
  for (const entry of entries) if (entry !== undefined) await walk(entry, found);
  return found;
}

async function walk(entry: FileSystemEntry, found: Incoming[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject)
    );
    found.push({ file, path: entry.fullPath.replace(/^\/+/, "") });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // Given out a hundred at a time, until there are none.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject)
    );
    if (batch.length === 0) return;
    for (const inner of batch) await walk(inner, found);
  }
}
