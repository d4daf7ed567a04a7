import assert from "node:assert/strict";
import fc from "fast-check";
import { collectList, comparePaths, isPaginatedListStore, type ObjectStore } from "../../src/store/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import { LimitStore, PrefixStore } from "../../src/wrappers/mod.ts";

const segment = fc.constantFrom("a", "b", "a b", "a%", "\uff5e", "😀", "aa");
const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join("/"));

type Step =
  | { readonly kind: "put" | "create" | "delete"; readonly path: string; readonly text: string }
  | { readonly kind: "copy" | "rename"; readonly path: string; readonly to: string };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("put" as const, "create" as const, "delete" as const),
    path,
    text: fc.string(),
  }),
  fc.record({ kind: fc.constantFrom("copy" as const, "rename" as const), path, to: path }),
);

/** Does a step on the store and on the model, which must agree about whether it works. */
async function apply(store: ObjectStore, model: Map<string, string>, step: Step): Promise<void> {
  const done = async (action: Promise<unknown>) =>
    await action.then(() => "ok", (error: Error) => error.name);
  const before = model.get(step.path);
  switch (step.kind) {
    case "put":
      model.set(step.path, step.text);
      return void assert.equal(await done(store.put(step.path, step.text)), "ok");
    case "create":
      if (before === undefined) model.set(step.path, step.text);
      return void assert.equal(
        await done(store.put(step.path, step.text, { mode: "create" })),
        before === undefined ? "ok" : "AlreadyExistsError",
      );
    case "delete":
      model.delete(step.path);
      return await store.delete(step.path);
    default: {
      const expected = before === undefined ? "NotFoundError" : "ok";
      assert.equal(await done(store[step.kind](step.path, step.to)), expected);
      if (before === undefined) return;
      if (step.kind === "rename") model.delete(step.path);
      model.set(step.to, before);
    }
  }
}

const stores: Record<string, () => ObjectStore> = {
  memory: () => new MemoryStore(),
  stacked: () => new PrefixStore(new LimitStore(new MemoryStore(), 1), "x/y"),
};

for (const [name, open] of Object.entries(stores)) {
  Deno.test(`property: ${name}: listings equal a model under random operations`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 30 }),
        fc.option(path, { nil: undefined }),
        fc.option(path, { nil: undefined }),
        async (steps, prefix, offset) => {
          const store = open();
          const model = new Map<string, string>();
          for (const each of steps) {
            await apply(store, model, each);
            // Listing in between makes the store's order a state of its own.
            if (each.kind === "copy") await collectList(store.list());
          }
          const base = prefix === undefined ? "" : `${prefix}/`;
          const expected = [...model.keys()]
            .filter((key) => key.startsWith(base) && (offset === undefined || comparePaths(key, offset) > 0))
            .sort(comparePaths);
          const found = await collectList(store.list(prefix, { offset }));
          assert.deepEqual(found.map((meta) => meta.location), expected);

          const level = await store.listWithDelimiter(prefix, { offset });
          const below = expected.map((key) => key.slice(base.length).split("/"));
          const direct = below.filter((rest) => rest.length === 1).map(([first]) => base + first);
          const prefixes = below.filter((rest) => rest.length > 1).map(([first]) => base + first);
          assert.deepEqual(level.objects.map((meta) => meta.location), direct);
          assert.deepEqual(level.commonPrefixes, [...new Set(prefixes)].sort(comparePaths));
          for (const [key, text] of model) assert.equal(await (await store.get(key)).text(), text);
        },
      ),
      { numRuns: 150 },
    );
  });
}

Deno.test("property: pages together are the whole listing, whatever their size", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(path, { maxLength: 20 }),
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom(undefined, "/", "a", "%"),
      fc.constantFrom("", "a", "a/", "😀/"),
      async (paths, maxKeys, delimiter, prefix) => {
        const store = new MemoryStore();
        for (const each of paths) await store.put(each, each);
        assert.ok(isPaginatedListStore(store));
        const whole = await store.listPage(prefix, { delimiter });
        const objects: string[] = [];
        const prefixes: string[] = [];
        let pageToken: string | undefined;
        do {
          const page = await store.listPage(prefix, { delimiter, maxKeys, pageToken });
          assert.ok(page.result.objects.length + page.result.commonPrefixes.length <= maxKeys);
          objects.push(...page.result.objects.map((meta) => meta.location));
          prefixes.push(...page.result.commonPrefixes);
          pageToken = page.pageToken;
        } while (pageToken !== undefined);
        assert.deepEqual(objects, whole.result.objects.map((meta) => meta.location));
        assert.deepEqual(prefixes, whole.result.commonPrefixes);
        if (delimiter === undefined) {
          assert.deepEqual(objects, paths.filter((each) => each.startsWith(prefix)).sort(comparePaths));
        }
      },
    ),
    { numRuns: 150 },
  );
});
