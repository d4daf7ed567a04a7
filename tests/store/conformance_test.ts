/** The suite must find what it is there to find: stores that are wrong in one way each. */
import assert from "node:assert/strict";
import { storeCases } from "../../src/store/conformance/mod.ts";
import {
  collect,
  collectList,
  GenericError,
  type GetOptions,
  type ListOptions,
  type ObjectStore,
  type PathInput,
  type PutOptions,
  type PutPayload,
} from "../../src/store/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";

const WRONG: Record<string, () => ObjectStore> = {
  "put in create mode replaces": () =>
    new class extends MemoryStore {
      override put(path: PathInput, payload: PutPayload, options: PutOptions = {}) {
        return super.put(path, payload, {
          ...options,
          mode: options.mode === "create" ? "overwrite" : options.mode,
        });
      }
    }(),
  "update compares nothing": () =>
    new class extends MemoryStore {
      override put(path: PathInput, payload: PutPayload, options: PutOptions = {}) {
        return super.put(path, payload, {
          ...options,
          mode: typeof options.mode === "object" ? "overwrite" : options.mode,
        });
      }
    }(),
  "conditions are ignored": () =>
    new class extends MemoryStore {
      override get(path: PathInput, { ifMatch: _, ifNoneMatch: __, ...options }: GetOptions = {}) {
        return super.get(path, options);
      }
    }(),
  "prefixes match within segments": () =>
    new class extends MemoryStore {
      override async *list(prefix: PathInput = "", options?: ListOptions) {
        const text = String(prefix).replace(/^\/|\/$/g, "");
        for await (const meta of super.list("", options)) if (meta.location.startsWith(text)) yield meta;
      }
    }(),
  "the offset is included": () =>
    new class extends MemoryStore {
      override async *list(prefix?: PathInput, { offset, ...options }: ListOptions = {}) {
        const all = await collectList(super.list(prefix, options));
        for (const meta of all) if (offset === undefined || meta.location >= String(offset)) yield meta;
      }
    }(),
  "ranges end one byte late": () =>
    new class extends MemoryStore {
      override get(path: PathInput, options: GetOptions = {}) {
        const { range } = options;
        return super.get(
          path,
          range && "start" in range ? { ...options, range: { ...range, end: range.end + 1 } } : options,
        );
      }
    }(),
  "rename onto itself deletes": () =>
    new class extends MemoryStore {
      override async rename(from: PathInput, to: PathInput) {
        await this.copy(from, to);
        await this.delete(from);
      }
    }(),
  "bodies are the store's own bytes": () =>
    new class extends MemoryStore {
      readonly #own = new Map<string, Uint8Array<ArrayBuffer>>();
      override async put(path: PathInput, payload: PutPayload, options?: PutOptions) {
        const result = await super.put(path, payload, options);
        if (payload instanceof Uint8Array) this.#own.set(String(path), payload as Uint8Array<ArrayBuffer>);
        return result;
      }
      override async get(path: PathInput, options: GetOptions = {}) {
        const result = await super.get(path, options);
        const own = options.range ? undefined : this.#own.get(String(path));
        return own ? Object.assign(Object.create(result), { bytes: () => Promise.resolve(own) }) : result;
      }
    }(),
  "signals are ignored": () =>
    new class extends MemoryStore {
      override copy(from: PathInput, to: PathInput) {
        return super.copy(from, to);
      }
    }(),
  "a broken stream leaves half an object": () =>
    new class extends MemoryStore {
      override async put(path: PathInput, payload: PutPayload, options: PutOptions = {}) {
        if (!(payload instanceof ReadableStream)) return await super.put(path, payload, options);
        const chunks: Uint8Array[] = [];
        try {
          for await (const chunk of payload) {
            chunks.push(chunk);
            if (options.signal?.aborted) break;
          }
        } catch { /* kept as far as it came */ }
        return await super.put(path, chunks, options);
      }
    }(),
  "outcomes of deleteAll are out of order": () =>
    new class extends MemoryStore {
      override async *deleteAll(paths: Iterable<PathInput> | AsyncIterable<PathInput>) {
        yield* (await collectList(super.deleteAll(paths))).reverse();
      }
    }(),
  "every failure is generic": () =>
    new class extends MemoryStore {
      override async get(path: PathInput, options?: GetOptions) {
        return await super.get(path, options).catch((error) => {
          throw new GenericError("Cannot read", { store: "X", cause: error });
        });
      }
    }(),
  "paths are decoded": () =>
    new class extends MemoryStore {
      override put(path: PathInput, payload: PutPayload, options?: PutOptions) {
        return super.put(String(path).replaceAll("%2F", "/"), payload, options);
      }
    }(),
  "streams are cut at 100 kB": () =>
    new class extends MemoryStore {
      override async put(path: PathInput, payload: PutPayload, options?: PutOptions) {
        const body = payload instanceof Blob ? payload.stream() : payload;
        const bytes = body instanceof ReadableStream
          ? (await collect(body, { signal: options?.signal })).subarray(0, 100_000)
          : body;
        return await super.put(path, bytes, options);
      }
    }(),
};

for (const [what, open] of Object.entries(WRONG)) {
  Deno.test(`the suite finds a store where ${what}`, async () => {
    const failed: string[] = [];
    for (const { name, run } of storeCases) {
      const context = {
        store: open(),
        lacks: ["version", "signing", "response"] as const,
        minPartSize: 2048,
      };
      await run(context).catch(() => failed.push(name));
    }
    assert.ok(failed.length > 0, "no case failed");
    assert.ok(failed.length < storeCases.length / 2, "the store is wrong in more than one way");
  });
}

Deno.test("cases have names of their own, and there are enough of them", () => {
  assert.equal(new Set(storeCases.map(({ name }) => name)).size, storeCases.length);
  assert.ok(storeCases.length >= 150);
});

Deno.test("cases leave nothing behind", async () => {
  const store = new MemoryStore();
  for (const { run } of storeCases) {
    await run({ store, lacks: ["version", "signing", "response"], minPartSize: 2048 });
  }
  assert.deepEqual(await collectList(store.list("", { invalidPaths: "raw" })), []);
});

Deno.test("cases can run at once on one store", async () => {
  const store = new MemoryStore();
  const context = { store, lacks: ["version", "signing", "response"] as const, minPartSize: 2048 };
  await Promise.all(storeCases.map(({ run }) => run(context)));
});
