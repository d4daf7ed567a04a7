/** The page beside the objects: who gets it, under which policy, and whose its name is. */
import { strict as assert } from "node:assert";
import { createGateway, type GatewayOptions, type GatewayUi } from "../../src/gateway/mod.ts";
import { uiFromFolder } from "../../src/gateway/ui_node.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";

const FILES: Readonly<Record<string, string>> = {
  "index.html": "<!DOCTYPE html>",
  "main.js": "export {};",
  "core.wasm": "\0asm",
};

const UI: GatewayUi = {
  file: (name) =>
    Promise.resolve(
      Object.hasOwn(FILES, name)
        ? new TextEncoder().encode(FILES[name]) as Uint8Array<ArrayBuffer>
        : undefined,
    ),
};

function serving(options: GatewayOptions = {}) {
  const store = new MemoryStore();
  const gateway = createGateway(store, { ui: UI, ...options });
  const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
    gateway.fetch(new Request(`http://host${path}`, { method, headers, body }));
  return { store, ask };
}

Deno.test("the page is served with its types, policies and validators", async () => {
  const { ask } = serving();
  const page = await ask("GET", "/_ui/");
  assert.equal(await page.text(), "<!DOCTYPE html>");
  assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
  const policy = page.headers.get("content-security-policy")!;
  assert.match(policy, /default-src 'none'; script-src 'self';/);
  assert.doesNotMatch(policy, /unsafe/);
  assert.equal(page.headers.get("x-content-type-options"), "nosniff");

  const script = await ask("GET", "/_ui/main.js");
  assert.equal(await script.text(), "export {};");
  assert.equal(script.headers.get("content-type"), "text/javascript; charset=utf-8");
  assert.match(script.headers.get("content-security-policy")!, /'wasm-unsafe-eval'/);
  const wasm = await ask("GET", "/_ui/core.wasm");
  assert.equal((await wasm.bytes()).length, 4);
  assert.equal(wasm.headers.get("content-type"), "application/wasm");

  const again = await ask("GET", "/_ui/main.js", { "if-none-match": script.headers.get("etag")! });
  assert.equal(again.status, 304);
  const head = await ask("HEAD", "/_ui/main.js");
  assert.deepEqual([head.status, head.headers.get("content-length"), await head.text()], [200, "10", ""]);
  const bare = await ask("GET", "/_ui");
  assert.deepEqual([bare.status, bare.headers.get("location")], [308, "/_ui/"]);
  const missing = await ask("GET", "/_ui/none.js");
  assert.equal(missing.status, 404);
  await missing.text();
});

Deno.test("the page is open to all, and says what credentials the store wants", async () => {
  const { ask } = serving({ auth: { bearer: "t" }, readOnly: true, basePath: "/files" });
  assert.equal(await (await ask("GET", "/files/_ui/main.js")).text(), "export {};");
  const info = await ask("GET", "/files/_ui/gateway.json");
  assert.deepEqual(await info.json(), { store: "../", readOnly: true, auth: ["bearer"] });
  assert.equal((await ask("GET", "/files/_ui")).headers.get("location"), "/files/_ui/");
  for (const path of ["/files/", "/files/a"]) {
    const refused = await ask("GET", path);
    assert.equal(refused.status, 401);
    await refused.text();
  }
});

Deno.test("the page's name is kept free of objects, however it is spelled", async () => {
  const { store, ask } = serving();
  await store.put("a", "a");
  const refused = async (
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string,
  ) => {
    const response = await ask(method, path, headers, body);
    assert.equal(response.status, 403, `${method} ${path}`);
    assert.match(await response.text(), /belongs to the gateway's page/);
  };
  for (const path of ["/_ui", "/_ui/", "/_ui/x", "/%5fui/x", "/_%75i", "/_ui/a/b/"]) {
    await refused("DELETE", path);
    await refused("MKCOL", path);
    await refused("PROPFIND", path);
  }
  await refused("PUT", "/_ui/x", {}, "x");
  await refused("PUT", "/_%75%69", {}, "x");
  for (const destination of ["http://host/_ui/x", "/_ui", "http://host/%5Fui/x"]) {
    await refused("COPY", "/a", { destination });
    await refused("MOVE", "/a", { destination });
  }
  const paths: string[] = [];
  for await (const { location } of store.list()) paths.push(location);
  assert.deepEqual(paths, ["a"]);
  // Names that only begin like it are the store's.
  for (const path of ["/_uix", "/x/_ui", "/_UI/x"]) {
    const response = await ask("PUT", path, {}, "mine");
    assert.equal(response.status, 201);
    assert.equal(await (await ask("GET", path)).text(), "mine");
  }
});

Deno.test("without a page the name is as any other", async () => {
  const { ask } = serving({ ui: undefined });
  assert.equal((await ask("PUT", "/_ui/x", {}, "mine")).status, 201);
  assert.equal(await (await ask("GET", "/_ui/x")).text(), "mine");
});

Deno.test("files of the page come from its folder alone", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/ui/inner`, { recursive: true });
    await Deno.writeTextFile(`${folder}/secret.txt`, "secret");
    await Deno.writeTextFile(`${folder}/ui/main.js`, "1");
    await Deno.writeTextFile(`${folder}/ui/.hidden`, "hidden");
    const ui = uiFromFolder(`${folder}/ui`);
    assert.deepEqual(await ui.file("main.js"), new TextEncoder().encode("1"));
    for (
      const name of ["../secret.txt", "inner", "inner/x", ".hidden", "..", "none.js", "", "a\0b", "main.js/"]
    ) {
      assert.equal(await ui.file(name), undefined, JSON.stringify(name));
    }
    // What was missing is looked for again.
    await Deno.writeTextFile(`${folder}/ui/none.js`, "2");
    assert.deepEqual(await ui.file("none.js"), new TextEncoder().encode("2"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
