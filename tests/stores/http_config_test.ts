/** What {@linkcode HttpStore} is given: URLs, configuration as text, credentials and names. */
import { strict as assert } from "node:assert";
import { FetchConnector } from "../../src/http/fetch.ts";
import { NodeHttpConnector } from "../../src/http/node.ts";
import { ConfigurationError, GenericError, InvalidPathError } from "../../src/store/error.ts";
import { HttpStore, httpStoreFromConfig } from "../../src/stores/http/mod.ts";
import { overServer } from "./http_support.ts";

for (
  const url of [
    "",
    "nonsense",
    "ftp://h/",
    "file:///x",
    "http://",
    "http://h/?a=b",
    "http://h/#f",
    "https://u:SECRET@/",
    "u:SECRET@host",
  ]
) {
  Deno.test(`the base URL "${url}" is refused, without its secrets`, () => {
    assert.throws(() => new HttpStore(url), (error: unknown) => {
      assert.ok(error instanceof ConfigurationError);
      assert.ok(!error.message.includes("SECRET"));
      return true;
    });
  });
}

Deno.test("a base URL without a scheme is shown as written, with what to write", () => {
  for (const url of ["localhost:9000", "127.0.0.1:9000"]) {
    assert.throws(
      () => new HttpStore(url),
      (error: Error) => error.message.includes(`"${url}"`) && error.message.includes("https://"),
    );
  }
});

Deno.test("http: beyond loopback is refused before anything is sent", async () => {
  const store = new HttpStore("http://example.com/", { connector: new FetchConnector() });
  await assert.rejects(() => store.get("x"), /allowHttp/);
  store.close();
});

overServer("names that cannot be sent are refused", () => new Response("x"), async (store) => {
  for (const path of ["a/../b", "..", "a//b", "a\0b", "a\nb", "\ud800"]) {
    await assert.rejects(() => store.get(path), InvalidPathError);
    await assert.rejects(() => store.put(path, "x"), InvalidPathError);
  }
  const put = (attributes: Record<string, unknown>) => () => store.put("x", "y", { attributes });
  await assert.rejects(put({ contentType: "a\r\nx: y" }), GenericError);
  await assert.rejects(put({ contentType: "a\0" }), GenericError);
  await assert.rejects(put({ contentType: "\u2013" }), GenericError);
  await assert.rejects(put({ metadata: { "a b": "c" } }), GenericError);
  await assert.rejects(put({ metadata: { "a\r\nb": "c" } }), GenericError);
  await assert.rejects(put({ metadata: { a: "b\nc" } }), GenericError);
});

Deno.test("credentials go to the store's origin and nowhere else", async () => {
  const seen: (readonly [string, string | null])[] = [];
  const other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    seen.push(["other", request.headers.get("authorization")]);
    return new Response("elsewhere");
  });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    seen.push(["own", request.headers.get("authorization")]);
    const location = `http://127.0.0.1:${other.addr.port}/y`;
    return new Response(null, { status: 307, headers: { location } });
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  let count = 0;
  const stores = [
    new HttpStore(url, { connector: new FetchConnector(), auth: { bearer: "token" } }),
    new HttpStore(url, { connector: new NodeHttpConnector(), auth: { bearer: () => `token${++count}` } }),
    new HttpStore(url.replace("//", "//us%C3%A9r:p%40ss@"), { connector: new FetchConnector() }),
  ];
  for (const store of stores) assert.equal(await (await store.get("x")).text(), "elsewhere");
  const basic = `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode("usér:p@ss")))}`;
  assert.deepEqual(seen, [
    ["own", "Bearer token"],
    ["other", null],
    ["own", "Bearer token1"],
    ["other", null],
    ["own", basic],
    ["other", null],
  ]);
  assert.throws(() => new HttpStore(url, { auth: { bearer: "line\nbreak" } }), ConfigurationError);
  assert.throws(() => new HttpStore(url, { auth: { username: "a:b", password: "" } }), ConfigurationError);
  for (const store of stores) store.close();
  await Promise.all([server.shutdown(), other.shutdown()]);
});

Deno.test("configuration as text", () => {
  const connector = new FetchConnector();
  const url = "https://example.com/";
  httpStoreFromConfig(url, { token: "t", connectTimeout: "3s", http_read_timeout: "1m 30s" }, connector)
    .close();
  httpStoreFromConfig(url, { USERNAME: "u", password: "p", conditional_put: "true" }, connector).close();
  assert.throws(
    () => httpStoreFromConfig(url, { tokn: "t" }, connector),
    /Unknown configuration key "tokn".*"token"/,
  );
  assert.throws(
    () => httpStoreFromConfig(url, { connectTimeout: "3" }, connector),
    /"connectTimeout".*duration/,
  );
  assert.throws(() => httpStoreFromConfig(url, { password: "SECRET" }, connector), ConfigurationError);
  assert.throws(
    () => httpStoreFromConfig(url, { conditionalPut: "maybe" }, connector),
    /one of probe, true, false/,
  );
});
