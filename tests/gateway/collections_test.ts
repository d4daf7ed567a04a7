/** Collections of the gateway: PROPFIND, MKCOL, and listings for people and programs. */
import { strict as assert } from "node:assert";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import { gatewayWith, status } from "./gateway_support.ts";

Deno.test("PROPFIND shows an object, one level, or all", async () => {
  const ask = await gatewayWith({ basePath: "/dav" });
  const find = async (path: string, depth?: string) => {
    const response = await ask("PROPFIND", `/dav${path}`, depth === undefined ? {} : { depth });
    const text = await response.text();
    return {
      status: response.status,
      text,
      hrefs: [...text.matchAll(/<D:href>(.*?)<\/D:href>/g)].map((m) => m[1]),
    };
  };
  assert.deepEqual((await find("/a/digits.txt", "0")).hrefs, ["/dav/a/digits.txt"]);
  assert.match((await find("/a/digits.txt", "0")).text, /<D:getcontentlength>10<\/D:getcontentlength>/);
  assert.deepEqual((await find("/a", "0")).hrefs, ["/dav/a/"]);
  assert.deepEqual((await find("/", "1")).hrefs, ["/dav/", "/dav/a/", "/dav/empty"]);
  assert.deepEqual((await find("/a/", "1")).hrefs, ["/dav/a/", "/dav/a/b/", "/dav/a/digits.txt"]);
  const all = ["/dav/", "/dav/a/b/", "/dav/a/", "/dav/a/b/deep.bin", "/dav/a/digits.txt", "/dav/empty"];
  assert.deepEqual((await find("/", "infinity")).hrefs.sort(), all.sort());
  assert.deepEqual((await find("/")).hrefs.sort(), all.sort());
  assert.equal((await find("/nothing", "1")).status, 404);
  assert.equal((await find("/a/", "2")).status, 400);
  assert.equal((await find("/a/", "0")).status, 207);
});

Deno.test("MKCOL checks that the name is free", async () => {
  const ask = await gatewayWith();
  assert.equal(await status(ask("MKCOL", "/fresh/")), 201);
  assert.equal(await status(ask("MKCOL", "/a/")), 405);
  assert.equal(await status(ask("MKCOL", "/empty")), 405);
  assert.equal(await status(ask("MKCOL", "/fresh/", { "content-length": "3" }, "xml")), 415);
  // Some clients, JavaScript in a WASM guest among them, send an empty chunked body.
  const chunked = { "transfer-encoding": "chunked" };
  assert.equal(await status(ask("MKCOL", "/fresh/", chunked, ReadableStream.from([]))), 201);
  assert.equal(await status(ask("MKCOL", "/fresh/", chunked, new Blob(["xml"]).stream())), 415);
});

Deno.test("a collection's listing is HTML for people and JSON for programs", async () => {
  const store = new MemoryStore();
  await store.put(`a/<img src=x onerror=alert(1)>"'&.txt`, "x");
  const ask = await gatewayWith({}, store);
  const html = await ask("GET", "/a/", { accept: "text/html" });
  assert.equal(html.headers.get("content-type"), "text/html; charset=utf-8");
  assert.match(html.headers.get("content-security-policy")!, /default-src 'none'/);
  const page = await html.text();
  assert.ok(!page.includes("<img"), page);
  assert.match(page, /href="\/a\/digits\.txt"/);
  const json = await (await ask("GET", "/a/", { accept: "application/json" })).json();
  assert.deepEqual(json.collections, ["a/b"]);
  assert.equal(json.objects.find((object: { path: string }) => object.path === "a/digits.txt").size, 10);
  assert.equal(await status(ask("GET", "/nothing/")), 404);
  assert.equal(await status(ask("GET", "/a")), 404);
  const helped = await ask("GET", "/a", { accept: "text/html" });
  await helped.body?.cancel();
  assert.equal(helped.status, 308);
  assert.equal(helped.headers.get("location"), "/a/");
  const hidden = await gatewayWith({ index: false });
  assert.equal(await status(hidden("GET", "/a/")), 404);
});
