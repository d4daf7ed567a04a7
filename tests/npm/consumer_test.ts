/** What a consumer does first: a few lines on Node 24, and the command through `npx`. */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { serveGateway } from "../../src/gateway/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import { HOST_PACKAGE, project, tarball } from "../runtimes/project.ts";
import { ROOT } from "../runtimes/places.ts";
import { inShell, npx, runNode } from "./tools.ts";

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
  Deno.test(`stores go over node:http on Node ${line}, and over fetch where that goes by proxies`, async () => {
    await using server = await gateway();
    const script = `
      import { openStore } from "@storeport/storeport";
      let fetched = 0;
      const { fetch } = globalThis;
      globalThis.fetch = (...args) => (fetched++, fetch(...args));
      for (const proxies of ["", "1"]) {
        process.env.NODE_USE_ENV_PROXY = proxies;
        const { store, path } = await openStore(process.argv[1]);
        console.log(fetched, await (await store.get(path)).text(), fetched);
      }`;
    const args = ["--input-type=module", "--eval", script, `${server.url}/greeting.txt`];
    const text = "Hello from the store\n";
    assert.equal(await runNode(line, args, await project("stores")), `0 ${text} 0\n0 ${text} 1\n`);
  });

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

Deno.test("from an empty folder: the tarball, an object, and a guest with a network, typed as a person does", async () => {
  await using server = await gateway();
  const url = `${server.url}/greeting.txt`;
  const folder = await Deno.makeTempDir();
  try {
    const source = await tarball();
    await Deno.copyFile(source, join(folder, basename(source)));
    await Deno.copyFile(join(ROOT, "tests/guests/http/http.wasm"), join(folder, "guest.wasm"));
    const read = `import { openStore } from "@storeport/storeport";
      const { store, path } = await openStore("${url}");
      console.log((await store.head(path)).size, await (await store.get(path)).text());`;
    const lines = `npm i ./storeport-*.tgz && node --input-type=module -e '${read}'`;
    assert.match(await inShell(24, lines, folder), /^21 Hello from the store$/m);
    const required = `import("@storeport/storeport").then(async ({ openStore }) => {
      const { store, path } = await openStore("${url}");
      console.log(await (await store.get(path)).text());
    });`;
    assert.match(await inShell(24, `node -e '${required}'`, folder), /^Hello from the store$/m);
    const run = `npx storeport run guest.wasm --net ${server.url} -- get ${url}`;
    assert.match(
      await inShell(24, `npm i ${HOST_PACKAGE} && ${run}`, folder),
      /^body Hello from the store$/m,
    );
    await assert.rejects(inShell(24, run.replace(/--net \S+/, ""), folder), /denied/i);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
