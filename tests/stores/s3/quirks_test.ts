/** What services do otherwise, each seen on a real one; there it is held to as well, where it is installed. */
import { strict as assert } from "node:assert";
import { getHeader } from "../../../src/http/headers.ts";
import { cachedCredentials } from "../../../src/stores/s3/mod.ts";
import { answer, failure } from "./fake/answers.ts";
import { first, open } from "./fake/store.ts";

const CEPH = { provider: "ceph", endpoint: "https://s3.example" } as const;

Deno.test("Ceph: If-Match goes without its quotes", async () => {
  const { store, service } = open(({ headers, method }) => {
    const condition = getHeader(headers, "if-match");
    return method === "PUT" && condition !== undefined && condition.includes('"')
      ? failure(412, "PreconditionFailed")
      : method === "PUT" && condition !== undefined
      ? answer(200, "", [["etag", `sent ${condition}`]])
      : undefined;
  }, CEPH);
  const { eTag } = await store.put("a", "1");
  assert.match(eTag!, /^"[0-9a-f]{32}"$/);
  assert.equal(
    (await store.put("a", "2", { mode: { update: { eTag } } })).eTag,
    `sent ${eTag!.slice(1, -1)}`,
  );
  const { store: aws, service: quoting } = open();
  const own = await aws.put("a", "1");
  await aws.put("a", "2", { mode: { update: own } });
  assert.equal(getHeader(quoting.requests.at(-1)!.headers, "if-match"), own.eTag);
  assert.ok(service.requests.length === 2);
});

Deno.test("a key that the service does not take is told as that, in the words of each", async () => {
  for (const code of ["KeyTooLongError", "InvalidObjectName", "XMinioInvalidObjectName"]) {
    const { store } = open(() => failure(400, code));
    await assert.rejects(store.put("k".repeat(2000), ""), { name: "InvalidPathError", code });
  }
});

Deno.test("how If-Match takes ETags is found out where nobody named the service", async () => {
  const ways: readonly (readonly [takes: (condition: string, eTag: string) => boolean, sent: RegExp])[] = [
    [(condition, eTag) => condition === eTag, /^sent "\w+"$/],
    [(condition, eTag) => condition === eTag.slice(1, -1), /^sent \w+$/],
    // It refuses all: no update could ever be made.
    [() => false, /NotSupportedError/],
    // It heeds nothing.
    [() => true, /NotSupportedError/],
  ];
  for (const [takes, sent] of ways) {
    const { store, service } = open(({ headers, method, url }) => {
      const condition = getHeader(headers, "if-match");
      if (method !== "PUT" || condition === undefined) return undefined;
      const object = service.objects.get(new URL(url).pathname.replace("/bucket/", ""));
      return takes(condition, object?.eTag ?? "")
        ? answer(200, "", [["etag", `sent ${condition}`]])
        : failure(412, "PreconditionFailed");
    }, { provider: "generic", endpoint: "https://s3.example" });
    const { eTag } = await store.put("a", "1");
    const update = () =>
      store.put("a", "2", { mode: { update: { eTag } } }).then(({ eTag }) => eTag!, String);
    assert.match(await update(), sent);
    const { length } = service.requests;
    assert.match(await update(), sent);
    assert.ok(service.requests.length <= length + 1, "it is found out once");
    assert.deepEqual([...service.objects.keys()], ["a"]);
  }
});

Deno.test("Ceph: an upload's ETag is told bare, or not at all", async () => {
  for (const bare of [true, false]) {
    const { store, service } = open(undefined, CEPH);
    const upload = await store.putMultipart("a");
    await upload.putPart(new TextEncoder().encode("content"));
    const real = service.connect();
    service.hook = first(1, ({ method }) => method === "POST", async (request) => {
      service.hook = undefined;
      const said = await (await real.call(request)).text();
      return answer(
        200,
        said.replace(/<ETag>.*<\/ETag>/, (tag) => bare ? tag.replaceAll("&quot;", "") : "<ETag></ETag>"),
      );
    });
    assert.equal((await upload.complete()).eTag, (await store.head("a")).eTag);
  }
});

