/** Reading through the gateway: objects, ranges, conditions. */
import { strict as assert } from "node:assert";
import { gatewayWith, status, TEXT } from "./gateway_support.ts";

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
