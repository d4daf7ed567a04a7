/** What NodeHttpConnector puts on the wire, byte by byte, and what it makes of what comes back. */
import { strict as assert } from "node:assert";
import { HttpError, type HttpErrorDetail } from "../../../src/http/error.ts";
import type { HttpRequest } from "../../../src/http/service.ts";
import { failure, get } from "../calls.ts";
import { answering, head, ok, rawServer } from "./servers.ts";
import { withService } from "./service.ts";

function stream(...pieces: (string | Uint8Array)[]): ReadableStream<Uint8Array> & { cancelled?: unknown } {
  const left = pieces.map((it) => typeof it === "string" ? new TextEncoder().encode(it) : it);
  const made: ReadableStream<Uint8Array> & { cancelled?: unknown } = new ReadableStream({
    pull(controller) {
      const piece = left.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
    cancel(reason) {
      made.cancelled = reason;
    },
  }, { highWaterMark: 0 });
  return made;
}

Deno.test("node: the head is sent as written: path, order, case, duplicates, bytes", async () => {
  await using server = await answering(ok());
  await withService({}, async (service) => {
    const response = await service.call(get(`${server.url}/a/../b%2e%2E//c?x="{}|y=%zz#frag`, {
      headers: [["X-One", "1"], ["b", "caf\xe9\x80"], ["x-one", "2"], ["B", ""], ["Accept-Encoding", "br"]],
    }));
    assert.equal(await response.text(), "ok");
  });
  assert.equal(
    server.connections[0]!.received,
    head(
      `GET /a/../b%2e%2E//c?x="{}|y=%zz HTTP/1.1`,
      `Host: 127.0.0.1:${server.port}`,
      "X-One: 1",
      "b: caf\xe9\x80",
      "x-one: 2",
      "B: ",
      "Accept-Encoding: br",
      "Connection: keep-alive",
    ),
  );
});

Deno.test("node: a method keeps its case", async () => {
  await using server = await answering(ok());
  await withService({}, async (service) => {
    const response = await service.call(
      get(server.url, {
        method: "propFind",
        headers: [["x", "1"], ["y", "-"], ["x", "2"]],
        body: new Uint8Array([65]),
      }),
    );
    await response.bytes();
  });
  await server.connections[0]!.until("A");
  assert.match(server.connections[0]!.received, /^propFind \/ HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\n/);
  assert.match(server.connections[0]!.received, /\r\nx: 1\r\nx: 2\r\ny: -\r\n/);
  assert.match(server.connections[0]!.received, /\r\nContent-Length: 1\r\n[^]*\r\n\r\nA$/);
});

const FRAMINGS: readonly [string, Partial<HttpRequest>, string][] = [
  ["GET without a body", {}, ""],
  ["GET with an empty body", { body: new Uint8Array(0) }, ""],
  ["PUT without a body", { method: "PUT" }, "Content-Length: 0|"],
  ["POST with an empty body", { method: "POST", body: [] }, "Content-Length: 0|"],
  ["DELETE without a body", { method: "DELETE" }, ""],
  ["GET with bytes", { body: new Uint8Array([65, 66]) }, "Content-Length: 2|AB"],
  ["DELETE with bytes", { method: "DELETE", body: new Uint8Array([65]) }, "Content-Length: 1|A"],
  ["a list of chunks", {
    method: "PUT",
    body: [new Uint8Array([65]), new Uint8Array(0), new Uint8Array([66])],
  }, "Content-Length: 2|AB"],
  ["a list with its length in the headers", {
    method: "PUT",
    body: [new Uint8Array([65])],
    headers: [["content-length", "1"]],
  }, "Content-Length: 1|A"],
];

for (const [name, request, expected] of FRAMINGS) {
  Deno.test(`node: framing of ${name}`, async () => {
    await using server = await answering(ok());
    await withService({}, async (service) => {
      await (await service.call(get(server.url, request))).bytes();
    });
    const body = expected.split("|")[1] ?? "";
    if (body !== "") await server.connections[0]!.until("\r\n\r\n" + body);
    const [sentHead = "", sentBody] = server.connections[0]!.received.split("\r\n\r\n");
    const framing = sentHead.split("\r\n").filter((line) =>
      /^(content-length|transfer-encoding)/i.test(line)
    );
    assert.equal([...framing, sentBody].join("|"), expected === "" ? "" : expected);
  });
}

Deno.test("node: framing of streams", async () => {
  await using server = await answering(ok());
  await withService({}, async (service) => {
    const call = async (body: HttpRequest["body"], method: string, headers: HttpRequest["headers"] = []) => {
      await (await service.call(get(server.url, { method, body, headers }))).bytes();
    };
    await call({ stream: stream("hello", "", " you") }, "GET");
    await call({ stream: stream("hello", " you"), length: 9 }, "PUT");
    await call({ stream: stream("hello") }, "PUT", [["content-length", "5"]]);
    await call({ stream: stream(), length: 0 }, "PUT");
  });
  const all = server.connections.map(({ received }) => received).join("");
  // Pieces that are there at once make one chunk.
  assert.match(
    all,
    /^GET [^]*\r\nTransfer-Encoding: chunked\r\n[^]*\r\n\r\n9\r\nhello you\r\n0\r\n\r\nPUT /,
  );
  assert.match(all, /\r\nContent-Length: 9\r\n[^]*\r\n\r\nhello you/);
  assert.match(all, /\r\nContent-Length: 5\r\n[^]*\r\n\r\nhello/);
  assert.match(all, /\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n$/);
});

Deno.test("node: a stream longer than declared never puts surplus bytes on the wire", async () => {
  await using server = await answering(ok());
  const body = stream("hello", "GET /smuggled HTTP/1.1\r\n\r\n", "more".repeat(100_000));
  await withService({}, async (service) => {
    const error = await failure(
      service.call(get(server.url, { method: "PUT", body: { stream: body, length: 8 } })),
      "request",
      "HTTP-request-body-size",
    );
    assert.deepEqual(error.detail, { tag: "HTTP-request-body-size", size: 31n });
  });
  await server.connections[0]?.closed;
  assert(!(server.connections[0]?.received ?? "").includes("GET"), "Surplus bytes were sent");
  assert.equal((body.cancelled as Error).message.includes("longer than its declared 8 bytes"), true);
});

Deno.test("node: a stream shorter than declared breaks the connection", async () => {
  await using server = await answering("");
  await withService({}, async (service) => {
    const error = await failure(
      service.call(get(server.url, { method: "PUT", body: { stream: stream("hello"), length: 8 } })),
      "request",
      "HTTP-request-body-size",
    );
    assert.deepEqual(error.detail, { tag: "HTTP-request-body-size", size: 5n });
  });
  await server.connections[0]?.closed;
});

Deno.test("node: bodies and headers that contradict each other are refused before anything is sent", async () => {
  await using server = await answering(ok());
  await withService({}, async (service) => {
    const refused = (rest: Partial<HttpRequest>, tag: HttpErrorDetail["tag"]) =>
      failure(service.call(get(server.url, { method: "PUT", ...rest })), "request", tag);
    await refused({ body: new Uint8Array(3), headers: [["content-length", "4"]] }, "HTTP-request-body-size");
    await refused({ headers: [["content-length", "4"]] }, "HTTP-request-body-size");
    await refused({ headers: [["content-length", "+0"]] }, "HTTP-request-body-size");
    await refused({ headers: [["content-length", "0"], ["Content-Length", "1"]] }, "HTTP-request-body-size");
    await refused({ headers: [["transfer-encoding", "chunked"]] }, "HTTP-protocol-error");
    await refused({ headers: [["host", "a"], ["Host", "b"]] }, "HTTP-protocol-error");
    await refused({ method: "CONNECT" }, "HTTP-request-method-invalid");
    await refused({ body: { stream: stream(), length: -1 } }, "HTTP-request-body-size");
    await refused({ body: { stream: stream(), length: 1.5 } }, "HTTP-request-body-size");
    await refused({ body: { stream: stream("a"), length: 1 }, trailers: () => [] }, "HTTP-protocol-error");
    const body = stream("x");
    await refused({ body: { stream: body }, headers: [["a b", "c"]] }, "HTTP-protocol-error");
    assert(body.cancelled instanceof HttpError, "The stream of a refused request is let go");
  });
  assert.equal(server.connections.length, 0);
});

Deno.test("node: trailers both ways", async () => {
  await using server = await rawServer(async (connection) => {
    await connection.until("0\r\nX-Sum: 1\r\nx-sum: \xe9\r\n\r\n");
    connection.socket.write(
      head("HTTP/1.1 200 OK", "transfer-encoding: chunked") +
        "2\r\nok\r\n0\r\nT-One: 1\r\nt-one: \xe8\r\n\r\n",
      "latin1",
    );
  });
  await withService({}, async (service) => {
    let asked = 0;
    const response = await service.call(get(server.url, {
      method: "POST",
      headers: [["trailer", "x-sum"]],
      body: new TextEncoder().encode("hello"),
      trailers: () => {
        asked++;
        return Promise.resolve([["X-Sum", "1"], ["x-sum", "\xe9"]] as const);
      },
    }));
    const trailers = response.trailers;
    assert.equal(await response.text(), "ok");
    assert.deepEqual(await trailers, [["T-One", "1"], ["t-one", "\xe8"]]);
    assert.equal(asked, 1);
    await failure(
      service.call(get(server.url, { method: "POST", trailers: () => [["content-length", "1"]] })),
      "request",
      "HTTP-protocol-error",
    );
  });
});

Deno.test("node: response headers are shown as received", async () => {
  await using server = await answering(
    head("HTTP/1.1 103 Early Hints", "link: </a>") + head("HTTP/1.1 102 Processing") +
      ok("ok", ["X-A: 1", "set-cookie: a", "x-a: caf\xe9", "Set-Cookie: b", "content-encoding: gzip"]),
  );
  await withService({}, async (service) => {
    const response = await service.call(get(server.url));
    assert.deepEqual(response.headers, [
      ["content-length", "2"],
      ["X-A", "1"],
      ["set-cookie", "a"],
      ["x-a", "caf\xe9"],
      ["Set-Cookie", "b"],
      ["content-encoding", "gzip"],
    ]);
    assert.equal(response.decoded, false);
    assert.equal(await response.text(), "ok");
  });
});

Deno.test("node: statuses and methods without a body", async () => {
  await using server = await answering(
    head("HTTP/1.1 200 OK", "content-length: 5"),
    head("HTTP/1.1 304 Not Modified", "content-length: 5"),
    head("HTTP/1.1 204 No Content"),
    ok(""),
    ok("last"),
  );
  await withService({}, async (service) => {
    assert.equal((await (await service.call(get(server.url, { method: "HEAD" }))).bytes()).length, 0);
    for (const status of [304, 204, 200]) {
      const response = await service.call(get(server.url));
      assert.equal(response.status, status);
      // Not read: there is nothing that could hold the connection.
    }
    assert.equal(await (await service.call(get(server.url))).text(), "last");
  });
  assert.equal(server.connections.length, 1, "One connection served them all");
});

Deno.test("node: expect: 100-continue holds the body back until it is wanted", async () => {
  await using server = await rawServer(async (connection) => {
    await connection.until("\r\n\r\n");
    assert(connection.received.endsWith("\r\n\r\n"));
    connection.socket.write(head("HTTP/1.1 100 Continue"));
    await connection.until("\r\n\r\nhello");
    connection.socket.write(ok());
  });
  await withService({}, async (service) => {
    const response = await service.call(get(server.url, {
      method: "PUT",
      headers: [["expect", "100-continue"]],
      body: new TextEncoder().encode("hello"),
    }));
    assert.equal(await response.text(), "ok");
  });
});

Deno.test("node: a body that was refused is not sent, and its connection not used again", async () => {
  await using server = await rawServer(async (connection) => {
    await connection.until("\r\n\r\n");
    connection.socket.write(head("HTTP/1.1 417 Expectation Failed", "content-length: 2") + "no");
  });
  const body = stream("hello");
  await withService({}, async (service) => {
    const response = await service.call(
      get(server.url, {
        method: "PUT",
        headers: [["Expect", "100-Continue"]],
        body: { stream: body, length: 5 },
      }),
    );
    assert.equal(response.status, 417);
    assert.equal(await response.text(), "no");
    await server.connections[0]!.closed;
    assert.notEqual(body.cancelled, undefined);
  });
  assert(!server.connections[0]!.received.includes("hello"));
});