Deno.test("Ceph: keys of uploads come encoded without a word of it", async () => {
  const keys = new Map([["url", "a%26b%20%3Cc%3E"], ["plain", "a&amp;b &lt;c&gt;"]]);
  const { store } = open(({ url }) => {
    if (!url.includes("uploads")) return undefined;
    const key = keys.get(url.includes("encoding-type") ? "url" : "plain");
    return answer(
      200,
      `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated><Upload><Key>${key}</Key><UploadId>1</UploadId><Initiated>2024-01-01T00:00:00Z</Initiated></Upload></ListMultipartUploadsResult>`,
    );
  }, CEPH);
  const found = [];
  for await (const { path } of store.listUploads()) found.push(path);
  assert.deepEqual(found, ["a&b <c>"]);
});

Deno.test("Ceph: tags of an object that came of parts are an empty document", async () => {
  const { store } = open(({ url }) => url.includes("tagging") ? answer(200, "") : undefined, CEPH);
  await store.put("a", "1");
  assert.deepEqual(await store.getTags("a"), {});
});

Deno.test("Ceph: the last bytes of an empty object are refused without a size; those of another are an error", async () => {
  const { store, service } = open(
    ({ headers }) => getHeader(headers, "range") === undefined ? undefined : failure(416, "InvalidRange"),
    CEPH,
  );
  await store.put("empty", "");
  const got = await store.get("empty", { range: { suffix: 5 } });
  assert.deepEqual([got.range, (await got.bytes()).length], [{ start: 0, end: 0 }, 0]);
  assert.equal(service.requests.at(-1)!.method, "HEAD");
  await store.put("full", "12345");
  await assert.rejects(store.get("full", { range: { suffix: 5 } }), { name: "InvalidRangeError" });
});

Deno.test("a thousand keys are deleted by one request", async () => {
  const { store, service } = open();
  const keys = Array.from({ length: 2500 }, (_, i) => `key-${i}`);
  let deleted = 0;
  for await (const { ok, path } of store.deleteAll(keys)) {
    assert.ok(ok);
    assert.equal(path, keys[deleted++]);
  }
  const sizes = service.requests.map(({ body }) =>
    new TextDecoder().decode((body as readonly Uint8Array[])[0]).split("<Object>").length - 1
  );
  assert.deepEqual([deleted, sizes.sort((a, b) => a - b)], [2500, [500, 1000, 1000]]);
});

Deno.test("the next page of a listing is asked for while one is read", async () => {
  const { store, service } = open(undefined, {}, { pageSize: 2 });
  for (let i = 0; i < 5; i++) await store.put(`${i}`, "");
  const before = service.requests.length;
  const listing = store.list()[Symbol.asyncIterator]();
  await listing.next();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(
    service.requests.length - before,
    2,
    "the second page comes while the first is read, the third does not",
  );
  await listing.return?.();
});

Deno.test("cached credentials that are due are asked for no more often than every 100 ms", async () => {
  let now = 0;
  let fetches = 0;
  // A service that hands out the same ones to their last minute.
  const provider = cachedCredentials(() => {
    fetches++;
    return Promise.resolve({ accessKeyId: "same", secretAccessKey: "s", expiration: new Date(60_000) });
  }, { now: () => now });
  await provider.get();
  for (now = 0; now < 1000; now++) await provider.get();
  assert.equal(fetches, 10);
});

Deno.test("a range that comes to the whole object may be answered with it, no other", async () => {
  const { store } = open(() => answer(200, "abc", [["etag", '"e"']]));
  for (
    const range of [{ suffix: 3 }, { suffix: 10 }, { offset: 0 }, { start: 0, end: 3 }, { start: 0, end: 9 }]
  ) {
    const got = await store.get("a", { range });
    assert.deepEqual([await got.text(), got.range, got.meta.size], ["abc", { start: 0, end: 3 }, 3]);
  }
  for (const range of [{ suffix: 2 }, { offset: 1 }, { start: 0, end: 2 }, { start: 1, end: 3 }]) {
    await assert.rejects(store.get("a", { range }), /ignored the range/);
  }
});
