/** Listings, documents and bodies that are not what they should be; bulk deletions; services that lack something. */
import { strict as assert } from "node:assert";
import type { HttpRequest } from "../../../src/http/service.ts";
import { getHeader } from "../../../src/http/headers.ts";
import { rawPath } from "../../../src/store/path.ts";
import type { ListOptions } from "../../../src/store/types.ts";
import { answer, failure } from "./fake/answers.ts";
import type { Hook } from "./fake/s3.ts";
import { cut, failing, first, open } from "./fake/store.ts";

const PAGE = (more: string) =>
  `<ListBucketResult><IsTruncated>true</IsTruncated>${more}<Contents><Key>a</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>1</Size></Contents></ListBucketResult>`;

Deno.test("a listing that never ends is found out", async () => {
  for (
    const [more, about] of [["<NextContinuationToken>same</NextContinuationToken>", /same page again/], [
      "",
      /not how to ask/,
    ]] as const
  ) {
    const { store, service } = open(() => answer(200, PAGE(more)));
    const list = async () => {
      for await (const _ of store.list()) { /* on and on */ }
    };
    assert.match((await failing(list())).message, about);
    assert.ok(service.requests.length <= 3);
    assert.match((await failing(store.listWithDelimiter())).message, about);
  }
  // Round and round, by several tokens.
  for (const length of [2, 3, 7]) {
    const { store, service } = open((_, { query }) => {
      const at = Number(query.get("continuation-token") ?? -1);
      return answer(200, PAGE(`<NextContinuationToken>${at < length ? at + 1 : 1}</NextContinuationToken>`));
    });
    assert.match((await failing(store.listWithDelimiter())).message, /same page again/);
    assert.ok(service.requests.length < 6 * length, `${service.requests.length}`);
  }
});

Deno.test("a list of parts that does not say how it goes on is an error", async () => {
  for (const marker of ["", "<NextPartNumberMarker>1</NextPartNumberMarker>", "<NextPartNumberMarker/>"]) {
    const part = "<Part><PartNumber>1</PartNumber><ETag>e</ETag><Size>1</Size></Part>";
    const page = `<ListPartsResult><IsTruncated>true</IsTruncated>${marker}${part}</ListPartsResult>`;
    const { store, service } = open(() => answer(200, page));
    const error = await failing(Array.fromAsync(store.listParts("a", "id")));
    assert.match(error.message, /does not say where the next page begins/);
    assert.ok(service.requests.length <= 2);
  }
});

Deno.test("a listing that breaks off is asked for again; one that is none is an error", async () => {
  const whole = PAGE("").replace("true", "false");
  const { store, service } = open(first(2, () => true, () => cut(200, whole, 60)));
  const keys: string[] = [];
  service.hook =
    ((broken) => (request: HttpRequest, parts: Parameters<Hook>[1]) =>
      broken(request, parts) ?? answer(200, whole))(service.hook!) as Hook;
  for await (const { location } of store.list()) keys.push(location);
  assert.deepEqual(keys, ["a"]);
  for (const body of ["", "<html><body>Welcome</body></html>", whole.slice(0, -5), "{}"]) {
    service.hook = () => answer(200, body);
    const error = await failing(store.listWithDelimiter());
    assert.match(error.message, /no listing/, body);
  }
});

