/** The store of a directory. */
import { BaseStore } from "../../store/base.ts";
import { mergeRanges } from "../../store/coalesce.ts";
import { mapConcurrent } from "../../store/concurrency.ts";
import { deleteEach } from "../../store/delete.ts";
import { ConfigurationError, notSupported, NotSupportedError } from "../../store/error.ts";
import { parsePrefix, refuseRawListing } from "../../store/list.ts";
import { SequencedUpload } from "../../store/multipart.ts";
import { parsePath, type Path, type PathInput } from "../../store/path.ts";
import { cancelPayload, toPayload } from "../../store/payload.ts";
import { checkPreconditions } from "../../store/preconditions.ts";
import { type ByteRange, resolveRange, validateRange } from "../../store/range.ts";
import { makeGetResult } from "../../store/result.ts";
import type {
  Attributes,
  CopyOptions,
  DeleteOptions,
  DeleteOutcome,
  GetOptions,
  GetRangesOptions,
  GetResult,
  ListOptions,
  ListResult,
  MultipartUpload,
  ObjectMeta,
  ObjectWriter,
  OperationOptions,
  PutMultipartOptions,
  PutOptions,
  PutPayload,
  PutResult,
  WriterOptions,
} from "../../store/types.ts";
import { createPutWriter } from "../../store/writer.ts";
import { type Area, openArea } from "./area.ts";
import type { LocalStoreOptions } from "./options.ts";
import { type Access, storeError } from "./errors.ts";
import type { FileSystem } from "./fs.ts";
import { metaOf } from "./meta.ts";
import { copyFile, deleteFile, type MoveOptions, renameFile } from "./move.ts";
import { checkFilePath, checkSegments, STORE } from "./names.ts";
import { fileBody, readRange } from "./read.ts";
import { Staging } from "./staging.ts";
import { listLevel, walk } from "./walk.ts";
import { writePayload } from "./write.ts";

/** Ranges this many bytes apart or nearer are read as one, by default: a disk is nearer than a service. */
const COALESCE = 16 * 1024;

const loaders = new WeakMap<LocalStore, () => Promise<FileSystem>>();

/** Gives a store, before its first use, another file system than the platform's: for tests of failures. */
export function useFileSystem(store: LocalStore, fs: FileSystem): LocalStore {
  loaders.set(store, () => Promise.resolve(fs));
  return store;
}

/**
 * Objects as files below a directory, on Deno, Node and Bun.
 *
 * A write goes to a file of its own beside its destination (`report.csv#1`) and takes its place in one step, so readers
 * see the old or the new object, and nothing is left of a write that failed. Names that end in `#` and digits are
 * reserved for such files: they are never listed and cannot be addressed. Symbolic links are followed within the root;
 * one that leads out of it is refused with `PermissionDeniedError` and not listed. Only regular files are objects.
 *
 * `{ update }` holds against all writers of this process, and against updates by storeport in other processes.
 * ETags are made of inode, time and size; a write always changes it.
 *
 * Files have no place for attributes (see {@linkcode LocalStoreOptions.attributes}), tags and versions. Deno asks for
 * `--allow-read` and `--allow-write` of the root.
 *
 * @example
 * ```ts ignore
 * import { LocalStore } from "@storeport/storeport/local";
 *
 * const store = new LocalStore("./.cache/example", { createRoot: true });
 * await store.put("reports/2024.csv", "a,b\n1,2\n");
 * console.log(await (await store.get("reports/2024.csv")).text());
 * ```
 */
export class LocalStore extends BaseStore {
  /** `LocalFileSystem(file:///root)`. */
  readonly name: string;
  /** Short name that errors carry. */
  protected readonly storeName: string = STORE;
  readonly #root: string | URL;
  readonly #options: LocalStoreOptions;
  #opened: Promise<Area> | undefined;

