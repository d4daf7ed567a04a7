/** The gateway's answers, request by request. */
import { strict as assert } from "node:assert";
import { createGateway, type GatewayOptions } from "../../src/gateway/mod.ts";
import type { ErrorClass } from "../../src/testing/assert.ts";
import {
  ConfigurationError,
  GenericError,
  NotSupportedError,
  type ObjectStoreError,
  PermissionDeniedError,
  UnauthenticatedError,
} from "../../src/store/error.ts";
import { MemoryStore } from "../../src/stores/memory/mod.ts";

const TEXT = "0123456789";

interface Ask {
  (method: string, path: string, headers?: HeadersInit, body?: BodyInit): Promise<Response>;
}

async function gatewayWith(options: GatewayOptions = {}, store = new MemoryStore()): Promise<Ask> {
  await store.put("a/digits.txt", TEXT, {
    attributes: { contentType: "text/plain", cacheControl: "no-cache", metadata: { owner: "me" } },
  });
  await store.put("a/b/deep.bin", new Uint8Array([1, 2, 3]));
  await store.put("empty", "");
  const gateway = createGateway(store, options);
  return (method, path, headers, body) => {
    const init: RequestInit & { duplex?: "half" } = { method, headers, body };
    if (body instanceof ReadableStream) init.duplex = "half";
    return gateway.fetch(new Request(`http://gateway.test${path}`, init));
  };
}

async function status(response: Promise<Response>): Promise<number> {
  const { status, body } = await response;
  await body?.cancel();
  return status;
}

Deno.test("GET tells what is known of an object", async () => {
  const ask = await gatewayWith();
  const response = await ask("GET", "/a/digits.txt");
  assert.equal(response.status, 200);
  assert.equal(await response.text(), TEXT);
  const { headers } = response;
  assert.equal(headers.get("content-length"), "10");
  assert.equal(headers.get("content-type"), "text/plain");
  assert.equal(headers.get("cache-control"), "no-cache");
  assert.equal(headers.get("x-storeport-meta-owner"), "me");
  assert.equal(headers.get("accept-ranges"), "bytes");
  assert.match(headers.get("etag")!, /^".*"$/);
  assert.ok(Date.parse(headers.get("last-modified")!) > 0);
  const head = await ask("HEAD", "/a/digits.txt");
  assert.equal(head.status, 200);
  assert.equal(head.body, null);
  assert.deepEqual([...head.headers], [...headers]);
});

Deno.test("the type of an object whose store knows none may come from its name", async () => {
  const asked: string[] = [];
  const contentTypeOf = (
    path: string,
  ) => (asked.push(path), path.endsWith(".bin") ? "text/x-bin" : undefined);
  const ask = await gatewayWith({ contentTypeOf });
  for (const method of ["GET", "HEAD"]) {
    const deep = await ask(method, "/a/b/deep.bin");
    assert.equal(deep.headers.get("content-type"), "text/x-bin");
    await deep.body?.cancel();
  }
  const parts = await (await ask("GET", "/a/b/deep.bin", { range: "bytes=0-0,2-2" })).text();
  assert.equal(parts.match(/content-type: text\/x-bin/g)?.length, 2);
  const digits = await ask("GET", "/a/digits.txt");
  assert.equal(digits.headers.get("content-type"), "text/plain");
  await digits.body?.cancel();
  const empty = await ask("GET", "/empty");
  assert.equal(empty.headers.get("content-type"), null);
  await empty.body?.cancel();
  assert.deepEqual(asked, ["a/b/deep.bin", "a/b/deep.bin", "a/b/deep.bin", "empty"]);
});

const RANGES:
  readonly (readonly [range: string, status: number, contentRange: string | null, body?: string])[] = [
    ["bytes=0-0", 206, "bytes 0-0/10", "0"],
    ["bytes=2-4", 206, "bytes 2-4/10", "234"],
    ["bytes=8-99", 206, "bytes 8-9/10", "89"],
    ["bytes=7-", 206, "bytes 7-9/10", "789"],
    ["bytes=-3", 206, "bytes 7-9/10", "789"],
    ["bytes=-99", 206, "bytes 0-9/10", TEXT],
    ["Bytes = 1-2", 206, "bytes 1-2/10", "12"],
    ["bytes=0-99999999999999999999", 206, "bytes 0-9/10", TEXT],
    ["bytes=10-", 416, "bytes */10"],
    ["bytes=99-100", 416, "bytes */10"],
    ["bytes=-0", 416, "bytes */10"],
    ["bytes=20-30,40-50", 416, "bytes */10"],
    // What is not understood is not there (RFC 9110 section 14.2).
    ["bytes=4-2", 200, null, TEXT],
    ["bytes=a-b", 200, null, TEXT],
    ["bytes=", 200, null, TEXT],
    ["lines=1-2", 200, null, TEXT],
    // Overlapping ranges that add up to more than the object; too many of them.
    ["bytes=0-9,0-9", 200, null, TEXT],
    [`bytes=${Array(65).fill("0-0").join()}`, 200, null, TEXT],
    // Of several one lies within.
    ["bytes=3-3,50-60", 206, "bytes 3-3/10", "3"],
  ];

for (const [range, expected, contentRange, body] of RANGES) {
  Deno.test(`GET with range ${range.slice(0, 40)} is ${expected}`, async () => {
    const ask = await gatewayWith();
    const response = await ask("GET", "/a/digits.txt", { range });
    const text = await response.text();
    assert.equal(response.status, expected);
    assert.equal(response.headers.get("content-range"), contentRange);
    if (body !== undefined) assert.equal(text, body);
  });
}

