/**
 * 10,000 operations over a network that resets, truncates, stalls and refuses: no wrong byte, no lost write, and every
 * failure a typed error. What a failed write leaves is one of the states before and after it, and later reads must
 * agree on one of them.
 */
import { strict as assert } from "node:assert";
import { FetchConnector } from "../../src/http/fetch.ts";
import { NodeHttpConnector } from "../../src/http/node.ts";
import { createGateway } from "../../src/gateway/mod.ts";
import { listen } from "../../src/gateway/serve_node.ts";
import { AlreadyExistsError, NotFoundError, ObjectStoreError } from "../../src/store/error.ts";
import { HttpStore } from "../../src/stores/http/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import { FaultConnector, randomFaults } from "../../src/testing/fault_connector.ts";

const OPERATIONS = 5000;
const WORKERS = 32;
const KEYS = 5;
const MAX_SIZE = 90_000;

/** A version of an object, from which its bytes follow; `undefined` for no object. */
type Version = number | undefined;

function sizeOf(version: number): number {
  return version % 7 === 0 ? 0 : (version * 7919) % MAX_SIZE;
}

function bytesOf(version: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeOf(version));
  for (let i = 0; i < bytes.length; i++) bytes[i] = (version * 31 + i * 7 + (i >> 8)) & 0xff;
  return bytes;
}

function streamed(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, at += 10_000));
      else controller.close();
    },
  });
}

function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

/** One key, as its one writer knows it. */
class Key {
  /** What it may hold. More than one after a write that failed. */
  possible: Version[] = [undefined];

  constructor(readonly path: string) {}

  wrote(version: Version, failed: boolean): void {
    this.possible = failed ? [...new Set([...this.possible, version])] : [version];
  }

  /** It was seen to hold this. */
  saw(check: (version: Version) => boolean, what: string): void {
    const agreeing = this.possible.filter(check);
    assert.ok(agreeing.length > 0, `${this.path} may be ${this.possible.join(" or ")}, but ${what}`);
    this.possible = agreeing;
  }
}

class Worker {
  readonly counts = { done: 0, failed: 0 };
  readonly #store: HttpStore;
  readonly #prefix: string;
  readonly #keys: Key[];
  readonly #random: (below: number) => number;
  #version: number;

  constructor(store: HttpStore, index: number) {
    this.#store = store;
    this.#prefix = `worker-${index}`;
    this.#keys = Array.from(
      { length: KEYS },
      (_, i) => new Key(`${this.#prefix}/${i % 2 ? "d e/" : ""}k${i}`),
    );
    this.#random = generator(index + 1);
    this.#version = index * 100_000 + 1;
  }

  async run(operations: number): Promise<void> {
    const actions = [
      () => this.#put(),
      () => this.#put(),
      () => this.#create(),
      () => this.#update(),
      () => this.#get(),
      () => this.#get(),
      () => this.#stream(),
      () => this.#range(),
      () => this.#remove(),
      () => this.#copy(),
      () => this.#rename(),
      () => this.#list(),
    ];
    for (let i = 0; i < operations; i++) {
      try {
        await actions[this.#random(actions.length)]!();
        this.counts.done++;
      } catch (error) {
        // A failed assertion is not of that class.
        if (!(error instanceof ObjectStoreError)) throw error;
        this.counts.failed++;
      }
    }
  }

  /** Reads all keys over a network without faults. */
  async settle(store: HttpStore): Promise<void> {
    for (const key of this.#keys) {
      const bytes = await store.get(key.path).then((result) => result.bytes()).catch((error) => {
        if (error instanceof NotFoundError) return undefined;
        throw error;
      });
      key.saw(
        (version) => same(bytes, version),
        `at the end it holds ${bytes?.length} bytes of something else`,
      );
    }
  }

  #key(): Key {
    return this.#keys[this.#random(KEYS)]!;
  }

  /** Makes a write and notes what may have come of it. */
  async #write(
    key: Key,
    version: Version,
    write: () => Promise<unknown>,
    certain: (error: unknown) => boolean,
  ) {
    try {
      await write();
    } catch (error) {
      if (!certain(error)) key.wrote(version, true);
      throw error;
    }
    key.wrote(version, false);
  }

  async #put(): Promise<void> {
    const version = this.#version++;
    const bytes = bytesOf(version);
    const key = this.#key();
    const payload = this.#random(3) === 0 ? streamed(bytes) : bytes;
    await this.#write(key, version, () => this.#store.put(key.path, payload), () => false);
  }

  async #create(): Promise<void> {
    const version = this.#version++;
    const key = this.#key();
    const create = () => this.#store.put(key.path, bytesOf(version), { mode: "create" });
    await this.#write(key, version, create, (error) => {
      if (!(error instanceof AlreadyExistsError)) return false;
      key.saw((version) => version !== undefined, "a create met an object");
      return true;
    });
  }

  async #update(): Promise<void> {
    const version = this.#version++;
    const key = this.#key();
    const meta = await this.#store.head(key.path);
    key.saw(
      (version) => version !== undefined && sizeOf(version) === meta.size,
      `head says ${meta.size} bytes`,
    );
    const update = () => this.#store.put(key.path, bytesOf(version), { mode: { update: meta } });
    // This worker is the key's only writer, so a precondition that fails means that one of its own sendings came first.
    await this.#write(key, version, update, () => false);
  }

  async #get(): Promise<void> {
    const key = this.#key();
    const bytes = await this.#found(key, async () => await (await this.#store.get(key.path)).bytes());
    key.saw((version) => same(bytes, version), `${bytes?.length} bytes of something else were read`);
  }

  async #stream(): Promise<void> {
    const key = this.#key();
    const bytes = await this.#found(key, async () => {
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      for await (const chunk of (await this.#store.get(key.path)).body) chunks.push(new Uint8Array(chunk));
      return new Uint8Array(await new Blob(chunks).arrayBuffer());
    });
    key.saw((version) => same(bytes, version), `${bytes?.length} bytes of something else were streamed`);
  }

  async #range(): Promise<void> {
    const key = this.#key();
    const start = this.#random(MAX_SIZE);
    const end = start + 1 + this.#random(20_000);
    const bytes = await this.#found(key, () => this.#store.getRange(key.path, { start, end }));
    key.saw(
      (version) =>
        version === undefined || bytes === undefined
          ? version === bytes
          : same(bytes, bytesOf(version).subarray(start, end)),
      "a range of something else was read",
    );
  }

  async #remove(): Promise<void> {
    const key = this.#key();
    await this.#write(key, undefined, async () => {
      await this.#found(key, () => this.#store.delete(key.path));
    }, () => false);
  }

  async #copy(): Promise<void> {
    const [from, to] = [this.#key(), this.#key()];
    if (from === to || from.possible.length > 1 || from.possible[0] === undefined) return;
    const [version] = from.possible;
    await this.#write(to, version, () => this.#store.copy(from.path, to.path), () => false);
  }

  async #rename(): Promise<void> {
    const [from, to] = [this.#key(), this.#key()];
    if (from === to || from.possible.length > 1 || from.possible[0] === undefined) return;
    const [version] = from.possible;
    try {
      await this.#store.rename(from.path, to.path);
    } catch (error) {
      from.wrote(undefined, true);
      to.wrote(version, true);
      throw error;
    }
    from.wrote(undefined, false);
    to.wrote(version, false);
  }

  async #list(): Promise<void> {
    const sizes = new Map<string, number>();
    for await (const { location, size } of this.#store.list(this.#prefix)) {
      assert.ok(!sizes.has(location), `${location} was listed twice`);
      sizes.set(location, size);
    }
    for (const key of this.#keys) {
      const size = sizes.get(key.path);
      key.saw(
        (version) => (version === undefined ? undefined : sizeOf(version)) === size,
        `a listing says ${size}`,
      );
    }
  }

  /** The outcome of a read, `undefined` where there is no object. */
  async #found<T>(key: Key, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      key.saw((version) => version === undefined, "it was not found");
      return undefined;
    }
  }
}

