/** What a consumer does first: a few lines on Node 24, and the command through `npx`. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { serveGateway } from "../../src/gateway/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import { HOST_PACKAGE, project } from "../runtimes/project.ts";
import { ROOT } from "../runtimes/places.ts";
import { npx, runNode } from "./tools.ts";

async function gateway() {
  const store = new MemoryStore();
  await store.put("greeting.txt", "Hello from the store\n");
  return await serveGateway({ store });
}

Deno.test("five lines read an object on Node 24", async () => {
  await using server = await gateway();
  const script = `
    import { openStore } from "@storeport/storeport";
    const { store, path } = await openStore(process.argv[1]);
    const { meta, body } = await store.get(path);
    for await (const chunk of body) process.stdout.write(chunk);
    console.log(meta.size);`;
  const args = ["--input-type=module", "--eval", script, `${server.url}/greeting.txt`];
  assert.equal(await runNode(24, args, await project("stores")), "Hello from the store\n21\n");
});

for (const line of [22, 24, 26] as const) {
  Deno.test(`npx storeport copies and lists on Node ${line}`, async () => {
    await using server = await gateway();
    const folder = await project("stores");
    const target = await Deno.makeTempDir();
    try {
      assert.match(await npx(line, ["storeport", "--version"], folder), /^\d+\.\d+\.\d+/);
      await npx(line, ["storeport", "cp", `${server.url}/greeting.txt`, join(target, "copy.txt")], folder);
      assert.equal(await Deno.readTextFile(join(target, "copy.txt")), "Hello from the store\n");
      assert.match(await npx(line, ["storeport", "ls", target], folder), /copy\.txt/);
    } finally {
      await Deno.remove(target, { recursive: true });
    }
  });
}

for (const line of [24, 26] as const) {
  Deno.test(`npx storeport run runs a guest with a network on Node ${line}`, async () => {
    await using server = await gateway();
    const folder = await project("host", [HOST_PACKAGE]);
    const guest = join(ROOT, "tests/guests/http/http.wasm");
    const url = `${server.url}/greeting.txt`;
    const args = ["storeport", "run", "--net", server.url, guest, "--", "get", url];
    assert.match(await npx(line, args, folder), /Hello from the store/);
  });
}