Deno.test("GET with several ranges is multipart/byteranges of the length declared", async () => {
  const ask = await gatewayWith();
  const response = await ask("GET", "/a/digits.txt", { range: "bytes=0-1,5-5,-2" });
  assert.equal(response.status, 206);
  const boundary = /^multipart\/byteranges; boundary=(.+)$/.exec(response.headers.get("content-type")!)![1];
  const text = await response.text();
  assert.equal(String(text.length), response.headers.get("content-length"));
  const part = (range: string, bytes: string) =>
    `\r\n--${boundary}\r\ncontent-type: text/plain\r\ncontent-range: bytes ${range}/10\r\n\r\n${bytes}`;
  assert.equal(text, `${part("0-1", "01")}${part("5-5", "5")}${part("8-9", "89")}\r\n--${boundary}--\r\n`);
});

Deno.test("a suffix of an empty object is all of it, any other range lies beyond", async () => {
  const ask = await gatewayWith();
  const suffix = await ask("GET", "/empty", { range: "bytes=-5" });
  assert.equal(suffix.status, 200);
  assert.equal(suffix.headers.get("content-length"), "0");
  const first = await ask("GET", "/empty", { range: "bytes=0-0" });
  assert.equal(first.status, 416);
  assert.equal(first.headers.get("content-range"), "bytes */0");
  await first.body?.cancel();
});

Deno.test("conditions are checked in the order of RFC 9110", async () => {
  const ask = await gatewayWith();
  const known = await ask("HEAD", "/a/digits.txt");
  const etag = known.headers.get("etag")!;
  const date = known.headers.get("last-modified")!;
  const before = new Date(Date.parse(date) - 3_600_000).toUTCString();
  const get = (headers: HeadersInit) => status(ask("GET", "/a/digits.txt", headers));
  assert.equal(await get({ "if-match": etag }), 200);
  assert.equal(await get({ "if-match": `"x", ${etag}` }), 200);
  assert.equal(await get({ "if-match": "*" }), 200);
  assert.equal(await get({ "if-match": '"x"' }), 412);
  assert.equal(await get({ "if-match": `W/${etag}` }), 412);
  assert.equal(await get({ "if-none-match": etag }), 304);
  assert.equal(await get({ "if-none-match": `W/${etag}` }), 304);
  assert.equal(await get({ "if-none-match": '"x"' }), 200);
  assert.equal(await get({ "if-modified-since": date }), 304);
  assert.equal(await get({ "if-modified-since": before }), 200);
  assert.equal(await get({ "if-modified-since": "yesterday" }), 200);
  assert.equal(await get({ "if-unmodified-since": date }), 200);
  assert.equal(await get({ "if-unmodified-since": before }), 412);
  assert.equal(await get({ "if-match": etag, "if-unmodified-since": before }), 200);
  assert.equal(await get({ "if-none-match": '"x"', "if-modified-since": date }), 200);
  assert.equal(await get({ "if-match": '"x"', "if-none-match": etag }), 412);
  const unchanged = await ask("GET", "/a/digits.txt", { "if-none-match": etag });
  assert.equal(unchanged.headers.get("etag"), etag);
  assert.equal(unchanged.headers.get("cache-control"), "no-cache");
});

Deno.test("if-range lets a range stand for just this version", async () => {
  const ask = await gatewayWith();
  const known = await ask("HEAD", "/a/digits.txt");
  const get = (ifRange: string, range = "bytes=1-2") =>
    status(ask("GET", "/a/digits.txt", { range, "if-range": ifRange }));
  assert.equal(await get(known.headers.get("etag")!), 206);
  assert.equal(await get(known.headers.get("etag")!, "bytes=1-2,4-5"), 206);
  assert.equal(await get(`W/${known.headers.get("etag")}`), 200);
  assert.equal(await get('"x"'), 200);
  assert.equal(await get(known.headers.get("last-modified")!), 206);
  assert.equal(await get(new Date(0).toUTCString()), 200);
});

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

const FAILURES: readonly (readonly [kind: ErrorClass<ObjectStoreError>, status: number])[] = [
  [PermissionDeniedError, 403],
  [UnauthenticatedError, 502],
  [NotSupportedError, 501],
  [ConfigurationError, 500],
  [GenericError, 500],
];

for (const [Kind, expected] of FAILURES) {
  Deno.test(`a store's ${Kind.name} is ${expected}, and its words stay inside`, async () => {
    const seen: unknown[] = [];
    const error = new (Kind as new (message: string, options: { store: string }) => ObjectStoreError)(
      "SECRET-BUCKET at internal.host",
      { store: "S3" },
    );
    class Failing extends MemoryStore {
      override get(): never {
        throw error;
      }
    }
    const ask = await gatewayWith({ onError: (error) => seen.push(error) }, new Failing());
    const response = await ask("GET", "/a/digits.txt", { accept: "application/json" });
    const text = await response.text();
    assert.equal(response.status, expected);
    assert.equal(JSON.parse(text).status, expected);
    assert.ok(!text.includes("SECRET"), text);
    assert.deepEqual(seen, expected >= 500 && expected !== 501 ? [error] : []);
  });
}

Deno.test("a full disk is 507", async () => {
  class Full extends MemoryStore {
    override put(...args: Parameters<MemoryStore["put"]>): ReturnType<MemoryStore["put"]> {
      if (args[0] !== "x") return super.put(...args);
      const cause = Object.assign(new Error("no space"), { code: "ENOSPC" });
      throw new GenericError("Cannot put", { store: "LocalFileSystem", cause });
    }
  }
  const ask = await gatewayWith({}, new Full());
  assert.equal(await status(ask("PUT", "/x", {}, "y")), 507);
});
