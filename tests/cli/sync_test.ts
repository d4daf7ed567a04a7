/** `storeport sync`: after it, the destination is as the source. */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import fc from "fast-check";
import { sameByListing } from "../../src/cli/sync/compare.ts";
import { pathFilter } from "../../src/cli/sync/glob.ts";
import { NotSorted, sortedListing } from "../../src/cli/sync/sorted.ts";
import { Spill, SpillArea } from "../../src/cli/sync/spill_node.ts";
import {
  GenericError,
  type ObjectMeta,
  type PathInput,
  type PutOptions,
  type PutPayload,
} from "../../src/store/mod.ts";
import { comparePaths, type Path } from "../../src/store/path.ts";
import type { CopyOptions, DeleteOutcome, GetOptions } from "../../src/store/types.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import { contents, fill, nextInstant, place, ShuffledStore, syncStores } from "./sync_support.ts";

// Bytes and UTF-16 order these differently; "-", "." and "0" stand around "/".
const segment = fc.constantFrom("a", "b", "a-b", "a.b", "a0", "é", "～", "😀", "a b", "%41", "\u2028");
const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join("/"));
const text = fc.constantFrom("", "x", "y", "xx", "longer text");
const tree = fc.dictionary(path, text, { maxKeys: 12 });

/** Two trees of which neither has a file where the other has a directory. */
function makeStore(kind: string, seed: number): MemoryStore {
  if (kind === "ordered") return new MemoryStore();
  return new ShuffledStore(seed, kind === "lying");
}

const kinds = fc.constantFrom("ordered", "shuffled", "lying");

