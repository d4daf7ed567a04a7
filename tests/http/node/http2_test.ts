/** NodeHttpConnector over HTTP/2: against servers of `node:http2`, with and without TLS. */
import { strict as assert } from "node:assert";
import * as http2 from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { HttpError } from "../../../src/http/error.ts";
import { NodeHttpConnector } from "../../../src/http/node.ts";
import type { ClientOptions } from "../../../src/http/options.ts";
import type { HttpRequest, HttpService } from "../../../src/http/service.ts";
import { failure, get } from "../calls.ts";
import { SERVER_CERT, SERVER_KEY, TEST_CA } from "./pki.ts";
import { rawServer } from "./servers.ts";
import { withService } from "./service.ts";

type Stream = http2.ServerHttp2Stream;
type Serve = (stream: Stream, fields: [string, string][], count: number) => unknown;

/** An HTTP/2 server, without TLS unless `tls`; `allowHTTP1` then lets clients choose. */
async function serve(
  handle: Serve,
  options: { tls?: boolean; allowHTTP1?: boolean } = {},
): Promise<AsyncDisposable & { url: string; connections: Socket[] }> {
  const connections: Socket[] = [];
  const server = options.tls
    ? http2.createSecureServer({
      cert: SERVER_CERT,
      key: SERVER_KEY,
      allowHTTP1: options.allowHTTP1 ?? false,
    })
    : http2.createServer();
  let count = 0;
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on("session", (session: http2.ServerHttp2Session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.on("close", () => sessions.delete(session));
  });
  server.on("connection", (socket: Socket) => {
    connections.push(socket);
    socket.on("error", () => {});
  });
  server.on("stream", (stream: Stream, headers: object, _flags: number, raw?: string[]) => {
    stream.on("error", () => {});
    const flat = raw ?? Object.entries(headers).flat();
    const fields: [string, string][] = [];
    for (let i = 0; i + 1 < flat.length; i += 2) fields.push([flat[i]!, String(flat[i + 1])]);
    handle(stream, fields, ++count);
  });
  const answerOld = (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => {
    if (request.httpVersionMajor === 1) response.end("HTTP/1.1");
  };
  // Not otherwise: Node's compatibility layer answers for trailers when it is listened to.
  if (options.allowHTTP1) server.on("request", answerOld);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: options.tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    connections,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
        for (const socket of connections) socket.destroy();
      }),
  };
}

const h2: ClientOptions = { http2Only: true, http1Only: false };

async function bodyOf(stream: Stream): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String.fromCharCode(...chunk as Uint8Array);
  return text;
}

Deno.test("node h2: requests and responses are as written", async () => {
  let seen: [string, string][] = [];
  await using server = await serve((stream, fields) => {
    seen = fields;
    stream.respond({
      ":status": 207,
      "x-dup": ["1", "2"],
      "set-cookie": ["a=1", "b=2"],
      "x-latin1": "caf\xe9",
    });
    stream.end("hello");
  });
  await withService(h2, async (service) => {
    const response = await service.call(get(`${server.url}/a/../b%2e?x="{}#f`, {
      method: "propFind",
      headers: [["Host", "store.example"], ["X-One", "caf\xe9"], ["x-dup", "1"], ["X-Dup", "2"]],
    }));
    assert.equal(response.status, 207);
    const shown = response.headers.filter(([name]) => name !== "date");
    assert.deepEqual(shown, [
      ["x-dup", "1"],
      ["x-dup", "2"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["x-latin1", "caf\xe9"],
    ]);
    assert.equal(await response.text(), "hello");
  });
  assert.deepEqual(
    seen.filter(([name]) => name !== ":scheme").sort(),
    [
      [":authority", "store.example"],
      [":method", "propFind"],
      [":path", `/a/../b%2e?x="{}`],
      ["accept-encoding", "identity"],
      ["content-length", "0"],
      ["x-dup", "1"],
      ["x-dup", "2"],
      ["x-one", "caf\xe9"],
    ],
  );
});

Deno.test("node h2: bodies, lengths and trailers", async () => {
  await using server = await serve(async (stream, fields) => {
    let trailers = "";
    stream.on("trailers", (headers: object) => trailers = JSON.stringify(headers));
    const text = await bodyOf(stream);
    const length = fields.find(([name]) => name === "content-length")?.[1];
    stream.respond({ ":status": 200 }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "1" }));
    stream.end(`${text.length} ${length} ${trailers.includes("x-sum")}`);
  });
  await withService(h2, async (service) => {
    const big = new Uint8Array(300_000);
    const stream = () => new Blob([big, big]).stream();
    const cases: [Partial<HttpRequest>, string][] = [
      [{ body: new Uint8Array(3) }, "3 3 false"],
      [{ method: "PUT", body: [big, big] }, "600000 600000 false"],
      [{ method: "PUT", body: { stream: stream() } }, "600000 undefined false"],
      [{ method: "PUT", body: { stream: stream(), length: 600_000 } }, "600000 600000 false"],
      [{ method: "PUT", body: big, trailers: () => [["X-Sum", "2"]] }, "300000 undefined true"],
      [{ method: "PUT" }, "0 0 false"],
    ];
    for (const [request, expected] of cases) {
      const response = await service.call(get(server.url, request));
      const trailers = response.trailers;
      assert.equal(await response.text(), expected);
      assert.deepEqual(await trailers, [["x-sum", "1"]]);
    }
    await failure(
      service.call(get(server.url, { method: "PUT", body: { stream: stream(), length: 9 } })),
      "request",
      "HTTP-request-body-size",
    );
  });
  assert.equal(server.connections.length, 1, "One connection carries all");
});

