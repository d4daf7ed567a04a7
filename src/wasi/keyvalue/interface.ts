/** The interfaces of `wasi:keyvalue`, draft 0.2.0, over what a guest was granted. */
import {
  type AbiType,
  bool,
  borrow,
  bytes,
  list,
  option,
  own,
  record,
  resource,
  result,
  string,
  tuple,
  u64,
  variant,
} from "../abi/types.ts";
import { WitError } from "../abi/lower.ts";
import { type HostInterface, suspending } from "../host.ts";
import type { Instance } from "../instance.ts";
import { Bucket, type KeyResponse, type KeyValueError } from "./bucket.ts";

const bucket = resource<Bucket>("wasi:keyvalue/store#Bucket");
const error: AbiType<KeyValueError> = variant({
  "no-such-store": undefined,
  "access-denied": undefined,
  other: string,
});
const keyResponse = record<KeyResponse>({ keys: list(string), cursor: option(u64) });
const self = borrow(bucket);
/** The second draft changed the types of cursors and numbers. */
const versions = ["0.2.0-draft"];

/** Runs an operation that ends with the instance. */
async function during<T>(instance: Instance, action: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ended = new AbortController();
  const forget = instance.onEnd(() => ended.abort());
  try {
    return await action(ended.signal);
  } finally {
    forget();
  }
}

function open(instance: Instance, identifier: string): Bucket {
  const store = instance.capabilities.keyValue(identifier);
  if (store === undefined) throw new WitError({ tag: "no-such-store" } satisfies KeyValueError);
  return new Bucket(store);
}

/** All of `wasi:keyvalue` that a guest may import. */
export const keyValueInterfaces: readonly HostInterface[] = [
  {
    name: "wasi:keyvalue/store",
    versions,
    resources: ["bucket"],
    functions: {
      "open": suspending([string], result(own(bucket), error), open),
      "[method]bucket.get": suspending(
        [self, string],
        result(option(bytes), error),
        (instance, { store }, key) => during(instance, (signal) => store.get(key, signal)),
      ),
      "[method]bucket.set": suspending(
        [self, string, bytes],
        result(undefined, error),
        (instance, { store }, key, value) =>
          during(instance, async (signal) => void await store.set(key, value, signal)),
      ),
      "[method]bucket.delete": suspending(
        [self, string],
        result(undefined, error),
        (instance, { store }, key) =>
          during(instance, async (signal) => void await store.delete(key, signal)),
      ),
      "[method]bucket.exists": suspending(
        [self, string],
        result(bool, error),
        (instance, { store }, key) => during(instance, (signal) => store.exists(key, signal)),
      ),
      "[method]bucket.list-keys": suspending(
        [self, option(u64)],
        result(keyResponse, error),
        (_, bucket, cursor) => bucket.listKeys(cursor),
      ),
    },
  },
  {
    name: "wasi:keyvalue/atomics",
    versions,
    functions: {
      "increment": suspending(
        [self, string, u64],
        result(u64, error),
        (instance, { store }, key, delta) =>
          during(instance, (signal) => store.increment(key, delta, signal)),
      ),
    },
  },
  {
    name: "wasi:keyvalue/batch",
    versions,
    functions: {
      "get-many": suspending(
        [self, list(string)],
        result(list(option(tuple(string, bytes))), error),
        (instance, { store }, keys) =>
          during(instance, (signal) =>
            eachOf(keys, async (key) => {
              const value = await store.get(key, signal);
              return value === undefined ? undefined : [key, value] as const;
            })),
      ),
      "set-many": suspending(
        [self, list(tuple(string, bytes))],
        result(undefined, error),
        (instance, { store }, entries) =>
          during(
            instance,
            async (signal) => void await eachOf(entries, ([key, value]) => store.set(key, value, signal)),
          ),
      ),
      "delete-many": suspending(
        [self, list(string)],
        result(undefined, error),
        (instance, { store }, keys) =>
          during(instance, async (signal) => void await eachOf(keys, (key) => store.delete(key, signal))),
      ),
    },
  },
];

/** Operations of a batch under way at once. */
const AT_ONCE = 8;

/** Results in order. The first failure is told when those under way have ended; no others are begun. */
async function eachOf<T, R>(items: readonly T[], action: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  let failure: { readonly error: unknown } | undefined;
  const work = async (): Promise<void> => {
    while (failure === undefined && next < items.length) {
      const at = next++;
      try {
        results[at] = await action(items[at]!);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
  if (failure !== undefined) throw failure.error;
  return results;
}
