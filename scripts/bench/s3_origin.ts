/**
 * The least that S3 clients take for S3, in a process of its own: it checks no signature and keeps nothing, so what is
 * measured is the client. In any bucket, `bytes/<n>` is an object of n bytes, a PUT is swallowed, uploads in parts
 * succeed, and listings go through a million keys. Prints its URL and ends when its standard input does.
 *
 * It has two threads on one port, so that no client waits for it: else the rates would tell of the server.
 */
const KEYS = 1_000_000;
const PAGE = 1000;
const chunk = new Uint8Array(64 * 1024).map((_, i) => i & 0xff);
const small = new Map<number, Uint8Array<ArrayBuffer>>();
const pages = new Map<number, string>();
const XML = { "content-type": "application/xml" };

/** The body of an object. */
function bytesOf(size: number): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
  if (size <= 2 ** 20) {
    let body = small.get(size);
    if (body === undefined) small.set(size, body = new Uint8Array(size).map((_, i) => i & 0xff));
    return body;
  }
  let left = size;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const n = Math.min(left, chunk.length);
      controller.enqueue(chunk.subarray(0, n));
      left -= n;
      if (left === 0) controller.close();
    },
  });
}

/** The contents of a page, kept as a template: only the keys differ, by the page's number. */
function page(start: number, max: number): string {
  let contents = pages.get(max);
  if (contents === undefined) {
    contents = Array.from(
      { length: max },
      (_, i) =>
        `<Contents><Key>data/2026/page-@/object-${
          `${i}`.padStart(5, "0")
        }.parquet</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>${
          i * 17
        }</Size><StorageClass>STANDARD</StorageClass></Contents>`,
    ).join("");
    pages.set(max, contents);
  }
  const next = start + max;
  const number = `${Math.floor(start / max)}`.padStart(6, "0");
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bench</Name><Prefix></Prefix><MaxKeys>${max}</MaxKeys><IsTruncated>${
    next < KEYS
  }</IsTruncated>${
    next < KEYS ? `<NextContinuationToken>${next}</NextContinuationToken>` : ""
  }<KeyCount>${max}</KeyCount>${contents.replaceAll("@", number)}</ListBucketResult>`;
}

function post(query: URLSearchParams): Response {
  const root = query.has("uploads")
    ? "<InitiateMultipartUploadResult><Bucket>bench</Bucket><Key>k</Key><UploadId>u1</UploadId></InitiateMultipartUploadResult>"
    : "<CompleteMultipartUploadResult><Location>http://127.0.0.1/bench/k</Location><Bucket>bench</Bucket><Key>k</Key><ETag>&quot;e-1&quot;</ETag></CompleteMultipartUploadResult>";
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>${root}`, { headers: XML });
}

async function answer(request: Request): Promise<Response> {
  const url = request.url;
  const object = url.indexOf("/bytes/");
  if (object >= 0 && (request.method === "GET" || request.method === "HEAD")) {
    const size = parseInt(url.slice(object + "/bytes/".length), 10);
    const headers = {
      "content-length": `${size}`,
      "content-type": "application/octet-stream",
      etag: '"d41d8cd98f00b204e9800998ecf8427e"',
      "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT",
      "x-amz-request-id": "0123456789ABCDEF",
    };
    return new Response(request.method === "HEAD" ? null : bytesOf(size) as BodyInit, { headers });
  }
  if (request.method === "PUT") {
    for await (const _ of request.body ?? []) { /* swallowed */ }
    return new Response(null, { headers: { etag: '"d41d8cd98f00b204e9800998ecf8427e"' } });
  }
  const query = new URL(url).searchParams;
  if (request.method === "POST") {
    for await (const _ of request.body ?? []) { /* swallowed */ }
    return post(query);
  }
  if (query.has("uploads")) {
    return new Response(
      "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>",
      { headers: XML },
    );
  }
  if (query.has("location")) return new Response("<LocationConstraint/>", { headers: XML });
  const start = Number(query.get("continuation-token") ?? query.get("start-after") ?? 0);
  return new Response(page(start, Number(query.get("max-keys") ?? PAGE)), { headers: XML });
}

/** Where the first thread listens; told to the second by its URL. */
const { searchParams } = new URL(import.meta.url);
const server = Deno.serve({
  port: Number(searchParams.get("port") ?? 0),
  reusePort: true,
  hostname: "127.0.0.1",
  onListen: () => {},
}, answer);
if (!searchParams.has("port")) {
  const second = new URL(`?port=${server.addr.port}`, import.meta.url);
  const worker = new Worker(second, { type: "module" });
  console.log(`http://127.0.0.1:${server.addr.port}`);
  for await (const _ of Deno.stdin.readable) { /* until it ends */ }
  worker.terminate();
  await server.shutdown();
}