Deno.test("node h2: many at once on one connection, and large bodies with back-pressure", async () => {
  const piece = new Uint8Array(65536).fill(7);
  let pushed = 0;
  await using server = await serve(async (stream, fields) => {
    stream.respond({ ":status": 200 });
    if (!fields.some(([name, value]) => name === ":path" && value === "/large")) return void stream.end("ok");
    for (let i = 0; i < 500; i++) {
      pushed++;
      if (!stream.write(piece)) await new Promise((resolve) => stream.once("drain", resolve));
    }
    stream.end();
  });
  await withService(h2, async (service) => {
    const texts = await Promise.all(
      Array.from({ length: 50 }, async () => (await service.call(get(server.url))).text()),
    );
    assert.deepEqual(new Set(texts), new Set(["ok"]));
    const response = await service.call(get(`${server.url}/large`));
    let before = -1;
    while (before !== pushed) {
      before = pushed;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert(pushed < 500, "All of it was taken in without being read");
    assert.equal((await response.bytes()).length, 500 * piece.length);
  });
  assert.equal(server.connections.length, 1);
});

Deno.test("node h2: responses without a body, and informational ones", async () => {
  await using server = await serve((stream, fields) => {
    const path = fields.find(([name]) => name === ":path")![1];
    if (path === "/103") stream.additionalHeaders({ ":status": 103, link: "</a>" });
    stream.respond({ ":status": path === "/304" ? 304 : 200, "content-length": path === "/103" ? 2 : 0 });
    stream.end(path === "/103" ? "ok" : undefined);
  });
  await withService(h2, async (service) => {
    assert.equal(await (await service.call(get(`${server.url}/103`))).text(), "ok");
    assert.equal((await service.call(get(`${server.url}/304`))).status, 304);
    assert.equal(
      (await (await service.call(get(`${server.url}/head`, { method: "HEAD" }))).bytes()).length,
      0,
    );
    assert.equal(await (await service.call(get(server.url))).text(), "");
  });
});

Deno.test("node h2: a body that breaks off is not a whole one", async () => {
  await using server = await serve((stream, fields) => {
    const path = fields.find(([name]) => name === ":path")![1];
    stream.respond({ ":status": 200, ...(path.endsWith("length") ? { "content-length": 100_000 } : {}) });
    stream.write("hello");
    setTimeout(() => {
      if (path.startsWith("/kill")) server.connections.at(-1)!.destroy();
      else stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
    }, 20);
  });
  for (const path of ["/kill-length", "/kill", "/reset-length"]) {
    await withService(h2, async (service) => {
      const response = await service.call(get(server.url + path));
      const error = await response.bytes().then(() => assert.fail(`${path} resolved`), (error) => error);
      assert(error instanceof HttpError, String(error));
      assert(["interrupted", "decode"].includes(error.kind), `${path}: ${error.kind} ${error.message}`);
    });
  }
});

Deno.test("node h2: what can be repeated is, on a new connection", async () => {
  await using server = await serve((stream, _fields, count) => {
    if (count === 2) {
      stream.session?.destroy();
      return;
    }
    stream.respond({ ":status": 200 });
    stream.end(String(count));
  });
  await withService(h2, async (service) => {
    assert.equal(await (await service.call(get(server.url))).text(), "1");
    assert.equal(await (await service.call(get(server.url))).text(), "3");
  });
  await using refusing = await serve((stream, _fields, count) => {
    stream.respond({ ":status": 200 });
    if (count === 2) stream.session?.destroy();
    else stream.end("ok");
  });
  await withService(h2, async (service) => {
    await (await service.call(get(refusing.url))).text();
    const error = await service.call(get(refusing.url, { method: "POST", body: new Uint8Array(1) }))
      .then((response) => response.bytes()).then(() => assert.fail("It resolved"), (error) => error);
    assert(error instanceof HttpError && error.kind === "interrupted", String(error));
  });
});

Deno.test("node h2: timers and aborts", async () => {
  await using server = await serve((stream, fields) => {
    if (fields.some(([name, value]) => name === ":path" && value === "/body")) {
      stream.respond({ ":status": 200 });
      stream.write("hello");
    }
  });
  await withService({ ...h2, firstByteTimeout: 50, readTimeout: 50 }, async (service) => {
    await failure(service.call(get(server.url)), "timeout", "connection-read-timeout");
    const response = await service.call(get(`${server.url}/body`));
    await failure(response.bytes(), "timeout", "connection-read-timeout");
    const controller = new AbortController();
    const call = service.call(get(server.url, { signal: controller.signal }));
    const reason = new Error("enough");
    setTimeout(() => controller.abort(reason), 10);
    assert.equal(await call.catch((error) => error), reason);
    await (await service.call(get(`${server.url}/body`))).cancel();
  });
  assert.equal(server.connections.length, 1, "A stream that was given up costs no connection");
  await using silent = await rawServer(() => {});
  const url = `https://127.0.0.1:${silent.port}/`;
  await withService({ ...h2, connectTimeout: 30 }, async (service) => {
    await failure(service.call(get(url)), "connect", "connection-timeout");
  });
  await withService({ ...h2, connectTimeout: 100 }, async (service) => {
    await failure(
      service.call(get(url, { timeouts: { connectTimeout: 10 } })),
      "connect",
      "connection-timeout",
    );
    const signal = AbortSignal.timeout(10);
    const error = await service.call(get(url, { signal })).catch((error) => error);
    assert.equal(error, signal.reason);
    await Promise.all(silent.connections.map(({ closed }) => closed));
  });
});

Deno.test("node h2: the protocol is negotiated where it may be", async () => {
  const answer: Serve = (stream) => {
    stream.respond({ ":status": 200 });
    stream.end("HTTP/2");
  };
  await using both = await serve(answer, { tls: true, allowHTTP1: true });
  await using old = await rawServer((connection) => {
    connection.socket.on(
      "data",
      () => connection.socket.write("HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nHTTP/1.1"),
    );
  }, { tls: { cert: SERVER_CERT, key: SERVER_KEY, ALPNProtocols: ["http/1.1"] } });
  const text = async (options: ClientOptions, url: string) => {
    let texts: string[] = [];
    await withService({ rootCertificates: [TEST_CA], ...options }, async (service) => {
      texts = await Promise.all([1, 2, 3].map(async () => (await service.call(get(url))).text()));
      texts.push(await (await service.call(get(url))).text());
    });
    assert.equal(new Set(texts).size, 1);
    return texts[0];
  };
  assert.equal(await text({ http1Only: false }, both.url), "HTTP/2");
  assert.equal(both.connections.length, 1, "Requests that come together share a connection");
  assert.equal(await text({}, both.url), "HTTP/1.1");
  assert.equal(await text({ http2Only: true }, both.url), "HTTP/2");
  assert.equal(await text({ http1Only: false }, old.url), "HTTP/1.1");
  await withService({ rootCertificates: [TEST_CA], http2Only: true }, async (service) => {
    const error = await service.call(get(old.url)).catch((error) => error);
    assert(error instanceof HttpError && error.kind === "connect", String(error));
  });
});

Deno.test("node h2: close() closes idle connections and lets the others finish", async () => {
  let finish!: () => void;
  await using server = await serve((stream) => {
    stream.respond({ ":status": 200 });
    stream.write("one ");
    finish = () => stream.end("two");
  });
  const service = new NodeHttpConnector().connect(h2);
  const response = await service.call(get(server.url));
  const closed = new Promise((resolve) => server.connections[0]!.once("close", resolve));
  service.close?.();
  finish();
  assert.equal(await response.text(), "one two");
  await closed;
});

Deno.test("node h2: close() leaves requests that are connecting, and later ones have connections of their own", async () => {
  await using server = await serve((stream) => {
    stream.respond({ ":status": 200 });
    stream.end("done");
  });
  const service = new NodeHttpConnector().connect(h2);
  const early = [service.call(get(server.url)), service.call(get(server.url))];
  service.close?.();
  for (const response of await Promise.all(early)) assert.equal(await response.text(), "done");
  assert.equal(await (await service.call(get(server.url))).text(), "done");
  await allClosed(server.connections);
});

/** A service that has sent a request already, and resolves the name `late.test` when told to. */
async function lateService(
  server: { url: string },
  options: ClientOptions = {},
): Promise<{ service: HttpService; url: string; resolve: () => void }> {
  const { promise, resolve } = Promise.withResolvers<string[]>();
  const service = new NodeHttpConnector({
    lookup: (name) => name === "late.test" ? promise : Promise.resolve(["127.0.0.1"]),
  }).connect({ ...h2, ...options });
  const { port } = new URL(server.url);
  await (await service.call(get(`http://early.test:${port}/`))).text();
  return { service, url: `http://late.test:${port}/`, resolve: () => resolve(["127.0.0.1"]) };
}

async function allClosed(connections: Socket[]): Promise<void> {
  const open = connections.filter((connection) => !connection.closed);
  await Promise.all(open.map((connection) => new Promise((resolve) => connection.once("close", resolve))));
}

const done: Serve = (stream) => {
  stream.respond({ ":status": 200 });
  stream.end("done");
};

Deno.test("node h2: a request that is given up while it connects leaves nothing open after close()", async () => {
  await using server = await serve(done);
  const { service, url, resolve } = await lateService(server);
  const [before, after] = [new AbortController(), new AbortController()];
  const calls = [before, after].map(({ signal }) => service.call(get(url, { signal })));
  before.abort(new Error("given up"));
  service.close?.();
  after.abort(new Error("given up"));
  for (const call of calls) await assert.rejects(call, { message: "given up" });
  resolve();
  await allClosed(server.connections);
});

Deno.test("node h2: a request that is given up while it connects leaves the others alone, after close() too", async () => {
  await using server = await serve(done);
  const { service, url, resolve } = await lateService(server);
  const controller = new AbortController();
  const given = service.call(get(url, { signal: controller.signal }));
  // A stream: nothing that goes wrong can be mended by sending it again.
  const stream = new Blob(["abc"]).stream();
  const other = service.call(get(url, { method: "PUT", body: { stream } }));
  service.close?.();
  controller.abort(new Error("given up"));
  await assert.rejects(given, { message: "given up" });
  resolve();
  assert.equal(await (await other).text(), "done");
  await allClosed(server.connections);
});

Deno.test("node h2: a connection that nobody waits for any more closes when it was idle for long enough", async () => {
  await using server = await serve(done);
  const { service, url, resolve } = await lateService(server, { poolIdleTimeout: 1 });
  const controller = new AbortController();
  const call = service.call(get(url, { signal: controller.signal }));
  controller.abort(new Error("given up"));
  await assert.rejects(call, { message: "given up" });
  resolve();
  while (server.connections.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  await allClosed(server.connections);
});

Deno.test("node h2: a request that HTTP/2 cannot carry leaves no connection open after close()", async () => {
  await using server = await serve(done);
  const { service, url, resolve } = await lateService(server);
  service.close?.();
  resolve();
  await assert.rejects(service.call(get(url, { headers: [["te", "gzip"]] })), HttpError);
  assert(server.connections.length > 1);
  await allClosed(server.connections);
});
