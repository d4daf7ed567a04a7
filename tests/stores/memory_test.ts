import assert from "node:assert/strict";
import { storeCases } from "../../src/store/conformance/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";

for (const { name, run } of storeCases) {
  Deno.test(`memory: ${name}`, () =>
    run({ store: new MemoryStore(), lacks: ["version", "signing", "response"], minPartSize: 2048 }));
}

Deno.test("memory: a fork is independent, and the bytes are the same", async () => {
  const store = new MemoryStore();
  await store.put("a", "1");
  const fork = store.fork();
  await fork.put("a", "2");
  await fork.put("b", "3");
  await store.delete("a");
  assert.equal(await (await fork.get("a")).text(), "2");
  await assert.rejects(store.get("b"), { name: "NotFoundError", path: "b", store: "InMemory" });
});
