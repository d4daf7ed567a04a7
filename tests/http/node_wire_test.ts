/** What NodeHttpConnector puts on the wire, byte by byte, and how it uses connections. */
import { strict as assert } from "node:assert";
import type { HttpRequest, HttpResponse, HttpService } from "../../src/http/connector.ts";
import { HttpError, type HttpErrorDetail, type HttpErrorKind } from "../../src/http/error.ts";
import { NodeHttpConnector } from "../../src/http/node.ts";
import type { ClientOptions } from "../../src/http/options.ts";
import { answering, ok, rawServer } from "./node_servers.ts";

async function withService(
  options: ClientOptions,
  run: (service: HttpService) => Promise<void>,
): Promise<void> {
  const service = new NodeHttpConnector().connect(options);
  try {
    await run(service);
  } finally {
    service.close?.();
  }
}

function get(url: string, rest: Partial<HttpRequest> = {}): HttpRequest {
  return { method: "GET", url, headers: [], ...rest };
}

async function failure(
  action: Promise<unknown>,
  kind: HttpErrorKind,
  tag: HttpErrorDetail["tag"],
): Promise<HttpError> {
  const error = await action.then(() => assert.fail("It resolved"), (error) => error);
  assert(error instanceof HttpError, String(error));
  assert.deepEqual([error.kind, error.detail?.tag], [kind, tag], error.message);
  return error;
}

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

const head = (...lines: string[]): string => [...lines, "", ""].join("\r\n");

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

Deno.test("node: answers come while the request is still being sent", async () => {
  await using server = await rawServer(async (connection) => {
    await connection.until("one");
    connection.socket.write(head("HTTP/1.1 200 OK", "transfer-encoding: chunked") + "3\r\nuno\r\n");
    await connection.until("two");
    connection.socket.write("3\r\ndos\r\n0\r\n\r\n");
  });
  let push!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (push = controller) });
  push.enqueue(new TextEncoder().encode("one"));
  await withService({}, async (service) => {
    const response = await service.call(get(server.url, { method: "POST", body: { stream: body } }));
    const reader = response.body.getReader();
    assert.equal(new TextDecoder().decode((await reader.read()).value), "uno");
    push.enqueue(new TextEncoder().encode("two"));
    assert.equal(new TextDecoder().decode((await reader.read()).value), "dos");
    push.close();
    assert.equal((await reader.read()).done, true);
  });
});

Deno.test("node: connections are kept, and closed by close() only when idle", async () => {
  await using server = await rawServer(async (connection) => {
    await connection.until("/one");
    connection.socket.write(ok());
    await connection.until("/two");
    connection.socket.write(head("HTTP/1.1 200 OK", "content-length: 4") + "ha");
    await connection.until("/never").catch(() => {});
  });
  const service = new NodeHttpConnector().connect();
  await (await service.call(get(`${server.url}/one`))).bytes();
  const response = await service.call(get(`${server.url}/two`));
  assert.equal(server.connections.length, 1);
  service.close?.();
  server.connections[0]!.socket.write("ha");
  assert.equal(await response.text(), "haha");
  await server.connections[0]!.closed;
});

Deno.test("node: pool options", async () => {
  await using server = await answering(ok());
  await withService({ poolMaxIdlePerHost: 0 }, async (service) => {
    await (await service.call(get(server.url))).bytes();
    await server.connections[0]!.closed;
    await (await service.call(get(server.url))).bytes();
    await server.connections[1]!.closed;
  });
  await withService({ poolIdleTimeout: 20 }, async (service) => {
    await (await service.call(get(server.url))).bytes();
    await server.connections[2]!.closed;
  });
  await withService({ poolMaxIdlePerHost: 1 }, async (service) => {
    await Promise.all([1, 2, 3].map(async () => (await service.call(get(server.url))).bytes()));
    await Promise.race([3, 4, 5].map((at) => server.connections[at]!.closed));
  });
});

Deno.test("node: a server that will close soon is believed", async () => {
  await using server = await answering(ok("ok", ["keep-alive: timeout=1, max=100"]));
  await withService({}, async (service) => {
    await (await service.call(get(server.url))).bytes();
    await server.connections[0]!.closed;
  });
});

Deno.test("node: a kept connection whose time is over is not used, though no timer came to say so", async () => {
  await using server = await answering(ok("ok"));
  await withService({ poolIdleTimeout: 50 }, async (service) => {
    await Promise.all([1, 2].map(async () => await (await service.call(get(server.url))).text()));
    // Computes, as a guest does, and lets no timer and no socket have a turn.
    for (const end = performance.now() + 60; performance.now() < end;);
    await Promise.all([1, 2].map(async () => await (await service.call(get(server.url))).text()));
  });
  assert.equal(server.connections.length, 4);
});

