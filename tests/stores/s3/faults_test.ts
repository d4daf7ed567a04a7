/** Ten thousand operations over a network that fails: nothing lost, nothing wrong, no upload left behind. */
import { strict as assert } from "node:assert";
import { Buffer } from "node:buffer";
import { NotFoundError } from "../../../src/store/error.ts";
import { S3Store } from "../../../src/stores/s3/mod.ts";
import { FaultConnector, randomFaults } from "../../../src/testing/fault_connector.ts";
import { FakeS3, KEYS } from "./fake_s3.ts";

const OPERATIONS = 10_000;

function pattern(seed: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed * 2654435761 >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

Deno.test("10,000 operations through faults: nothing lost or wrong, no upload left behind", async () => {
  const service = new FakeS3({ pageSize: 5 });
  const chance = randomFaults({
    seed: 7,
    refuse: 0.03,
    reset: 0.06,
    truncate: 0.04,
    status: 0.06,
    corrupt: 0.03,
    maxOffset: 3000,
  });
  const connector = new FaultConnector(service, (request, index) => {
    const fault = chance(request, index);
    // Objects have checksums; what holds documents together is TLS.
    const object = request.method === "GET" && !request.url.includes("?");
    return fault?.kind === "corrupt" && !object ? undefined : fault;
  });
  const store = new S3Store({
    bucket: "bucket",
    ...KEYS,
    connector,
    client: { retry: { initBackoff: 1, maxBackoff: 2, maxRetries: 30, budget: false } },
  });
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
          const parts = [pattern(i, 1500), bytes];
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
          tags.set(target, tags.get(path));
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

  const workers = 20;
  await Promise.all(Array.from({ length: workers }, (_, id) => worker(id, OPERATIONS / workers)));
  assert.equal(service.objects.size, 0, "objects left");
  assert.ok(damaged > 10, `only ${damaged} damaged bodies were found: the faults did not bite`);
  assert.ok(connector.counts.reset > 300 && connector.counts.truncate > 100 && connector.counts.status > 300);

  // Only where the answer to the very start of an upload was lost does nobody know its id: the sweep does.
  for (const { path, id } of await store.abortUploads("", new Date(Date.now() + 1000))) {
    assert.equal(service.uploads.has(id), false, path);
  }
  assert.equal(service.uploads.size, 0);
  const reads = service.requests.filter(({ method }) => method === "GET").length;
  assert.ok(reads > 1000);
});