function same(bytes: Uint8Array | undefined, version: Version | Uint8Array): boolean {
  if (bytes === undefined || version === undefined) return bytes === version;
  const expected = typeof version === "number" ? bytesOf(version) : version;
  return bytes.length === expected.length && bytes.every((byte, i) => byte === expected[i]);
}

for (const Connector of [FetchConnector, NodeHttpConnector]) {
  Deno.test(`${OPERATIONS} operations over a bad network, with ${Connector.name}`, async () => {
    const gateway = createGateway(new MemoryStore());
    const server = await listen(gateway.fetch, { hostname: "127.0.0.1", port: 0 });
    const url = `http://127.0.0.1:${server.port}`;
    const plan = randomFaults({
      seed: 7,
      refuse: 0.03,
      reset: 0.08,
      stall: 0.01,
      truncate: 0.06,
      status: 0.06,
    });
    const connector = new FaultConnector(new Connector(), plan);
    const store = new HttpStore(url, {
      connector,
      client: {
        connectTimeout: 500,
        firstByteTimeout: 500,
        readTimeout: 150,
        retry: { maxRetries: 3, initBackoff: 1, maxBackoff: 10, budget: false },
      },
    });
    const workers = Array.from({ length: WORKERS }, (_, i) => new Worker(store, i));
    await Promise.all(workers.map((worker) => worker.run(Math.ceil(OPERATIONS / WORKERS))));
    store.close();
    const clean = new HttpStore(url, { connector: new Connector() });
    for (const worker of workers) await worker.settle(clean);
    clean.close();
    await server.close();

    const { refuse, reset, stall, truncate, status } = connector.counts;
    for (const [kind, count] of Object.entries({ refuse, reset, stall, truncate, status })) {
      assert.ok(count > 10, `only ${count} times ${kind}`);
    }
    const done = workers.reduce((sum, { counts }) => sum + counts.done, 0);
    const failed = workers.reduce((sum, { counts }) => sum + counts.failed, 0);
    console.log(`${done} done, ${failed} failed; faults: ${JSON.stringify(connector.counts)}`);
    // Retries and resumption must carry most of them through; what is left are updates that met nothing and the like.
    assert.ok(done > failed * 3, `${done} done, ${failed} failed`);
  });
}
