/** Downloading: small objects as the browser's own downloads, large ones streamed into a file that the user names. */
import type { ObjectStore } from "@storeport/storeport";
import { h } from "../page/dom.ts";
import { formatSize } from "../page/format.ts";
import { fileName } from "../page/place.ts";
import type { Job } from "./transfers.ts";

/** Above this an object is streamed to disk where the browser can, and must not pass through memory. */
const STREAM_FROM = 32 * 2 ** 20;

interface FilePicker {
  showSaveFilePicker?(options: { suggestedName: string }): Promise<FileSystemFileHandle>;
}

/**
 * Makes the job that downloads an object. For a large one it asks first where to, so it must be called from what the
 * user did. Resolves with `undefined` when the user changes their mind.
 */
export async function downloadJob(store: ObjectStore, path: string, size: number): Promise<Job | undefined> {
  const { showSaveFilePicker } = window as FilePicker;
  if (size <= STREAM_FROM || showSaveFilePicker === undefined) return browserDownload(store, path, size);
  try {
    const handle = await showSaveFilePicker.call(window, { suggestedName: fileName(path) });
    return streamedDownload(store, path, handle);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return undefined;
    throw error;
  }
}

function streamedDownload(store: ObjectStore, path: string, handle: FileSystemFileHandle): Job {
  return {
    icon: "download",
    name: path,
    async run({ signal, progress }) {
      const { body, meta } = await store.get(path, { signal });
      // Nothing is in the file's place before the stream is closed.
      await body.pipeThrough(counted(meta.size, progress)).pipeTo(await handle.createWritable(), { signal });
      return formatSize(meta.size);
    },
  };
}

function browserDownload(store: ObjectStore, path: string, size: number): Job {
  return {
    icon: "download",
    name: path,
    async run({ signal, progress }) {
      progress(0, size);
      const { body, meta, attributes } = await store.get(path, { signal });
      const headers = { "content-type": attributes.contentType ?? "application/octet-stream" };
      // The browser keeps large blobs on disk.
      const blob = await new Response(body.pipeThrough(counted(meta.size, progress)), { headers }).blob();
      const url = URL.createObjectURL(blob);
      h("a", { href: url, download: fileName(path) }).click();
      // The download has its own hold on the blob once it has begun.
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      return formatSize(meta.size);
    },
  };
}

function counted(
  total: number,
  progress: (done: number, total: number) => void,
): TransformStream<Uint8Array, Uint8Array<ArrayBuffer>> {
  let done = 0;
  return new TransformStream({
    transform(chunk, controller) {
      done += chunk.byteLength;
      progress(done, total);
      controller.enqueue(chunk as Uint8Array<ArrayBuffer>);
    },
  });
}