  /**
   * A store of a directory: an absolute path, one relative to the current directory, or a `file:` URL. The directory
   * is looked up when the store is first used, and must exist then, unless `createRoot` is set.
   *
   * @throws {ConfigurationError} for an empty root or another kind of URL.
   */
  constructor(root: string | URL, options: LocalStoreOptions = {}) {
    super();
    checkRoot(root);
    this.#root = root;
    this.#options = options;
    this.name = `${STORE}(${root instanceof URL ? root.href : root.startsWith("/") ? fileUrl(root) : root})`;
  }

  /** See {@linkcode ObjectStore.put}. A stream is written as it comes, in bounded memory. */
  async put(path: PathInput, payload: PutPayload, options: PutOptions = {}): Promise<PutResult> {
    const content = toPayload(payload, { store: STORE, path: String(path) }, options.size);
    try {
      return await this.#run("put", path, "write", options, async (area, file) => {
        this.#refuseAttributes(options.attributes, file);
        const mode = options.mode ?? "overwrite";
        const staging = await Staging.create(area, file, "put", mode);
        try {
          await writePayload(staging, content, file, options);
          return await staging.commit({ mode, fsync: this.#fsync, signal: options.signal });
        } catch (error) {
          await staging.discard();
          throw error;
        }
      });
    } catch (error) {
      await cancelPayload(content, error);
      throw error;
    }
  }

