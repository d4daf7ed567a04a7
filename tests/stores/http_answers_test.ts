/** {@linkcode HttpStore} against servers that answer in ways of their own. */
import { strict as assert } from "node:assert";
import {
  GenericError,
  InvalidRangeError,
  NotFoundError,
  NotSupportedError,
  PermissionDeniedError,
  PreconditionError,
  UnauthenticatedError,
} from "../../src/store/error.ts";
import { overServer } from "./http_support.ts";

overServer(
  "redirects are followed, in a circle not for ever",
  (_, { pathname, searchParams }) => {
    const to = (location: string) => new Response(null, { status: 302, headers: { location } });
    if (pathname === "/loop") return to("/loop2");
    if (pathname === "/loop2") return to("/loop");
    if (pathname === "/long") return to(`/long?${Number(searchParams.keys().next().value ?? 0) + 1}`);
    if (pathname === "/nowhere") return new Response(null, { status: 302 });
    if (pathname === "/broken") return to("http://[");
    if (pathname === "/dir") return to("/dir/");
    if (pathname === "/moved") return to("/there");
    return new Response("there");
  },
  async (store) => {
    assert.equal(await (await store.get("moved")).text(), "there");
    assert.equal((await store.head("moved")).location, "moved");
    await assert.rejects(() => store.get("loop"), /redirects in a circle/);
    await assert.rejects(() => store.get("long"), /redirects more than 10 times/);
    await assert.rejects(() => store.get("nowhere"), /redirect without a location/);
    await assert.rejects(() => store.get("broken"), /what is no URL/);
    await assert.rejects(() => store.get("dir"), { name: "NotFoundError", isDirectory: true });
    await assert.rejects(() => store.head("dir"), { name: "NotFoundError", isDirectory: true });
  },
);

overServer(
  "statuses become classes",
  (_, { pathname }) => new Response("said\r\nplainly", { status: Number(pathname.slice(1)) }),
  async (store) => {
    const classes = [[401, UnauthenticatedError], [403, PermissionDeniedError], [
      404,
      NotFoundError,
    ]] as const;
    for (const [status, Kind] of classes) await assert.rejects(() => store.get(String(status)), Kind);
    await assert.rejects(() => store.get("405"), NotFoundError);
    await assert.rejects(() => store.get("412"), PreconditionError);
    await assert.rejects(() => store.get("400"), {
      name: "GenericError",
      status: 400,
      path: "400",
      store: "HTTP",
    });
    await assert.rejects(() => store.get("500"), /status 500 \(said plainly\)/);
  },
);

overServer(
  "a plain HTTP server can be read, and says why not more",
  (request) => {
    if (request.method === "GET" || request.method === "HEAD") return new Response("text");
    return new Response(null, { status: request.method === "PROPFIND" ? 501 : 405 });
  },
  async (store) => {
    assert.equal(await (await store.get("x")).text(), "text");
    assert.equal((await store.head("x")).size, 4);
    await assert.rejects(() => Array.fromAsync(store.list()), /does not speak WebDAV/);
    await assert.rejects(() => store.listWithDelimiter("a"), NotSupportedError);
    await assert.rejects(() => store.put("a/b", "x"), NotSupportedError);
    await assert.rejects(() => store.delete("x"), NotSupportedError);
    await assert.rejects(() => store.copy("x", "y"), NotSupportedError);
    await assert.rejects(() => store.rename("x", "y"), NotSupportedError);
    // It ignores ranges, too.
    await assert.rejects(() => store.get("x", { range: { start: 0, end: 1 } }), NotSupportedError);
  },
);

const part = (contentRange: string | undefined, body = "234", length = true) => {
  const headers: Record<string, string> = contentRange === undefined ? {} : { "content-range": contentRange };
  if (length) headers["content-length"] = String(body.length);
  return new Response(body, { status: 206, headers });
};

