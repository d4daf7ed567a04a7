/** A store whose response bodies come in chunks of a fixed size. */
import {
  GenericError,
  type GetOptions,
  type GetResult,
  type ObjectStore,
  type PathInput,
} from "../store/mod.ts";
import { ForwardingStore } from "./forward.ts";

/**
 * A store whose bodies arrive in chunks of exactly `chunkSize` bytes, the last one smaller: to test what reads them,
 * and for readers that want such chunks. `bytes()` is as it was.
 *
 * @example
 * ```ts
 * import { ChunkedStore, MemoryStore } from "@storeport/storeport";
 * const store = new ChunkedStore(new MemoryStore(), 4);
 * await store.put("a", "0123456789");
 * const sizes: number[] = [];
 * for await (const chunk of (await store.get("a")).body) sizes.push(chunk.byteLength);
 * console.assert(sizes.join() === "4,4,2");
 * ```
 */
export class ChunkedStore extends ForwardingStore {
  /** See {@linkcode ObjectStore.name}. */
  override readonly name: string;
  readonly #chunkSize: number;

  /**
   * Around `inner`.
   *
   * @throws {GenericError} unless the chunk size is a positive whole number.
   */
  constructor(inner: ObjectStore, chunkSize: number) {
    super(inner);
    if (!Number.isSafeInteger(chunkSize) || chunkSize < 1) {
      throw new GenericError(`Cannot read in chunks of "${chunkSize}" bytes: give a positive number`, {
        store: "ChunkedStore",
      });
    }
    this.#chunkSize = chunkSize;
    this.name = `ChunkedStore(${inner.name})`;
  }

  /** See {@linkcode ObjectStore.get}. */
  override async get(path: PathInput, options?: GetOptions): Promise<GetResult> {
    return new ChunkedResult(await super.get(path, options), this.#chunkSize);
  }
}

class ChunkedResult implements GetResult {
  readonly meta: GetResult["meta"];
  readonly range: GetResult["range"];
  readonly attributes: GetResult["attributes"];
  readonly response: GetResult["response"];
  readonly #inner: GetResult;
  readonly #chunkSize: number;
  #body: ReadableStream<Uint8Array> | undefined;

  constructor(inner: GetResult, chunkSize: number) {
    this.meta = inner.meta;
    this.range = inner.range;
    this.attributes = inner.attributes;
    this.response = inner.response;
    this.#inner = inner;
    this.#chunkSize = chunkSize;
  }

  get body(): ReadableStream<Uint8Array> {
    return this.#body ??= rechunk(this.#inner.body, this.#chunkSize);
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#inner.bytes();
  }

  text(): Promise<string> {
    return this.#inner.text();
  }
}

/** The same bytes in chunks of exactly `size`, the last one smaller. */
export function rechunk(stream: ReadableStream<Uint8Array>, size: number): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  let rest = new Uint8Array(0);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = new Uint8Array(size);
      let filled = 0;
      while (filled < size) {
        if (rest.byteLength === 0) {
          const { done, value } = await reader.read();
          if (done) break;
          rest = value as Uint8Array<ArrayBuffer>;
        }
        const piece = rest.subarray(0, size - filled);
        chunk.set(piece, filled);
        filled += piece.byteLength;
        rest = rest.subarray(piece.byteLength);
      }
      if (filled > 0) controller.enqueue(filled === size ? chunk : chunk.slice(0, filled));
      if (filled < size) controller.close();
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
