/** Random access to an object, as to a file. */
import { isStrongETag } from "./etag.ts";
import { GenericError, PreconditionError } from "./error.ts";
import { sameVersion } from "./coalesce.ts";
import type { ObjectStore } from "./object_store.ts";
import type { PathInput } from "./path.ts";
import type { GetOptions, ObjectMeta } from "./types.ts";

/** Options of {@linkcode openReader}. */
export interface ReaderOptions extends Omit<GetOptions, "range" | "head"> {
  /** Bytes fetched at once for small reads. Default 1 MiB. */
  readonly bufferSize?: number;
}

/** Bytes that a reader fetches at once, by default: 1 MiB. */
export const DEFAULT_READER_BUFFER: number = 1024 * 1024;

const STORE = "ObjectReader";

/**
 * Opens an object for reading at any position. All reads see the version that was there when it was opened: a changed
 * object fails them with `PreconditionError`.
 *
 * @example
 * ```ts
 * import { MemoryStore, openReader } from "@storeport/storeport";
 * const store = new MemoryStore();
 * await store.put("table", "header;row 1;row 2");
 * const reader = await openReader(store, "table");
 * reader.seek(-5, "end");
 * const last = new Uint8Array(5);
 * await reader.read(last);
 * console.assert(new TextDecoder().decode(last) === "row 2");
 * ```
 */
export async function openReader(
  store: Pick<ObjectStore, "get" | "head">,
  path: PathInput,
  options: ReaderOptions = {},
): Promise<ObjectReader> {
  const { bufferSize = DEFAULT_READER_BUFFER, ...get } = options;
  if (!Number.isSafeInteger(bufferSize) || bufferSize < 1) {
    throw new GenericError(
      `Cannot open "${path}": "bufferSize" is "${bufferSize}", not a positive whole number`,
      { store: STORE, path: String(path) },
    );
  }
  return new ObjectReader(store, path, await store.head(path, get), get, bufferSize);
}

/** A position in an object. Nothing need be closed. Made by {@linkcode openReader}. */
export class ObjectReader {
  /** The object as it was when opened. */
  readonly meta: ObjectMeta;
  readonly #store: Pick<ObjectStore, "get">;
  readonly #path: PathInput;
  readonly #options: GetOptions;
  readonly #bufferSize: number;
  #position = 0;
  #buffer: { readonly start: number; readonly bytes: Uint8Array } = { start: 0, bytes: new Uint8Array(0) };

  /** Use {@linkcode openReader}. */
  constructor(
    store: Pick<ObjectStore, "get">,
    path: PathInput,
    meta: ObjectMeta,
    options: GetOptions,
    bufferSize: number,
  ) {
    this.#store = store;
    this.#path = path;
    this.meta = meta;
    this.#options = isStrongETag(meta.eTag) ? { ...options, ifMatch: meta.eTag } : options;
    this.#bufferSize = bufferSize;
  }

  /** Offset of the next read. */
  get position(): number {
    return this.#position;
  }

  /**
   * Moves the position and returns it. Beyond the end is allowed: there is nothing to read there.
   *
   * @throws {GenericError} for a position before the start or beyond what a number can hold exactly.
   */
  seek(offset: number, from: "start" | "current" | "end" = "start"): number {
    const base = from === "start" ? 0 : from === "current" ? this.#position : this.meta.size;
    const position = base + offset;
    if (!Number.isSafeInteger(position) || position < 0) {
      throw new GenericError(`Cannot seek in "${this.#path}" to "${position}"`, {
        store: STORE,
        path: String(this.#path),
      });
    }
    return this.#position = position;
  }

  /**
   * Reads from the position on into `target` and moves the position. Resolves with the number of bytes, which is less
   * than asked for only at the end; `null` when there are none. Calls must not overlap.
   */
  async read(target: Uint8Array): Promise<number | null> {
    const start = this.#position;
    if (target.byteLength === 0) return 0;
    if (start >= this.meta.size) return null;
    const length = Math.min(target.byteLength, this.meta.size - start);
    let done = this.#fromBuffer(target, start);
    if (done < length) {
      const rest = length - done;
      if (rest >= this.#bufferSize) {
        target.set(await this.#fetch(start + done, rest), done);
      } else {
        const bytes = await this.#fetch(start + done, this.#bufferSize);
        this.#buffer = { start: start + done, bytes };
        target.set(bytes.subarray(0, rest), done);
      }
      done = length;
    }
    this.#position = start + done;
    return done;
  }

  /** Reads at an offset without touching position or buffer, so that calls may overlap. Resolves as `read` does. */
  async readAt(target: Uint8Array, offset: number): Promise<number | null> {
    if (target.byteLength === 0) return 0;
    if (offset >= this.meta.size) return null;
    const bytes = await this.#fetch(offset, target.byteLength);
    target.set(bytes);
    return bytes.byteLength;
  }

  #fromBuffer(target: Uint8Array, start: number): number {
    const at = start - this.#buffer.start;
    if (at < 0 || at >= this.#buffer.bytes.byteLength) return 0;
    const bytes = this.#buffer.bytes.subarray(at, at + target.byteLength);
    target.set(bytes);
    return bytes.byteLength;
  }

  async #fetch(start: number, length: number): Promise<Uint8Array> {
    const result = await this.#store.get(this.#path, {
      ...this.#options,
      range: { start, end: Math.min(start + length, this.meta.size) },
    });
    if (sameVersion(this.meta, result.meta)) return await result.bytes();
    const error = new PreconditionError(`Cannot read "${this.#path}": it changed after it was opened`, {
      store: STORE,
      path: String(this.#path),
    });
    await result.body.cancel(error).catch(() => {});
    throw error;
  }
}