overServer(
  "what a 206 says is held against what was asked for",
  (_, { pathname }) => {
    switch (pathname) {
      case "/good":
        return part("bytes 2-4/10");
      case "/none":
        return part(undefined);
      case "/star":
        return part("bytes 2-4/*");
      case "/other":
        return part("bytes 3-5/10");
      case "/short":
        return part("bytes 2-3/10", "23");
      case "/mismatch":
        return part("bytes 2-4/10", "2345");
      case "/nonsense":
        return part("octets 2-4/10");
      case "/416":
        return new Response(null, { status: 416, headers: { "content-range": "bytes */77" } });
      default:
        return part("bytes 2-4/10");
    }
  },
  async (store) => {
    const range = { start: 2, end: 5 };
    const good = await store.get("good", { range });
    assert.deepEqual([good.meta.size, good.range], [10, range]);
    assert.equal(await good.text(), "234");
    for (const path of ["none", "star", "other", "short", "mismatch", "nonsense"]) {
      await assert.rejects(() => store.get(path, { range }), GenericError, path);
    }
    await assert.rejects(() => store.get("416", { range }), (error: unknown) => {
      assert.ok(error instanceof InvalidRangeError);
      assert.equal(error.size, 77);
      return true;
    });
    // A part that nobody asked for.
    await assert.rejects(() => store.get("good"), GenericError);
  },
);

overServer(
  "an object whose length is not declared",
  (request, { pathname }) => {
    const size = pathname === "/large" ? 20 * 1024 * 1024 : 5;
    if (request.headers.has("range")) return part("bytes 0-0/5", "a");
    // With an empty body a length of 0 would be declared.
    if (request.method === "HEAD") return new Response(new ReadableStream());
    let left = size;
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (left === 0) return controller.close();
          const chunk = Math.min(left, 65_536);
          controller.enqueue(new Uint8Array(chunk).fill(97));
          left -= chunk;
        },
      }),
    );
  },
  async (store) => {
    const result = await store.get("small");
    assert.deepEqual([result.meta.size, result.range], [5, { start: 0, end: 5 }]);
    assert.equal(await result.text(), "aaaaa");
    assert.equal((await store.head("small")).size, 5);
    await assert.rejects(() => store.get("large"), NotSupportedError);
  },
);

overServer(
  "what is stored encoded is read as it is, or as the platform decodes it",
  async (request) => {
    const encoded = new Blob(["hello hello hello hello"]).stream().pipeThrough(new CompressionStream("gzip"));
    const bytes = await new Response(encoded).bytes();
    const headers = { "content-encoding": "gzip", "content-length": String(bytes.length), "etag": '"e"' };
    return new Response(request.method === "HEAD" ? null : bytes, { headers });
  },
  async (store) => {
    const result = await store.get("x");
    const bytes = await result.bytes();
    assert.equal(result.attributes.contentEncoding, "gzip");
    assert.deepEqual(result.range, { start: 0, end: bytes.length });
    const decoded = bytes[0] === 0x1f
      ? await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text()
      : new TextDecoder().decode(bytes);
    assert.equal(decoded, "hello hello hello hello");
  },
);

const log: string[] = [];

overServer(
  "a server that does not heed conditions is found out, once, and nothing is left of the probe",
  (request, { pathname }) => {
    log.push(`${request.method} ${pathname.replace(/probe-.*/, "probe")}`);
    return new Response(null, { status: request.method === "PUT" ? 201 : 204 });
  },
  async (store) => {
    log.length = 0;
    await assert.rejects(() => store.put("x", "y", { mode: "create" }), NotSupportedError);
    await assert.rejects(() => store.put("x", "y", { mode: { update: { eTag: '"e"' } } }), NotSupportedError);
    await assert.rejects(() => store.delete("x", { ifMatch: '"e"' }), NotSupportedError);
    assert.deepEqual(log, ["PUT /.storeport-probe", "DELETE /.storeport-probe"]);
  },
);