  /** See {@linkcode ObjectStore.get}. The file is opened at once, so that later writes do not show in the body. */
  async get(path: PathInput, options: GetOptions = {}): Promise<GetResult> {
    return await this.#run("read", path, "read", options, async (area, file) => {
      this.#refuseVersion(options.version, file);
      const context = { store: STORE, path: file };
      if (options.range) validateRange(options.range, context);
      if (options.head) {
        const meta = metaOf(file, await area.stat(file, "read"));
        checkPreconditions(options, meta, STORE);
        const { start } = resolveRange(options.range, meta.size, context);
        return result(meta, { start, end: start }, new Uint8Array(0));
      }
      const { handle, stat } = await area.open(file, "read");
      try {
        const meta = metaOf(file, stat);
        checkPreconditions(options, meta, STORE);
        const range = resolveRange(options.range, meta.size, context);
        if (range.start < range.end) {
          options.signal?.throwIfAborted();
          return result(meta, range, fileBody(handle, range, options.signal), options.signal);
        }
        await handle.close();
        return result(meta, range, new Uint8Array(0));
      } catch (error) {
        await handle.close().catch(() => {});
        throw error;
      }
    });
  }

  /** See {@linkcode ObjectStore.getRanges}. The file is opened once. `coalesce` is 16 KiB by default. */
  override async getRanges(
    path: PathInput,
    ranges: readonly ByteRange[],
    options: GetRangesOptions = {},
  ): Promise<Uint8Array<ArrayBuffer>[]> {
    return await this.#run("read", path, "read", options, async (area, file) => {
      this.#refuseVersion(options.version, file);
      const context = { store: STORE, path: file };
      for (const range of ranges) validateRange(range, context);
      if (ranges.length === 0) return [];
      const { handle, stat } = await area.open(file, "read");
      try {
        checkPreconditions(options, metaOf(file, stat), STORE);
        const wanted = ranges.map((range) => resolveRange(range, stat.size, context));
        const results: Uint8Array<ArrayBuffer>[] = new Array(ranges.length);
        const blocks = mergeRanges(wanted, options.coalesce ?? COALESCE);
        await mapConcurrent(blocks, options.concurrency ?? 10, async (block, _index, signal) => {
          const bytes = await readRange(handle, block, signal);
          for (const member of block.members) {
            const { start, end } = wanted[member]!;
            if (end - block.start > bytes.byteLength) {
              throw Object.assign(new Error("the file has become shorter"), { path: file });
            }
            results[member] = block.members.length === 1
              ? bytes
              : bytes.slice(start - block.start, end - block.start);
          }
        }, options.signal);
        return results;
      } finally {
        await handle.close();
      }
    });
  }

  /** See {@linkcode ObjectStore.delete}. Of a symbolic link the link is removed. A missing object: `NotFoundError`. */
  override async delete(path: PathInput, options: DeleteOptions = {}): Promise<void> {
    await this.#run("delete", path, "read", options, async (area, file) => {
      this.#refuseVersion(options.version, file);
      await deleteFile(area, file, { ...this.#moveOptions(options), ifMatch: options.ifMatch });
    });
  }

  /** See {@linkcode ObjectStore.deleteAll}. */
  deleteAll(
    paths: Iterable<PathInput> | AsyncIterable<PathInput>,
    options: OperationOptions = {},
  ): AsyncIterable<DeleteOutcome> {
    return deleteEach(paths, (path) => this.delete(path, options), {
      ...options,
      store: STORE,
      parse: parsePath,
    });
  }

  /** See {@linkcode ObjectStore.list}. In no particular order; read as it is consumed. */
  async *list(prefix?: PathInput, options: ListOptions = {}): AsyncGenerator<ObjectMeta, void, undefined> {
    const path = parsePrefix(prefix, STORE);
    const walkOptions = this.#walkOptions(options);
    try {
      options.signal?.throwIfAborted();
      const area = await this.#area();
      checkSegments(path, area.fs.windows);
      yield* walk(area, path, walkOptions);
    } catch (error) {
      options.signal?.throwIfAborted();
      throw storeError(error, "list", path);
    }
  }

  /** See {@linkcode ObjectStore.listWithDelimiter}. Empty directories are common prefixes. */
  async listWithDelimiter(prefix?: PathInput, options: ListOptions = {}): Promise<ListResult> {
    const path = parsePrefix(prefix, STORE);
    const walkOptions = this.#walkOptions(options);
    return await guarded("list", path, "read", options.signal, async () => {
      const area = await this.#area();
      checkSegments(path, area.fs.windows);
      return await listLevel(area, path, walkOptions);
    });
  }

  /** See {@linkcode ObjectStore.copy}. Blocks are shared where the file system can; it cannot be aborted half-way. */
  async copy(from: PathInput, to: PathInput, options: CopyOptions = {}): Promise<void> {
    await this.#move("copy", from, to, options, copyFile);
  }

  /** See {@linkcode ObjectStore.rename}. One step within a file system, keeping the ETag. */
  override async rename(from: PathInput, to: PathInput, options: CopyOptions = {}): Promise<void> {
    await this.#move("rename", from, to, options, renameFile);
  }

  /** See {@linkcode ObjectStore.putMultipart}. Parts may have any size; they go to one file, at their offsets. */
  async putMultipart(path: PathInput, options: PutMultipartOptions = {}): Promise<MultipartUpload> {
    return await this.#run("put", path, "write", options, async (area, file) => {
      this.#refuseAttributes(options.attributes, file);
      const mode = options.mode ?? "overwrite";
      const staging = await Staging.create(area, file, "put", mode);
      const fsync = this.#fsync;
      return new LocalUpload({
        async uploadPart({ chunks, offset, options }) {
          let position = offset;
          for (const chunk of chunks) {
            options.signal?.throwIfAborted();
            await guarded("put", file, "write", options.signal, () => staging.write(chunk, position));
            position += chunk.byteLength;
          }
        },
        complete: (_parts, { signal }) =>
          guarded("put", file, "write", signal, () => staging.commit({ mode, fsync, signal })),
        abort: () => guarded("put", file, "write", undefined, () => staging.discard()),
      }, { store: STORE, path: file });
    });
  }

  /** See {@linkcode ObjectStore.writer}. Written as it comes: the part options mean nothing here. */
  override writer(path: PathInput, options: WriterOptions = {}): ObjectWriter {
    return createPutWriter(this, path, options, { store: STORE, path: this.parse(path) });
  }

  get #fsync(): boolean {
    return this.#options.fsync ?? false;
  }

  #moveOptions({ signal }: OperationOptions): MoveOptions {
    return { fsync: this.#fsync, cleanup: this.#options.automaticCleanup ?? false, signal };
  }

  #walkOptions({ offset, invalidPaths, signal }: ListOptions) {
    refuseRawListing(invalidPaths, STORE);
    return { offset: offset === undefined ? undefined : parsePath(offset, STORE), invalidPaths, signal };
  }

  async #move(
    action: "copy" | "rename",
    from: PathInput,
    to: PathInput,
    options: CopyOptions,
    work: typeof copyFile,
  ): Promise<void> {
    const target = this.parse(to);
    await this.#run(action, from, "read", options, async (area, source) => {
      checkFilePath(target, area.fs.windows);
      const mode = options.mode ?? "overwrite";
      if (source === target) {
        await area.stat(source, action);
        if (mode === "overwrite") return;
      }
      await work(area, source, target, mode, this.#moveOptions(options));
    });
  }

  async #run<T>(
    action: string,
    input: PathInput,
    access: Access,
    { signal }: OperationOptions,
    work: (area: Area, path: Path) => Promise<T>,
  ): Promise<T> {
    const path = this.parse(input);
    return await guarded(action, path, access, signal, async () => {
      const area = await this.#area();
      checkFilePath(path, area.fs.windows);
      return await work(area, path);
    });
  }

  #area(): Promise<Area> {
    return this.#opened ??= this.#open().catch((error) => {
      // The root may come to be later.
      this.#opened = undefined;
      throw error;
    });
  }

  async #open(): Promise<Area> {
    const fs = await (loaders.get(this) ?? loadFileSystem)();
    const root = this.#root instanceof URL ? fs.fromUrl(this.#root) : this.#root;
    return await openArea(fs, root, this.#options.createRoot ?? false);
  }

  #refuseAttributes(attributes: Attributes | undefined, path: Path): void {
    if (this.#options.attributes === "ignore") return;
    const { metadata, ...named } = attributes ?? {};
    const set = Object.entries(named).filter(([, value]) => value !== undefined).map(([key]) => key);
    set.push(...Object.keys(metadata ?? {}).map((key) => `metadata.${key}`));
    if (set.length === 0) return;
    notSupported(
      `put ${JSON.stringify(path)} with ${set.join(", ")}`,
      'files have no place for attributes; open the store with attributes "ignore" to drop them',
      { store: STORE, path, key: "attributes" },
    );
  }

  #refuseVersion(version: string | undefined, path: Path): void {
    if (version === undefined) return;
    notSupported(`use version "${version}" of ${JSON.stringify(path)}`, "files have no versions", {
      store: STORE,
      path,
    });
  }
}