Deno.test("markers of folders are passed over; a key with a slash at its end that holds something is not", async () => {
  const { store } = open();
  for (const key of ["a/", "a/b/", "c/"]) await store.put(rawPath(key), "");
  for (const key of ["a/1", "a/b/2", "z"]) await store.put(key, "x");
  const list = async (prefix: string, options: ListOptions = {}) => {
    const keys: string[] = [];
    for await (const { location } of store.list(prefix, options)) keys.push(location);
    return keys;
  };
  assert.deepEqual(await list(""), ["a/1", "a/b/2", "z"]);
  assert.deepEqual(await list("a/b"), ["a/b/2"]);
  assert.deepEqual(await list("", { invalidPaths: "skip" }), ["a/1", "a/b/2", "z"]);
  assert.deepEqual(await list("", { invalidPaths: "raw" }), ["a/", "a/1", "a/b/", "a/b/2", "c/", "z"]);
  const { objects, commonPrefixes } = await store.listWithDelimiter("a");
  assert.deepEqual([objects.map(({ location }) => location), commonPrefixes], [["a/1"], ["a/b"]]);
  assert.deepEqual((await store.listWithDelimiter()).commonPrefixes, ["a", "c"]);
  await store.put(rawPath("data/"), "something");
  assert.equal((await failing(list(""))).name, "InvalidPathError");
  assert.deepEqual(await list("", { invalidPaths: "skip" }), ["a/1", "a/b/2", "z"]);
});

Deno.test("a page begins after its offset, where the service cannot start there too", async () => {
  for (const provider of ["aws", "aws-express"]) {
    const { store, service } = open(undefined, { provider });
    for (const key of ["0/1", "a", "b", "b/1", "b/2", "c", "d/1", "\u{FF5E}", "\u{1F600}"]) {
      await store.put(key, "");
    }
    const { result } = await store.listPage("", { offset: "b", delimiter: "/" });
    assert.deepEqual(
      result.objects.map(({ location }) => location),
      ["c", "\u{FF5E}", "\u{1F600}"],
      provider,
    );
    assert.deepEqual(result.commonPrefixes, ["b", "d"], provider);
    const last = await store.listPage("", { offset: "\u{FF5E}" });
    assert.deepEqual(last.result.objects.map(({ location }) => location), ["\u{1F600}"], provider);
    const asked = service.requests.at(-1)!.url.includes("start-after");
    assert.equal(asked, provider === "aws");
  }
});

Deno.test("a listing of what may not be seen is refused as such", async () => {
  const { store } = open(() => failure(403, "AccessDenied"));
  const list = async () => {
    for await (const _ of store.list()) { /* none */ }
  };
  assert.equal((await failing(list())).name, "PermissionDeniedError");
});

Deno.test("HTML where XML should be: the status must do", async () => {
  const { store } = open(() =>
    answer(502, "<html><h1>Bad gateway</h1></html>", [["content-type", "text/html"]])
  );
  const error = await failing(store.put("a", ""));
  assert.deepEqual([error.name, error.status, error.code], ["GenericError", 502, undefined]);
  assert.ok(!error.message.includes("<"));
  const { store: lying, service } = open();
  await lying.put("a", "1");
  service.hook = () => answer(200, "<html>Please log in</html>");
  assert.match((await failing(lying.copy("a", "b"))).message, /cannot be read/);
  const upload = lying.putMultipart("c");
  assert.match((await failing(upload)).message, /cannot be read/);
});

Deno.test("bytes that were changed on the way are found out", async () => {
  const { store, service } = open();
  await store.put("a", "content");
  const object = service.objects.get("a")!;
  service.objects.set("a", { ...object, bytes: new TextEncoder().encode("c0ntent") });
  assert.match((await failing((await store.get("a")).bytes())).message, /damaged, their CRC64NVME is/);
  const stream = (await store.get("a")).body;
  await assert.rejects(new Response(stream).text(), /damaged/);
  // A part has no checksum that it could be held against.
  assert.equal(new TextDecoder().decode(await store.getRange("a", { start: 0, end: 3 })), "c0n");
});

Deno.test("an upload whose whole is not what its parts make is found out", async () => {
  const { store, service } = open();
  const upload = await store.putMultipart("a");
  await upload.putPart(new TextEncoder().encode("content"));
  service.hook = first(
    1,
    (request) => request.method === "POST",
    () =>
      answer(
        200,
        "<CompleteMultipartUploadResult><ETag>x</ETag><ChecksumCRC64NVME>AAAAAAAAAAA=</ChecksumCRC64NVME></CompleteMultipartUploadResult>",
      ),
  );
  assert.match((await failing(upload.complete())).message, /the service has AAAAAAAAAAA=/);
});

