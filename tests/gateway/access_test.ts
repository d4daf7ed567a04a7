/** What the gateway serves to whom: paths, methods, credentials, origins. */
import { strict as assert } from "node:assert";
import { createGateway } from "../../src/gateway/mod.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";
import { gatewayWith, status } from "./gateway_support.ts";

for (
  const path of [
    "/a%2Fdigits.txt",
    "/a//b",
    "/%00",
    "/a%0Ab",
    "/%7F",
    "/%",
    "/%zz",
    "/%ff",
    "/%1",
    "/a/%C3",
    "//a",
  ]
) {
  Deno.test(`the path ${path} is refused`, async () => {
    const ask = await gatewayWith();
    for (const method of ["GET", "PUT", "DELETE", "PROPFIND", "MKCOL"]) {
      assert.equal(await status(ask(method, path)), 400, method);
    }
  });
}

Deno.test("what lies outside of the base path is not served", async () => {
  const ask = await gatewayWith({ basePath: "/dav/" });
  assert.equal(await status(ask("GET", "/dav/a/digits.txt")), 200);
  for (const path of ["/a/digits.txt", "/davx/a/digits.txt", "/"]) {
    assert.equal(await status(ask("GET", path)), 404, path);
  }
  assert.equal(await status(ask("COPY", "/dav/empty", { destination: "/outside" })), 404);
});

Deno.test("a read-only gateway reads only", async () => {
  const ask = await gatewayWith({ readOnly: true });
  for (const method of ["PUT", "DELETE", "COPY", "MOVE", "MKCOL"]) {
    const response = await ask(method, "/empty", { destination: "/y" });
    await response.body?.cancel();
    assert.equal(response.status, 405, method);
    assert.equal(response.headers.get("allow"), "OPTIONS, GET, HEAD, PROPFIND");
  }
  assert.equal(await status(ask("GET", "/empty")), 200);
});

Deno.test("OPTIONS and unknown methods tell what can be done", async () => {
  const ask = await gatewayWith();
  const options = await ask("OPTIONS", "/a/");
  assert.equal(options.headers.get("dav"), "1");
  assert.match(options.headers.get("allow")!, /PROPFIND/);
  for (const method of ["LOCK", "PROPPATCH", "POST", "PATCH", "toString"]) {
    assert.equal(await status(ask(method, "/a/")), 405, method);
  }
});

Deno.test("credentials: any of those accepted, nothing else", async () => {
  const ask = await gatewayWith({
    auth: { bearer: ["one", "two"], basic: [{ username: "ü", password: "p:w" }] },
  });
  const basic = (text: string) => `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(text)))}`;
  for (const accepted of ["Bearer one", "bearer two", basic("ü:p:w")]) {
    assert.equal(await status(ask("GET", "/empty", { authorization: accepted })), 200, accepted);
  }
  for (
    const refused of [
      "",
      "Bearer",
      "Bearer on",
      "Bearer onee",
      "Basic one",
      "Bearer ü:p:w".normalize("NFD").replace(/[^ -~]/g, ""),
      basic("ü:p:x"),
      basic("ü"),
      "Digest one",
      "one",
    ]
  ) {
    const response = await ask("GET", "/empty", { authorization: refused });
    await response.body?.cancel();
    assert.equal(response.status, 401, refused);
    assert.match(
      response.headers.get("www-authenticate")!,
      /^Bearer realm="storeport", Basic realm="storeport"/,
    );
  }
  assert.equal(await status(ask("OPTIONS", "/")), 401);
  assert.throws(() => createGateway(new MemoryStore(), { auth: { bearer: "" } }), TypeError);
});

Deno.test("CORS: origins named may ask and read, others may not", async () => {
  const origin = "https://app.example.com";
  const ask = await gatewayWith({ cors: { origins: [origin], credentials: true }, auth: { bearer: "t" } });
  const preflight = (from: string) =>
    ask("OPTIONS", "/a/digits.txt", {
      origin: from,
      "access-control-request-method": "PUT",
      "access-control-request-headers": "if-match, x-storeport-meta-a",
    });
  const granted = await preflight(origin);
  assert.equal(granted.status, 204);
  assert.equal(granted.headers.get("access-control-allow-origin"), origin);
  assert.equal(granted.headers.get("access-control-allow-credentials"), "true");
  assert.match(granted.headers.get("access-control-allow-methods")!, /PUT/);
  assert.equal(granted.headers.get("access-control-allow-headers"), "if-match, x-storeport-meta-a");
  const refused = await preflight("https://evil.example.com");
  assert.equal(refused.headers.get("access-control-allow-origin"), null);
  assert.equal(refused.headers.get("access-control-allow-methods"), null);
  const read = await ask("HEAD", "/a/digits.txt", { origin, authorization: "Bearer t" });
  assert.equal(read.headers.get("access-control-allow-origin"), origin);
  assert.equal(read.headers.get("vary"), "origin");
  assert.match(read.headers.get("access-control-expose-headers")!, /ETag.*x-storeport-meta-owner/);
  assert.throws(
    () => createGateway(new MemoryStore(), { cors: { origins: "*", credentials: true } }),
    TypeError,
  );
});
