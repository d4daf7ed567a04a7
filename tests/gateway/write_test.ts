/** Writing through the gateway: PUT, DELETE, COPY and MOVE. */
import { strict as assert } from "node:assert";
import { gatewayWith, status } from "./gateway_support.ts";

Deno.test("PUT creates, replaces, and heeds conditions", async () => {
  const ask = await gatewayWith();
  const put = (path: string, headers?: HeadersInit) => status(ask("PUT", path, headers, "new"));
  assert.equal(await put("/n"), 201);
  assert.equal(await put("/n"), 204);
  assert.equal(await put("/n", { "if-none-match": "*" }), 412);
  assert.equal(await put("/m", { "if-none-match": "*" }), 201);
  assert.equal(await put("/none", { "if-match": "*" }), 412);
  assert.equal(await put("/none", { "if-match": '"x"' }), 412);
  assert.equal(await status(ask("HEAD", "/none")), 404);
  assert.equal(await put("/n", { "if-match": "*" }), 204);
  const etag = (await ask("HEAD", "/n")).headers.get("etag")!;
  assert.equal(await put("/n", { "if-none-match": etag }), 412);
  assert.equal(await put("/n", { "if-none-match": '"x"' }), 204);
  assert.equal(await put("/n", { "if-match": etag }), 412);
  const now = (await ask("HEAD", "/n")).headers.get("etag")!;
  assert.equal(await put("/n", { "if-match": `"x", ${now}` }), 204);
  assert.equal(await put("/n", { "if-unmodified-since": new Date(0).toUTCString() }), 412);
  assert.equal(await put("/dir/"), 405);
  // A part must not be stored for the whole.
  assert.equal(await put("/n", { "content-range": "bytes 0-2/10" }), 400);
});

Deno.test("PUT keeps attributes and metadata", async () => {
  const ask = await gatewayWith();
  const headers = {
    "content-type": "text/csv",
    "content-language": "fr",
    "content-disposition": 'attachment; filename="x"',
    "content-encoding": "zstd",
    "cache-control": "max-age=5",
    "x-storeport-meta-a": "b   c",
  };
  const put = await ask("PUT", "/attributes", headers, "x");
  assert.equal(put.status, 201);
  const head = await ask("HEAD", "/attributes");
  for (const [name, value] of Object.entries(headers)) assert.equal(head.headers.get(name), value, name);
  assert.equal(head.headers.get("etag"), put.headers.get("etag"));
});

function chunks(count: number, size: number): ReadableStream<Uint8Array> {
  let left = count;
  return new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(new Uint8Array(size));
      else controller.close();
    },
  }, { highWaterMark: 0 });
}

Deno.test("bodies are held to the limit and to their declared length, and leave nothing where they break it", async () => {
  const ask = await gatewayWith({ maxBodySize: 1000 });
  const put = (headers: HeadersInit, body: BodyInit) => status(ask("PUT", "/big", headers, body));
  assert.equal(await put({}, new Uint8Array(1001)), 413);
  assert.equal(await put({ "content-length": "5000" }, chunks(1, 1)), 413);
  assert.equal(await put({}, chunks(11, 100)), 413);
  assert.equal(await put({ "content-length": "500" }, chunks(4, 100)), 400);
  assert.equal(await put({ "content-length": "500" }, chunks(6, 100)), 400);
  assert.equal(await status(ask("HEAD", "/big")), 404);
  assert.equal(await put({}, chunks(10, 100)), 201);
  assert.equal(await put({ "content-length": "500" }, chunks(5, 100)), 204);
});

Deno.test("DELETE takes an object, and a collection only by its slash", async () => {
  const ask = await gatewayWith();
  assert.equal(await status(ask("DELETE", "/nothing")), 404);
  assert.equal(await status(ask("DELETE", "/a")), 409);
  assert.equal(await status(ask("DELETE", "/a/digits.txt", { "if-match": '"x"' })), 412);
  const etag = (await ask("HEAD", "/a/digits.txt")).headers.get("etag")!;
  assert.equal(await status(ask("DELETE", "/a/digits.txt", { "if-match": etag })), 204);
  assert.equal(await status(ask("HEAD", "/a/digits.txt")), 404);
  assert.equal(await status(ask("DELETE", "/a/")), 204);
  assert.equal(await status(ask("DELETE", "/a/")), 404);
  assert.equal(await status(ask("HEAD", "/a/b/deep.bin")), 404);
  assert.equal(await status(ask("DELETE", "/")), 403);
  assert.equal(await status(ask("HEAD", "/empty")), 200);
});

Deno.test("COPY and MOVE take objects and collections", async () => {
  const ask = await gatewayWith();
  const send = (method: string, from: string, destination: string, headers = {}) =>
    status(ask(method, from, { destination, ...headers }));
  assert.equal(await send("COPY", "/a/digits.txt", "/c"), 201);
  assert.equal(await send("COPY", "/a/digits.txt", "http://gateway.test/c"), 204);
  assert.equal(await send("COPY", "/a/digits.txt", "/c", { overwrite: "F" }), 412);
  assert.equal(await send("COPY", "/a/digits.txt", "/a/digits.txt"), 403);
  assert.equal(await send("COPY", "/a/digits.txt", "http://elsewhere.test/c"), 502);
  assert.equal(await send("COPY", "/a/digits.txt", "/x%2Fy"), 400);
  assert.equal(await send("COPY", "/a/digits.txt", "/c", { overwrite: "maybe" }), 400);
  assert.equal(await status(ask("COPY", "/a/digits.txt")), 400);
  assert.equal(await send("COPY", "/nothing", "/c"), 404);
  assert.equal(await send("MOVE", "/c", "/d%20e"), 201);
  assert.equal(await status(ask("HEAD", "/c")), 404);
  assert.equal(await status(ask("HEAD", "/d%20e")), 200);
  assert.equal(await send("COPY", "/a/", "/a/b/c/"), 403);
  assert.equal(await send("COPY", "/a", "/z"), 201);
  assert.equal(await status(ask("HEAD", "/z/b/deep.bin")), 200);
  assert.equal(await send("MOVE", "/z/", "/y/"), 201);
  assert.equal(await status(ask("HEAD", "/z/b/deep.bin")), 404);
  assert.equal(await status(ask("HEAD", "/y/b/deep.bin")), 200);
  assert.equal(await send("MOVE", "/y/", "/a/", { overwrite: "F" }), 412);
});
