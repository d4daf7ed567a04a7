/** Results of `get`: one consumer, every byte counted. */
import { collect } from "./collect.ts";
import { GenericError, toStoreError } from "./error.ts";
import type { ByteRange } from "./range.ts";
import { type StreamHooks, streamOfBytes, wrapStream } from "./stream.ts";
import type { Attributes, GetResult, ObjectMeta, ResponseExtensions } from "./types.ts";

/** Where the bytes of a result come from. Only one of the two functions is called, and once. */
export interface ResultBody {
  /** Opens the body. */
  stream(): ReadableStream<Uint8Array>;
  /** All bytes at once, where the source has a faster way than collecting the stream. */
  bytes?(): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * The stream itself sees to its length, its error types and the signal, as that of `resumableBody` does; it is then
   * handed out as it is.
   */
  readonly exact?: boolean;
}

/** What {@linkcode makeGetResult} makes a result of. */
export interface GetResultInit {
  /** Metadata of the whole object. */
  readonly meta: ObjectMeta;
  /** The bytes that the body will deliver; ending before or after them is an error. */
  readonly range: ByteRange;
  /** Attributes of the object. */
  readonly attributes: Attributes;
  /** The response behind it, from stores that speak HTTP. */
  readonly response?: ResponseExtensions;
  /** Bytes stay the store's: the result hands out copies. */
  readonly body: Uint8Array | ResultBody;
  /** Short name of the store that errors shall carry. */
  readonly store: string;
  /** Fails the body with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * Makes the result of a `get`. Its body fails with a {@linkcode GenericError} when it delivers another number of bytes
 * than `range` holds, and whatever the source fails with becomes an error of the store.
 */
export function makeGetResult(init: GetResultInit): GetResult {
  return new StoreGetResult(init);
}

/**
 * A result around a result, for wrappers: with other metadata, and hooks through which the bytes pass. `bytes()` stays
 * the fast way; the `chunk` hook then sees all bytes as one chunk.
 */
export function wrapGetResult(
  inner: GetResult,
  changes: { readonly meta?: ObjectMeta; readonly hooks?: StreamHooks },
): GetResult {
  return new WrappedGetResult(inner, changes.meta ?? inner.meta, changes.hooks ?? {});
}

class StoreGetResult implements GetResult {
  readonly meta: ObjectMeta;
  readonly range: ByteRange;
  readonly attributes: Attributes;
  readonly response?: ResponseExtensions;
  readonly #init: GetResultInit;
  #body: ReadableStream<Uint8Array> | undefined;
  #used = false;

  constructor(init: GetResultInit) {
    this.meta = init.meta;
    this.range = init.range;
    this.attributes = init.attributes;
    this.response = init.response;
    this.#init = init;
  }

  get body(): ReadableStream<Uint8Array> {
    if (this.#body) return this.#body;
    this.#claim();
    return this.#body = this.#open();
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    this.#claim();
    const { body, signal } = this.#init;
    signal?.throwIfAborted();
    if (body instanceof Uint8Array) {
      this.#checkLength(body.byteLength);
      return body.slice() as Uint8Array<ArrayBuffer>;
    }
    if (!body.bytes) return await collect(this.#open(), { size: this.#expected });
    try {
      const bytes = await body.bytes();
      this.#checkLength(bytes.byteLength);
      return bytes;
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#typed(error);
    }
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  get #expected(): number {
    return this.range.end - this.range.start;
  }

  #claim(): void {
    if (this.#used) {
      throw new GenericError(`Cannot read "${this.meta.location}" twice: its body has been taken`, {
        store: this.#init.store,
        path: this.meta.location,
      });
    }
    this.#used = true;
  }

  #open(): ReadableStream<Uint8Array> {
    const { body, signal } = this.#init;
    if (!(body instanceof Uint8Array) && body.exact) return body.stream();
    let count = 0;
    return wrapStream(() => body instanceof Uint8Array ? streamOfBytes(body) : body.stream(), {
      chunk: (chunk) => {
        count += chunk.byteLength;
        if (count > this.#expected) this.#checkLength(count);
      },
      flush: () => this.#checkLength(count),
      fail: (error) => this.#typed(error),
      signal,
    });
  }

  #checkLength(count: number): void {
    if (count === this.#expected) return;
    const what = count < this.#expected ? `ended after ${count} of` : "went beyond its";
    throw new GenericError(
      `Cannot read "${this.meta.location}": the body ${what} ${this.#expected} bytes`,
      { store: this.#init.store, path: this.meta.location },
    );
  }

  #typed(error: unknown): unknown {
    return toStoreError(error, `Cannot read "${this.meta.location}"`, {
      store: this.#init.store,
      path: this.meta.location,
    });
  }
}

class WrappedGetResult implements GetResult {
  readonly meta: ObjectMeta;
  readonly range: ByteRange;
  readonly attributes: Attributes;
  readonly response?: ResponseExtensions;
  readonly #inner: GetResult;
  readonly #hooks: StreamHooks;
  #body: ReadableStream<Uint8Array> | undefined;

  constructor(inner: GetResult, meta: ObjectMeta, hooks: StreamHooks) {
    this.meta = meta;
    this.range = inner.range;
    this.attributes = inner.attributes;
    this.response = inner.response;
    this.#inner = inner;
    this.#hooks = hooks;
  }

  get body(): ReadableStream<Uint8Array> {
    return this.#body ??= wrapStream(this.#inner.body, this.#hooks);
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    // Where the body has been taken, the inner result refuses, and the hooks belong to that stream.
    const taken = this.#body !== undefined;
    try {
      const bytes = await this.#inner.bytes();
      const changed = bytes.byteLength > 0 ? await this.#hooks.chunk?.(bytes) : undefined;
      await this.#hooks.flush?.();
      return (changed as Uint8Array<ArrayBuffer> | undefined) ?? bytes;
    } catch (error) {
      throw this.#hooks.fail ? this.#hooks.fail(error) : error;
    } finally {
      if (!taken) this.#hooks.done?.();
    }
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }
}
