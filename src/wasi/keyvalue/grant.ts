/** The buckets of an instance, as they were granted. */
import type { ObjectStore } from "../../store/object_store.ts";
import type { GuestOptions, KeyValueSource } from "../options.ts";
import type { KeyValueStore } from "./bucket.ts";
import { MemoryBucket } from "./memory_bucket.ts";
import { ObjectBucket } from "./object_bucket.ts";

/** What opens the buckets of an instance: the same one each time, `undefined` for one that was not granted. */
export function bucketsOf(
  granted: GuestOptions["keyValue"] = {},
  limit: number,
): (identifier: string) => KeyValueStore | undefined {
  const opened = new Map<string, KeyValueStore>();
  return (identifier) => {
    let store = opened.get(identifier);
    if (store === undefined && Object.hasOwn(granted, identifier)) {
      const source = granted[identifier]!;
      store = isStore(source) ? new ObjectBucket(source, limit) : new MemoryBucket(source, limit);
      opened.set(identifier, store);
    }
    return store;
  };
}

/** Whether a bucket is kept in an object store, rather than in memory. */
export function isStore(source: KeyValueSource): source is ObjectStore {
  return typeof source["get"] === "function";
}
