/**
 * The server of the benchmarks, in a process of its own so that it takes no time from what is measured: `/bytes/<n>`
 * answers with n bytes, a PUT to any path is swallowed. Prints its URL and ends when its standard input does.
 */
const chunk = new Uint8Array(64 * 1024).map((_, i) => i & 0xff);
const small = new Map<number, Uint8Array<ArrayBuffer>>();

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

const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
  const path = new URL(request.url).pathname;
  if (path.startsWith("/bytes/")) {
    const size = Number(path.slice("/bytes/".length));
    const headers = {
      "content-length": `${size}`,
      etag: `"${size}"`,
      "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT",
    };
    return new Response(request.method === "HEAD" ? null : bytesOf(size) as BodyInit, { headers });
  }
  if (request.method === "PUT" || request.method === "POST") {
    let size = 0;
    for await (const piece of request.body ?? []) size += piece.length;
    return new Response(`${size}`, { status: 201, headers: { etag: `"${size}"` } });
  }
  return new Response("Not found", { status: 404 });
});
console.log(`http://127.0.0.1:${server.addr.port}`);
for await (const _ of Deno.stdin.readable) { /* until it ends */ }
await server.shutdown();