Deno.test("sync: the destination becomes the source, for any trees, states, orders and runs", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        wanted: tree,
        before: tree,
        kept: tree,
        kinds: fc.tuple(kinds, kinds),
        seed: fc.nat(1000),
        runLength: fc.integer({ min: 1, max: 5 }),
        comparison: fc.constantFrom("quick" as const, "checksum" as const),
        prune: fc.boolean(),
        concurrency: fc.integer({ min: 1, max: 5 }),
      }),
      async ({ wanted, before, kept, kinds, seed, runLength, comparison, prune, concurrency }) => {
        const source = makeStore(kinds[0], seed);
        const destination = makeStore(kinds[1], seed + 1);
        const late = comparison === "checksum";
        if (late) await fill(source, wanted, "from");
        await fill(destination, { ...before, ...pick(wanted, kept) }, "to");
        await fill(destination, { outside: "1", "to-too/x": "2" });
        if (!late) {
          // Times tell only where what is new is newer.
          await nextInstant();
          await fill(source, wanted, "from");
        }
        const options = { comparison, runLength, concurrency, delete: prune, allowEmpty: true };
        const ends = [place(source, "from"), place(destination, "to")] as const;
        const outcome = await syncStores(...ends, options);
        const expected = prune ? wanted : { ...before, ...wanted };
        assert.deepEqual(sorted(await contents(destination, "to")), sorted(expected));
        assert.deepEqual([outcome.failed, outcome.partial], [0, false]);
        assert.equal(await (await destination.get("outside")).text(), "1");
        assert.deepEqual(sorted(await contents(source, "from")), sorted(wanted));
        // A store that lies about its order makes for needless copies, though for no wrong ones.
        if (kinds.includes("lying")) return;
        const again = await syncStores(...ends, options);
        assert.deepEqual(
          [again.copied, again.deleted, again.unchanged],
          [0, 0, Object.keys(wanted).length],
          "a second run has nothing to do",
        );
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("sync: failures are reported, the rest is done, and the next run heals", async () => {
  await fc.assert(
    fc.asyncProperty(
      tree,
      tree,
      fc.array(fc.nat(3), { minLength: 40, maxLength: 40 }),
      async (wanted, before, luck) => {
        const source = new FlakyStore(luck);
        const destination = new FlakyStore(luck.toReversed());
        await fill(destination, before);
        await nextInstant();
        await fill(source, wanted);
        const options = { delete: true, allowEmpty: true };
        for (const store of [source, destination]) store.failing = true;
        const first = await syncStores(place(source), place(destination), options);
        const failures = source.failures + destination.failures;
        assert.equal(first.failed, failures);
        assert.equal(first.partial, failures > 0);
        assert.equal(first.errors.filter((line) => line.includes("bad luck")).length, failures);
        for (const store of [source, destination]) store.failing = false;
        const second = await syncStores(place(source), place(destination), options);
        assert.equal(second.failed, 0);
        assert.deepEqual(sorted(await contents(destination)), sorted(wanted));
        assert.equal(second.copied + second.deleted, failures, "what was done is not done again");
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("sync: a listing that breaks ends it, and nothing is deleted", async () => {
  for (const side of ["source", "destination"]) {
    const source = new MemoryStore();
    const destination = new MemoryStore();
    await fill(source, { c: "1" });
    await fill(destination, { a: "1", b: "1" });
    const broken = new class extends MemoryStore {
      override async *list(prefix?: PathInput): AsyncGenerator<ObjectMeta> {
        yield* (side === "source" ? source : destination).list(prefix);
        throw new GenericError("Cannot list: cut short", { store: "test" });
      }
    }();
    const ends = side === "source"
      ? [place(broken), place(destination)] as const
      : [place(source), place(broken)] as const;
    await assert.rejects(syncStores(...ends, { delete: true }), /cut short/);
    assert.deepEqual(Object.keys(await contents(destination)).filter((path) => path < "c"), ["a", "b"]);
  }
});

Deno.test("sync: an interrupt ends it with its reason, and the next run goes on", async () => {
  const source = new MemoryStore();
  const destination = new MemoryStore();
  await fill(source, Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`${i}`, "text"])));
  const controller = new AbortController();
  const reason = new Error("interrupted");
  let puts = 0;
  const counting = new class extends MemoryStore {
    override async put(path: PathInput, payload: PutPayload, options?: PutOptions) {
      if (++puts === 20) controller.abort(reason);
      return await destination.put(path, payload, options);
    }
  }();
  await assert.rejects(
    syncStores(place(source), place(counting), {}, controller.signal),
    (error) => error === reason,
  );
  const done = Object.keys(await contents(destination)).length;
  assert.ok(done > 0 && done < 50);
  const { copied, unchanged } = await syncStores(place(source), place(destination));
  assert.deepEqual([copied, unchanged], [50 - done, done]);
});

Deno.test("sync: an empty source deletes nothing unless that is meant; one object is no place", async () => {
  const source = new MemoryStore();
  const destination = new MemoryStore();
  await fill(destination, { a: "1" });
  await assert.rejects(syncStores(place(source), place(destination), { delete: true }), {
    name: "UsageError",
    message: /nothing at .*--allow-empty/,
  });
  assert.deepEqual(await contents(destination), { a: "1" });
  assert.equal(
    (await syncStores(place(source), place(destination), { delete: true, allowEmpty: true })).deleted,
    1,
  );
  await fill(source, { object: "1" });
  await assert.rejects(
    syncStores(place(source, "object"), place(destination)),
    /one object; use storeport cp/,
  );
});

Deno.test("sync: what is in the way is deleted first", async () => {
  const directory = await Deno.makeTempDir();
  const { LocalStore } = await import("../../src/stores/local/mod.ts");
  try {
    const source = new MemoryStore();
    const destination = new LocalStore(directory, { automaticCleanup: true });
    await fill(destination, { "a/b/c": "old", d: "old" });
    await fill(source, { a: "1", "d/e": "2" });
    const outcome = await syncStores(place(source), place(destination), { delete: true });
    assert.deepEqual([outcome.copied, outcome.deleted, outcome.failed], [2, 2, 0]);
    assert.deepEqual(sorted(await contents(destination)), { a: "1", "d/e": "2" });
    // Without --delete it stays, and that is told.
    await source.delete("a");
    await fill(source, { "a/x": "3" });
    const blocked = await syncStores(place(source), place(destination));
    assert.deepEqual([blocked.failed, blocked.partial], [1, true]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("sync: neither side is read far ahead of the other", async () => {
  const produced = [0, 0];
  let apart = 0;
  const endless = (side: number) =>
    new class extends MemoryStore {
      override async *list(): AsyncGenerator<ObjectMeta> {
        for (let i = 0; i < 20_000; i++) {
          produced[side]!++;
          apart = Math.max(apart, Math.abs(produced[0]! - produced[1]!));
          yield {
            location: `${String(i).padStart(6, "0")}` as Path,
            size: 1,
            lastModified: new Date(side * 5000),
          };
        }
      }
    }();
  const outcome = await syncStores(place(endless(0)), place(endless(1)), { delete: true });
  assert.equal(outcome.unchanged, 20_000);
  assert.ok(apart <= 1, `${apart} apart`);
});

Deno.test("sync: stores without order are sorted in temporary files, which are removed", async () => {
  const store = new ShuffledStore(7);
  const paths = Array.from({ length: 1000 }, (_, i) => `${i % 7}/${i}`);
  await fill(store, Object.fromEntries(paths.map((path) => [path, "x"])));
  const before = await temporaryDirectories();
  const listed: string[] = [];
  {
    await using area = new SpillArea();
    const options = {
      area,
      signal: new AbortController().signal,
      skipInvalid: false,
      sort: false,
      filter: () => true,
      runLength: 64,
    };
    for await (const entry of sortedListing(place(store), options)) listed.push(entry.path);
    assert.equal(area.files, 15);
    assert.ok((await temporaryDirectories()) > before);
  }
  assert.deepEqual(listed, paths.toSorted((a, b) => comparePaths(a as Path, b as Path)));
  const lying = new ShuffledStore(7, true);
  await fill(lying, { a: "1", b: "1", c: "1", d: "1" });
  await using area = new SpillArea();
  const options = {
    area,
    signal: new AbortController().signal,
    skipInvalid: false,
    sort: false,
    filter: () => true,
  };
  await assert.rejects(async () => {
    for await (const _ of sortedListing(place(lying), options));
  }, NotSorted);
});

Deno.test("sync: records come back from temporary files as they were, whatever they hold", async () => {
  await using area = new SpillArea();
  const spill = new Spill<string>(area, 1);
  const records = ["first", "a\u2028b\u2029", "\u0085\v\f\r\n\t\b", "\ufeff😀\ud800", '"\\', ""];
  for (const record of records) await spill.push(record);
  const read: string[] = [];
  for await (const record of spill.read()) read.push(record);
  assert.deepEqual(read, records);
});

Deno.test("sync: whole seconds may hide a change, so they are taken for their end", () => {
  const entry = (modified: number, eTag?: string) => ({ path: "a" as Path, size: 1, modified, eTag });
  const table: [source: number, destination: number, coarse: boolean, same: boolean][] = [
    [1000, 1000, false, true],
    [1001, 1000, false, false],
    [1000, 1500, true, false],
    [1000, 1999, true, true],
    [1000, 2000, true, true],
  ];
  for (const [source, destination, coarse, same] of table) {
    assert.equal(sameByListing(entry(source), entry(destination), "quick", coarse), same);
  }
  const [a, b] = ["a", "b"].map((digit) => `"${digit.repeat(32)}"`);
  assert.equal(sameByListing(entry(9000, a), entry(0, a), "quick", false), true);
  assert.equal(sameByListing(entry(0, a), entry(9000, b), "quick", false), false);
  assert.equal(sameByListing(entry(0, `${a!.slice(0, -1)}-2"`), entry(9000, b), "quick", false), true);
  assert.equal(sameByListing(entry(0, a), entry(9000, b), "checksum", false), undefined);
  assert.equal(sameByListing(entry(9000), entry(0), "size", false), true);
});

Deno.test("sync: globs", () => {
  const table: [pattern: string, matching: string[], others: string[]][] = [
    ["*.tmp", ["a.tmp", "x/y/a.tmp", "a.tmp/b"], ["a.tmpx", "tmp", "a/tmp"]],
    ["node_modules", ["node_modules/a/b", "x/node_modules/y", "node_modules"], [
      "node_modules2/a",
      "a_node_modules",
    ]],
    ["/build", ["build", "build/x"], ["x/build"]],
    ["build/", ["build/x", "x/build/y"], ["build"]],
    ["src/*.ts", ["src/a.ts"], ["src/x/a.ts", "x/src/a.ts"]],
    ["src/**/*.ts", ["src/a.ts", "src/x/y/a.ts"], ["srcx/a.ts"]],
    ["**/a", ["a", "x/a", "x/y/a"], ["xa"]],
    ["x/**", ["x/a", "x/y/a"], ["x", "xx/a"]],
    ["a?c", ["abc", "aéc", "a😀c"], ["a/c", "ac"]],
    ["[a-c]1", ["a1", "b1"], ["d1", "[1"]],
    ["[!a-c]1", ["d1"], ["a1", "/1"]],
    ["*.{jpg,p?g}", ["a.jpg", "a.png"], ["a.gif", "a.{jpg"]],
    ["a\\*b", ["a*b"], ["axb"]],
    ["a.b+(c)$", ["a.b+(c)$"], ["axb+(c)$"]],
  ];
  for (const [pattern, matching, others] of table) {
    const excluded = pathFilter([{ include: false, pattern }]);
    for (const path of matching) assert.equal(excluded(path), false, `${pattern} ${path}`);
    for (const path of others) assert.equal(excluded(path), true, `${pattern} ${path}`);
  }
  const ordered = pathFilter([{ include: false, pattern: "*" }, { include: true, pattern: "*.ts" }]);
  assert.deepEqual(["a.ts", "x/a.ts", "a.js"].map(ordered), [true, true, false]);
  const only = pathFilter([{ include: true, pattern: "*.ts" }, { include: false, pattern: "x" }]);
  assert.deepEqual(["a.ts", "x/a.ts", "a.js"].map(only), [true, false, false]);
  for (const pattern of ["[a", "{a,b", "/", "[z-a]"]) {
    assert.throws(() => pathFilter([{ include: true, pattern }]), { name: "UsageError" });
  }
});

/** Fails now and then, before anything is done. */
class FlakyStore extends MemoryStore {
  failing = false;
  failures = 0;
  readonly #luck: readonly number[];
  #next = 0;

  constructor(luck: readonly number[]) {
    super();
    this.#luck = luck;
  }

  #tryLuck(): void {
    if (!this.failing || this.#luck[this.#next++ % this.#luck.length] !== 0) return;
    this.failures++;
    throw new GenericError("Cannot do it: bad luck", { store: "test" });
  }

  override async get(path: PathInput, options?: GetOptions) {
    this.#tryLuck();
    return await super.get(path, options);
  }

  override async put(path: PathInput, payload: PutPayload, options?: PutOptions) {
    try {
      this.#tryLuck();
    } catch (error) {
      if (payload instanceof ReadableStream) await payload.cancel();
      throw error;
    }
    return await super.put(path, payload, options);
  }

  override async copy(from: PathInput, to: PathInput, options?: CopyOptions) {
    this.#tryLuck();
    await super.copy(from, to, options);
  }

  override async *deleteAll(
    paths: Iterable<PathInput> | AsyncIterable<PathInput>,
  ): AsyncGenerator<DeleteOutcome> {
    for await (const path of paths) {
      try {
        this.#tryLuck();
        await super.delete(path);
        yield { path: path as Path, ok: true };
      } catch (error) {
        yield { path: path as Path, ok: false, error: error as GenericError };
      }
    }
  }
}

function pick(
  from: Readonly<Record<string, string>>,
  keys: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(from).filter(([key]) => key in keys));
}

function sorted(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort());
}

async function temporaryDirectories(): Promise<number> {
  let found = 0;
  for await (const { name } of Deno.readDir(tmpdir())) if (/^storeport-\w{6}$/.test(name)) found++;
  return found;
}
