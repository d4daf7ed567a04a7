/** Copies of more than 5 GiB, which go in parts: as the service tells of them, since none can be made here. */
import { strict as assert } from "node:assert";
import type { HttpRequest } from "../../../src/http/service.ts";
import { getHeader } from "../../../src/http/headers.ts";
import { answer, failure } from "./fake/answers.ts";
import type { Hook } from "./fake/s3.ts";
import { failing, open } from "./fake/store.ts";

const MIB = 1024 * 1024;
const SIZE = 6 * 1024 * MIB + 1;

/** What a service does that has an object of six gigabytes and a byte. */
function largeSource(part: (number: number) => ReturnType<Hook>) {
  const seen = { ranges: [] as [number, number][], atOnce: 0, most: 0, completed: "", aborted: 0, whole: 0 };
  const hook: Hook = async (request, { key, query }) => {
    const source = getHeader(request.headers, "x-amz-copy-source");
    if (request.method === "HEAD") {
      return answer(200, "", [["etag", '"large"'], ["content-type", "a/b"], ["x-amz-meta-a", "1"], [
        "content-length",
        `${SIZE}`,
      ]], SIZE);
    }
    if (query.has("tagging")) {
      return answer(200, "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>");
    }
    if (request.method === "DELETE") seen.aborted++;
    if (request.method === "POST" && query.has("uploadId")) {
      seen.completed = text(request);
      return answer(
        200,
        `<CompleteMultipartUploadResult><Key>${key}</Key><ETag>"whole-25"</ETag></CompleteMultipartUploadResult>`,
      );
    }
    if (source === undefined) return undefined;
    if (!query.has("partNumber")) {
      seen.whole++;
      return failure(400, "InvalidRequest");
    }
    assert.equal(getHeader(request.headers, "x-amz-copy-source-if-match"), '"large"');
    seen.most = Math.max(seen.most, ++seen.atOnce);
    await new Promise((resolve) => setTimeout(resolve, 1));
    seen.atOnce--;
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(getHeader(request.headers, "x-amz-copy-source-range")!)!;
    const number = Number(query.get("partNumber"));
    const answered = await part(number);
    if (answered !== undefined) return answered;
    seen.ranges[number - 1] = [Number(from), Number(to)];
    return answer(200, `<CopyPartResult><ETag>"part-${number}"</ETag></CopyPartResult>`);
  };
  return { seen, hook };
}

function text({ body }: HttpRequest): string {
  return (body as readonly Uint8Array[]).map((chunk) => new TextDecoder().decode(chunk)).join("");
}

Deno.test("a copy that is too large for one request goes in parts, several at once", async () => {
  let throttled = 0;
  const { seen, hook } = largeSource((number) =>
    number === 7 && throttled++ === 0 ? failure(503, "SlowDown") : undefined
  );
  const { store, service } = open(hook);
  await store.copy("a", "b");
  assert.deepEqual([seen.whole, throttled], [1, 2], "found out by failing; what is throttled is tried again");
  assert.equal(seen.ranges.length, 25);
  let next = 0;
  for (const [from, to] of seen.ranges) {
    assert.equal(from, next);
    assert.ok(to - from + 1 <= 256 * MIB);
    next = to + 1;
  }
  assert.equal(next, SIZE);
  assert.equal(seen.most, 8);
  const numbers = [
    ...seen.completed.matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>&quot;part-(\d+)&quot;/g),
  ];
  assert.deepEqual(
    numbers.map(([, number, part]) => [Number(number), Number(part)]),
    seen.ranges.map((_, i) => [i + 1, i + 1]),
  );
  const begun = service.requests.find(({ method, url }) => method === "POST" && url.includes("uploads"))!;
  const headers = Object.fromEntries(begun.headers);
  assert.deepEqual([headers["content-type"], headers["x-amz-meta-a"], headers["x-amz-tagging"]], [
    "a/b",
    "1",
    "k=v",
  ]);
  assert.equal(seen.aborted, 0);
});

Deno.test("a large copy of which a part cannot be made is given up, and its parts are freed", async () => {
  const { seen, hook } = largeSource((number) => number === 3 ? failure(403, "AccessDenied") : undefined);
  const { store, service } = open(hook);
  assert.equal((await failing(store.copy("a", "b"))).name, "PermissionDeniedError");
  assert.deepEqual([seen.aborted, seen.completed, service.uploads.size], [1, "", 0]);
});

Deno.test("a large copy in create mode is completed under the condition", async () => {
  const { seen, hook } = largeSource(() => undefined);
  const { store, service } = open(hook);
  await store.copy("a", "b", { mode: "create" });
  assert.equal(seen.whole, 0, "the size is known beforehand");
  const done = service.requests.find(({ method, url }) => method === "POST" && url.includes("uploadId"))!;
  assert.equal(getHeader(done.headers, "if-none-match"), "*");
});
