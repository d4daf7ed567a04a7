/** A bucket whose keys are the paths of an object store, and whose values are its objects. */
import { WitError } from "../abi/lower.ts";
import {
  AlreadyExistsError,
  InvalidPathError,
  NotFoundError,
  NotSupportedError,
  PermissionDeniedError,
  PreconditionError,
  UnauthenticatedError,
} from "../../store/error.ts";
import type { ObjectStore } from "../../store/object_store.ts";
import type { PutMode } from "../../store/types.ts";
import { digits, incremented, type KeyValueError, type KeyValueStore, other } from "./bucket.ts";

/** How often an increment begins anew because another writer was faster. */
const ATTEMPTS = 32;

/** See the file's head. */
export class ObjectBucket implements KeyValueStore {
  readonly #store: ObjectStore;
  readonly #limit: number;

  /** Values of at most `limit` bytes are read. */
  constructor(store: ObjectStore, limit: number) {
    this.#store = store;
    this.#limit = limit;
  }

  async get(key: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return (await this.#read(key, signal))?.value;
  }

  set(key: string, value: Uint8Array, signal: AbortSignal): Promise<void> {
    return told("set", key, async () => void await this.#store.put(key, value, { signal }));
  }

  delete(key: string, signal: AbortSignal): Promise<void> {
    return told("delete", key, () => unlessMissing(() => this.#store.delete(key, { signal })));
  }

  exists(key: string, signal: AbortSignal): Promise<boolean> {
    return told(
      "exists",
      key,
      async () => await unlessMissing(() => this.#store.head(key, { signal })) !== undefined,
    );
  }

  async *keys(signal: AbortSignal): AsyncGenerator<string, undefined> {
    try {
      // What is no path cannot be asked for by its key either.
      for await (const { location } of this.#store.list(undefined, { signal, invalidPaths: "skip" })) {
        yield location;
      }
    } catch (error) {
      throw keyValueError("list-keys", "", error);
    }
  }

  async increment(key: string, delta: bigint, signal: AbortSignal): Promise<bigint> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = await this.#read(key, signal);
      const value = incremented(key, found?.value, delta);
      const mode: PutMode = found === undefined ? "create" : { update: found };
      const written = await told("increment", key, async () => {
        try {
          await this.#store.put(key, digits(value), { mode, signal });
          return true;
        } catch (error) {
          if (error instanceof AlreadyExistsError || error instanceof PreconditionError) return false;
          throw error;
        }
      });
      if (written) return value;
    }
    throw other(`The value of "${key}" was changed by others all the time`);
  }

  #read(key: string, signal: AbortSignal): Promise<Read | undefined> {
    return told("get", key, async () => {
      const found = await unlessMissing(() => this.#store.get(key, { signal }));
      if (found === undefined) return undefined;
      const { size, eTag, version } = found.meta;
      if (size > this.#limit) {
        await found.body.cancel();
        throw other(`The value of "${key}" has ${size} bytes, more than the limit of ${this.#limit}`);
      }
      return { value: await found.bytes(), eTag, version };
    });
  }
}

interface Read {
  readonly value: Uint8Array;
  readonly eTag?: string;
  readonly version?: string;
}

async function unlessMissing<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

async function told<T>(name: string, key: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw keyValueError(name, key, error);
  }
}

/** What the guest is told: which kind of error, and nothing of where and how the store keeps its objects. */
function keyValueError(name: string, key: string, error: unknown): unknown {
  if (error instanceof WitError) return error;
  if (error instanceof PermissionDeniedError || error instanceof UnauthenticatedError) {
    return new WitError({ tag: "access-denied" } satisfies KeyValueError);
  }
  if (error instanceof InvalidPathError) return other(`"${key}" is no key of this bucket`);
  if (error instanceof NotSupportedError) return other(`The store cannot do "${name}"`);
  return other(`"${name}" failed${error instanceof Error ? `: ${error.name}` : ""}`);
}