/** An upload that is aborted when it is disposed of without having been completed. */
class LocalUpload extends SequencedUpload<void> implements AsyncDisposable {
  async [Symbol.asyncDispose](): Promise<void> {
    await this.abort();
  }
}

async function guarded<T>(
  action: string,
  path: Path,
  access: Access,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    signal?.throwIfAborted();
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    throw storeError(error, action, path, access);
  }
}

function result(
  meta: ObjectMeta,
  range: ByteRange,
  body: Parameters<typeof makeGetResult>[0]["body"],
  signal?: AbortSignal,
): GetResult {
  return makeGetResult({ meta, range, attributes: {}, body, store: STORE, signal });
}

function checkRoot(root: string | URL): void {
  const problem = root instanceof URL
    ? root.protocol !== "file:" ? `"${root.protocol}" URLs are not files` : undefined
    : root === ""
    ? "it is empty"
    : root.includes("\0")
    ? "it holds a NUL character"
    : undefined;
  if (problem === undefined) return;
  throw new ConfigurationError(`Cannot open the store: the root is no directory: ${problem}`, {
    store: STORE,
    key: "root",
  });
}

function fileUrl(path: string): string {
  return `file://${path.split("/").map(encodeURIComponent).join("/")}`;
}

async function loadFileSystem(): Promise<FileSystem> {
  try {
    return (await import("./fs_node.ts")).nodeFileSystem;
  } catch (cause) {
    throw new NotSupportedError(
      "Cannot open the store: this platform has no file system (node:fs); use MemoryStore or HttpStore",
      { store: STORE, cause },
    );
  }
}