Deno.test("node: bytes beyond a response are not the answer to the next request", async () => {
  const surplus = head("HTTP/1.1 200 OK", "content-length: 6") + "poison";
  await using server = await rawServer(async (connection, number) => {
    await connection.until("\r\n\r\n");
    connection.socket.write(number === 1 ? ok() + surplus : ok("clean"));
  });
  await using later = await rawServer(async (connection, number) => {
    await connection.until("\r\n\r\n");
    connection.socket.write(number === 1 ? ok() : ok("clean"));
  });
  await withService({}, async (service) => {
    await (await service.call(get(server.url))).bytes().catch(() => {});
    assert.equal(await (await service.call(get(server.url))).text(), "clean");
    await (await service.call(get(later.url))).bytes();
    later.connections[0]!.socket.write(surplus);
    await later.connections[0]!.closed;
    assert.equal(await (await service.call(get(later.url))).text(), "clean");
  });
});

async function staleServer() {
  return await rawServer(async (connection, number) => {
    await connection.until("\r\n\r\n");
    connection.socket.write(ok());
    if (number > 1) return;
    await connection.until("/again");
    connection.socket.destroy();
  });
}

Deno.test("node: a kept connection that died is replaced for what can be repeated", async () => {
  for (
    const again of [{}, { method: "PUT", body: new Uint8Array(3) }, { method: "POST", idempotent: true }]
  ) {
    await using server = await staleServer();
    await withService({}, async (service) => {
      await (await service.call(get(server.url))).bytes();
      assert.equal(await (await service.call(get(`${server.url}/again`, again))).text(), "ok");
    });
    assert.equal(server.connections.length, 2);
  }
});

Deno.test("node: a kept connection that died fails what cannot be repeated", async () => {
  for (
    const again of [{ method: "POST", body: new Uint8Array(3) }, { idempotent: false }, {
      method: "PUT",
      body: { stream: stream("a") },
    }]
  ) {
    await using server = await staleServer();
    await withService({}, async (service) => {
      await (await service.call(get(server.url))).bytes();
      await failure(
        service.call(get(`${server.url}/again`, again)),
        "interrupted",
        "connection-terminated",
      );
    });
    assert.equal(server.connections.length, 1);
  }
});

Deno.test("node: a response that nobody reads holds the server back", async () => {
  const piece = new Uint8Array(65536);
  let pushed = 0;
  await using server = await rawServer(async (connection) => {
    await connection.until("\r\n\r\n");
    connection.socket.write(head("HTTP/1.1 200 OK", `content-length: ${1000 * piece.length}`));
    for (let i = 0; i < 1000; i++) {
      const flows = connection.socket.write(piece);
      pushed += piece.length;
      if (!flows) await new Promise((resolve) => connection.socket.once("drain", resolve));
    }
  });
  await withService({}, async (service) => {
    const response = await service.call(get(server.url));
    const reader = response.body.getReader();
    await reader.read();
    let before = -1;
    // Until the server makes no more progress: the kernel's buffers are full then.
    while (before !== pushed) {
      before = pushed;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert(pushed < 1000 * piece.length, "All of it was taken in without being read");
    let received = 0;
    reader.releaseLock();
    for await (const chunk of response.body) received += chunk.length;
    assert(received > 999 * piece.length);
  });
});

Deno.test("node: a server that does not read holds the request body back", async () => {
  let pulled = 0;
  const total = 400;
  await using server = await rawServer(async (connection) => {
    connection.socket.pause();
    await resumed;
    connection.socket.on("data", (chunk: Uint8Array) => {
      if (String.fromCharCode(...chunk.slice(-7)) === "\r\n0\r\n\r\n") connection.socket.write(ok());
    });
    connection.socket.resume();
  });
  let resume!: () => void;
  const resumed = new Promise<void>((resolve) => resume = resolve);
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (pulled++ < total) controller.enqueue(new Uint8Array(65536));
      else controller.close();
    },
  }, { highWaterMark: 0 });
  await withService({}, async (service) => {
    const call = service.call(get(server.url, { method: "PUT", body: { stream: body } }));
    let before = -1;
    while (before !== pulled || pulled === 0) {
      before = pulled;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert(pulled < total, "All of it was read without being sent");
    resume();
    assert.equal(await (await call).text(), "ok");
  });
});

Deno.test("node: pieces of a body are plain arrays of their own", async () => {
  await using server = await answering(ok("hello"));
  await withService({}, async (service) => {
    const response = await service.call(get(server.url));
    for await (const piece of response.body) assert.equal(piece.constructor, Uint8Array);
    const bytes = await (await service.call(get(server.url))).bytes();
    assert.deepEqual([bytes.constructor, bytes.buffer.byteLength], [Uint8Array, 5]);
  });
});

Deno.test("node: cancelling a response closes its connection", async () => {
  await using server = await answering(head("HTTP/1.1 200 OK", "content-length: 100000") + "start");
  await withService({}, async (service) => {
    const response: HttpResponse = await service.call(get(server.url));
    await response.cancel();
    await response.cancel();
    await server.connections[0]!.closed;
  });
});
