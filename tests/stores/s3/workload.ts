/** A load of operations that knows at every moment what must be in the store, and says so where it is not. */
import { strict as assert } from "node:assert";
import { Buffer } from "node:buffer";
import { NotFoundError } from "../../../src/store/error.ts";
import type { S3Store } from "../../../src/stores/s3/mod.ts";

/** How much is done. */
export interface Workload {
  readonly operations: number;
  readonly workers: number;
  /** Size of the first of two parts; services want 5 MiB. Default: uploads have one part. */
  readonly firstPart?: number;
}

/** Bytes that no other seed gives. */
export function pattern(seed: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed * 2654435761 >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/**
 * Puts (in every mode), uploads, deletes, renames, lists and reads, several at once, each worker on keys of its own;
 * leaves nothing. Returns how many bodies were found damaged, and read again.
 */
export async function runWorkload(
  store: S3Store,
  { operations, workers, firstPart }: Workload,
): Promise<{ readonly damaged: number }> {
  let state = 42;
  const random = (limit: number) => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % limit;

  /** Each worker has keys of its own, and knows what must be in them. */
  const worker = async (id: number, count: number) => {
    const expected = new Map<string, Uint8Array>();
    const tags = new Map<string, string | undefined>();
    for (let i = 0; i < count; i++) {
      const path = `worker-${id}/object-${random(6)}`;
      const known = expected.get(path);
      // No two contents are the same: whose write it was can be told by nothing else.
      const bytes = pattern(id * 1_000_003 + i, 8 + random(4000));
      switch (random(10)) {
        case 0:
        case 1: {
          const { eTag } = await store.put(path, bytes);
          expected.set(path, bytes);
          tags.set(path, eTag);
          break;
        }
        case 2: {
          const create = store.put(path, bytes, { mode: "create" });
          if (known !== undefined) await assert.rejects(create, { name: "AlreadyExistsError" });
          else {
            tags.set(path, (await create).eTag);
            expected.set(path, bytes);
          }
          break;
        }
        case 3: {
          if (known === undefined) break;
          const { eTag } = await store.put(path, bytes, { mode: { update: { eTag: tags.get(path) } } });
          expected.set(path, bytes);
          tags.set(path, eTag);
          break;
        }
        case 4: {
          const parts = firstPart === undefined ? [bytes] : [pattern(i, firstPart), bytes];
          const upload = await store.putMultipart(path);
          await Promise.all(parts.map((part) => upload.putPart(part)));
          if (random(4) === 0) {
            await upload.abort();
            break;
          }
          const { eTag } = await upload.complete();
          expected.set(path, new Uint8Array(Buffer.concat(parts)));
          tags.set(path, eTag);
          break;
        }
        case 5: {
          await store.delete(path);
          expected.delete(path);
          break;
        }
        case 6: {
          const target = `worker-${id}/object-${random(6)}`;
          if (known === undefined || target === path) break;
          await store.rename(path, target);
          expected.set(target, known);
          // What was put in parts has another ETag once it is copied.
          tags.set(target, (await store.head(target)).eTag);
          expected.delete(path);
          break;
        }
        case 7: {
          const found: string[] = [];
          for await (const { location } of store.list(`worker-${id}`)) found.push(location);
          assert.deepEqual(found, [...expected.keys()].sort());
          break;
        }
        default: {
          if (known === undefined) {
            await assert.rejects(store.get(path), NotFoundError);
            break;
          }
          const got = await readWhole(path);
          assert.ok(Buffer.compare(got, known) === 0, `${path} is not what was put`);
        }
      }
    }
    for (const [path, bytes] of expected) assert.ok(Buffer.compare(await readWhole(path), bytes) === 0, path);
    for await (const outcome of store.deleteAll(expected.keys())) assert.ok(outcome.ok);
  };
  /** A byte that was changed on the way is found out, and then read again, as a careful program would. */
  const readWhole = async (path: string): Promise<Uint8Array> => {
    for (let attempt = 0;; attempt++) {
      try {
        return await (await store.get(path)).bytes();
      } catch (error) {
        if (attempt > 10 || !String(error).includes("damaged")) throw error;
        damaged++;
      }
    }
  };
  let damaged = 0;

  await Promise.all(Array.from({ length: workers }, (_, id) => worker(id, operations / workers)));
  return { damaged };
}