Deno.test("keys of a bulk deletion fail one by one, and what is throttled is tried again", async () => {
  let round = 0;
  const { store } = open((request) => {
    if (!request.url.includes("delete")) return undefined;
    round++;
    const error = (key: string, code: string) =>
      `<Error><Key>${key}</Key><Code>${code}</Code><Message>m</Message></Error>`;
    return answer(
      200,
      `<DeleteResult>${error("b", "AccessDenied")}${round === 1 ? error("c", "SlowDown") : ""}${
        error("d", "NoSuchKey")
      }</DeleteResult>`,
    );
  });
  const outcomes = [];
  for await (const outcome of store.deleteAll(["a", "b", "c", "d", "SlowDown"])) {
    outcomes.push(outcome.ok ? "ok" : outcome.error.name);
  }
  assert.deepEqual(outcomes, ["ok", "PermissionDeniedError", "ok", "ok", "ok"]);
  assert.equal(round, 2);
});

Deno.test("a refusal of a key in another spelling is not taken for a success", async () => {
  const refusal = "<DeleteResult><Error><Key>A</Key><Code>AccessDenied</Code></Error></DeleteResult>";
  const { store } = open(() => answer(200, refusal));
  for await (const outcome of store.deleteAll(["a", "b"])) {
    assert.ok(!outcome.ok && /refuses "A" with AccessDenied/.test(outcome.error.message));
  }
});

Deno.test("a bulk deletion has its integrity header, and a service without bulk is dealt with", async () => {
  const { store, service } = open();
  for await (const _ of store.deleteAll(["a"])) { /* one */ }
  assert.ok(getHeader(service.requests[0]!.headers, "x-amz-checksum-sha256"));
  const { store: old, service: other } = open(
    (request) => request.method === "POST" ? failure(501, "NotImplemented") : undefined,
    { provider: "generic", endpoint: "https://old.example" },
  );
  await old.put("a", "1");
  await old.put("b", "1");
  for await (const outcome of old.deleteAll(["a", "b"])) assert.ok(outcome.ok);
  assert.ok(getHeader(other.requests[2]!.headers, "content-md5"));
  assert.equal(other.objects.size, 0);
  const before = other.requests.length;
  for await (const outcome of old.deleteAll(["a", "b"])) assert.ok(outcome.ok);
  assert.deepEqual(other.requests.slice(before).map(({ method }) => method), ["DELETE", "DELETE"]);
});

Deno.test("a slow source of deletions gets its outcomes all the same", async () => {
  const { store } = open();
  let seen = 0;
  async function* source() {
    for (let i = 0; i < 3; i++) {
      yield `${i}`;
      // Goes on only when the one before is done.
      while (seen <= i) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  for await (const outcome of store.deleteAll(source())) {
    assert.ok(outcome.ok);
    seen++;
  }
  assert.equal(seen, 3);
});

Deno.test("a service that ignores conditions is found out before it overwrites", async () => {
  const { store, service } = open(undefined, { provider: "generic", endpoint: "https://old.example" });
  const real = service.connect();
  service.hook = async (request) => {
    const headers = request.headers.filter(([name]) =>
      name !== "if-none-match" && name !== "if-match" && name !== "authorization"
    );
    if (headers.length === request.headers.length - 1) return undefined;
    const hook = service.hook;
    service.hook = undefined;
    try {
      return await real.call({ ...request, headers });
    } finally {
      service.hook = hook;
    }
  };
  await store.put("a", "1");
  assert.equal((await failing(store.put("a", "2", { mode: "create" }))).name, "NotSupportedError");
  assert.equal(
    (await failing(store.put("a", "2", { mode: { update: { eTag: '"x"' } } }))).name,
    "NotSupportedError",
  );
  assert.equal(await (await store.get("a")).text(), "1");
  assert.deepEqual([...service.objects.keys()], ["a"]);
});
