/** How NodeHttpConnector fails: each fault of a peer, each timer, each moment of an abort. */
import { strict as assert } from "node:assert";
import { HttpError, type HttpErrorDetail, type HttpErrorKind } from "../../../src/http/error.ts";
import { failure, get } from "../calls.ts";
import { answering, head, ok, rawServer } from "./servers.ts";
import { withService } from "./service.ts";

Deno.test("node: nobody listens", async () => {
  let port: number;
  {
    await using gone = await answering(ok());
    port = gone.port;
  }
  await withService({}, async (service) => {
    const error = await failure(
      service.call(get(`http://127.0.0.1:${port}/path?X-Amz-Signature=secret`)),
      "connect",
      "connection-refused",
    );
    assert.match(error.message, /GET http:\/\/127\.0\.0\.1:\d+\/path/);
    assert(!error.message.includes("secret"), error.message);
    assert(error.cause instanceof Error);
    // By name, which may have several addresses: all attempts are behind the one error.
    await failure(service.call(get(`http://localhost:${port}/`)), "connect", "connection-refused");
  });
});

Deno.test("node: a name that does not exist", async () => {
  await withService({}, async (service) => {
    const error = await service.call(get("http://nowhere.invalid/")).catch((error) => error);
    assert(error instanceof HttpError);
    assert.equal(error.kind, "connect");
    // Where there is no resolver at all, it does not answer.
    assert(["DNS-error", "DNS-timeout"].includes(error.detail?.tag ?? ""), error.detail?.tag);
  });
  await withService({}, async (service) => {
    await failure(service.call(get("http://nowhere.invalid/")), "connect", "DNS-error");
  }, { lookup: () => Promise.resolve([]) });
});

const CLOSED: readonly [string, (socket: import("node:net").Socket) => void][] = [
  ["closes", (socket) => socket.end()],
  ["resets", (socket) => socket.resetAndDestroy()],
];
for (const [what, act] of CLOSED) {
  Deno.test(`node: a server that ${what} the connection before a response`, async () => {
    await using server = await rawServer(async (connection) => {
      await connection.until("\r\n\r\n");
      act(connection.socket);
    });
    await withService({}, async (service) => {
      await failure(service.call(get(server.url)), "interrupted", "connection-terminated");
      await failure(
        service.call(get(server.url, { method: "POST", body: new Uint8Array(10) })),
        "interrupted",
        "connection-terminated",
      );
    });
  });
}

const NOT_HTTP: readonly [string, string, HttpErrorKind, HttpErrorDetail["tag"]][] = [
  ["garbage", "SSH-2.0-OpenSSH_9.6\r\n\r\n", "decode", "HTTP-protocol-error"],
  ["a binary frame", "\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00", "decode", "HTTP-protocol-error"],
  ["half a head", "HTTP/1.1 200 OK\r\ncontent-le", "interrupted", "connection-terminated"],
  [
    "an oversized head",
    head("HTTP/1.1 200 OK", `x: ${"a".repeat(200_000)}`),
    "decode",
    "HTTP-response-header-section-size",
  ],
  [
    "two lengths",
    head("HTTP/1.1 200 OK", "content-length: 1", "content-length: 2"),
    "decode",
    "HTTP-protocol-error",
  ],
  [
    "a length that is no number",
    head("HTTP/1.1 200 OK", "content-length: -5"),
    "decode",
    "HTTP-protocol-error",
  ],
  [
    "an unknown transfer coding",
    head("HTTP/1.1 200 OK", "transfer-encoding: gzip, chunked"),
    "decode",
    "HTTP-response-transfer-coding",
  ],
  [
    "a protocol nobody asked for",
    head("HTTP/1.1 101 Switching Protocols", "connection: upgrade", "upgrade: x"),
    "decode",
    "HTTP-upgrade-failed",
  ],
];
for (const [what, bytes, kind, tag] of NOT_HTTP) {
  Deno.test(`node: a server that answers with ${what}`, async () => {
    await using server = await rawServer(async (connection) => {
      await connection.until("\r\n\r\n");
      connection.socket.end(bytes, "latin1");
    });
    await withService({}, async (service) => {
      await failure(service.call(get(server.url)), kind, tag);
    });
  });
}

const BROKEN: readonly [string, string, HttpErrorKind, HttpErrorDetail["tag"]][] = [
  [
    "a body short of its length",
    head("HTTP/1.1 200 OK", "content-length: 10") + "hello",
    "interrupted",
    "HTTP-response-incomplete",
  ],
  [
    "no end of chunks",
    head("HTTP/1.1 200 OK", "transfer-encoding: chunked") + "5\r\nhello\r\n",
    "interrupted",
    "HTTP-response-incomplete",
  ],
  [
    "half a chunk",
    head("HTTP/1.1 200 OK", "transfer-encoding: chunked") + "9\r\nhello",
    "interrupted",
    "HTTP-response-incomplete",
  ],
  [
    "a bad chunk size",
    head("HTTP/1.1 200 OK", "transfer-encoding: chunked") + "5\r\nhello\r\nzz\r\n",
    "decode",
    "HTTP-response-transfer-coding",
  ],
];
for (const [what, bytes, kind, tag] of BROKEN) {
  Deno.test(`node: ${what}`, async () => {
    await using server = await rawServer(async (connection) => {
      await connection.until("\r\n\r\n");
      connection.socket.end(bytes);
    });
    await withService({}, async (service) => {
      const call = () => service.call(get(server.url));
      await failure(call().then((response) => response.bytes()), kind, tag);
      const response = await call();
      const trailers = response.trailers;
      let text = "";
      await failure(
        (async () => {
          for await (const piece of response.body) text += new TextDecoder().decode(piece);
        })(),
        kind,
        tag,
      );
      // Nothing else than what came; a parser that trips over the same packet may drop it.
      assert("hello".startsWith(text), text);
      await failure(trailers, kind, tag);
    });
  });
}

Deno.test("node: a body that ends with the connection", async () => {
  await using server = await rawServer(async (connection) => {
    await connection.until("\r\n\r\n");
    connection.socket.end(head("HTTP/1.1 200 OK") + "until the end");
  });
  await withService({}, async (service) => {
    const response = await service.call(get(server.url));
    assert.equal(response.contentLength, undefined);
    assert.equal(await response.text(), "until the end");
  });
});

// Timers

Deno.test("node: connectTimeout covers resolving, connecting and TLS", async () => {
  await using silent = await rawServer(() => {});
  await withService({ connectTimeout: 30 }, async (service) => {
    await failure(service.call(get(`https://127.0.0.1:${silent.port}/`)), "connect", "connection-timeout");
    await silent.connections[0]!.closed;
  });
  let aborted = false;
  await withService({ connectTimeout: 30 }, async (service) => {
    await failure(service.call(get("http://store.example/")), "connect", "connection-timeout");
    assert.equal(aborted, true);
  }, {
    lookup: (_hostname, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          aborted = true;
          reject(signal.reason);
        });
      }),
  });
});

Deno.test("node: firstByteTimeout does not count the connection, nor an upload that gets on", async () => {
  await using server = await rawServer(async (connection) => {
    if (connection.received === "") await connection.until("\r\n\r\n");
    if (connection.received.startsWith("PUT")) {
      await connection.until("\r\n0\r\n\r\n");
      connection.socket.write(ok());
    }
  });
  await withService({ firstByteTimeout: 100, connectTimeout: 10_000 }, async (service) => {
    await failure(service.call(get(server.url)), "timeout", "connection-read-timeout");
    await server.connections[0]!.closed;
    let left = 6;
    const slow = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        if (left-- > 0) controller.enqueue(new Uint8Array(1));
        else controller.close();
      },
    });
    const response = await service.call(get(server.url, { method: "PUT", body: { stream: slow } }));
    assert.equal(await response.text(), "ok");
    // A request's own timeouts go before those of the client.
    await failure(
      service.call(get(server.url, { timeouts: { firstByteTimeout: 10 } })),
      "timeout",
      "connection-read-timeout",
    );
  });
});

Deno.test("node: a server that stops reading an upload runs into firstByteTimeout", async () => {
  await using server = await rawServer((connection) => connection.socket.pause());
  let cancelled: unknown;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(65536)),
    cancel: (reason) => void (cancelled = reason),
  }, { highWaterMark: 0 });
  await withService({ firstByteTimeout: 100 }, async (service) => {
    const error = await failure(
      service.call(get(server.url, { method: "PUT", body: { stream: body } })),
      "timeout",
      "connection-write-timeout",
    );
    assert.equal(cancelled, error);
  });
});

Deno.test("node: readTimeout counts only while somebody reads", async () => {
  await using server = await rawServer(async (connection) => {
    await connection.until("\r\n\r\n");
    connection.socket.write(head("HTTP/1.1 200 OK", "content-length: 10") + "hello");
  });
  await withService({ readTimeout: 40 }, async (service) => {
    const response = await service.call(get(server.url));
    await new Promise((resolve) => setTimeout(resolve, 120));
    const reader = response.body.getReader();
    assert.equal(new TextDecoder().decode((await reader.read()).value), "hello");
    await failure(reader.read(), "timeout", "connection-read-timeout");
    await server.connections[0]!.closed;
    const other = await service.call(get(server.url));
    await failure(other.bytes(), "timeout", "connection-read-timeout");
  });
});

Deno.test("node: timeout covers the whole request", async () => {
  const trickled = Promise.withResolvers<void>();
  await using server = await rawServer(async (connection) => {
    await connection.until("\r\n\r\n");
    connection.socket.write(head("HTTP/1.1 200 OK", "transfer-encoding: chunked"));
    while (!connection.socket.destroyed) {
      connection.socket.write("1\r\na\r\n");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    trickled.resolve();
  });
  await withService({ timeout: 60 }, async (service) => {
    const response = await service.call(get(server.url));
    await failure(response.bytes(), "timeout", "HTTP-response-timeout");
    await server.connections[0]!.closed;
    await trickled.promise;
  });
});

Deno.test("node: timers may be off, or longer than a timer can be", async () => {
  await using server = await answering(ok());
  for (const value of [0, Infinity, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
    const options = { connectTimeout: value, firstByteTimeout: value, readTimeout: value, timeout: value };
    await withService({ ...options, poolIdleTimeout: value }, async (service) => {
      assert.equal(await (await service.call(get(server.url))).text(), "ok");
      assert.equal(await (await service.call(get(server.url))).text(), "ok");
    });
  }
});

// Aborts

async function rejectsWith(action: Promise<unknown>, reason: unknown): Promise<void> {
  const error = await action.then(() => assert.fail("It resolved"), (error) => error);
  assert.equal(error, reason);
}

Deno.test("node: an abort before, while connecting, and while waiting for the head", async () => {
  await using silent = await rawServer(() => {});
  for (const reason of [new Error("enough"), "a string", undefined]) {
    const before = AbortSignal.abort(reason);
    await withService({}, async (service) => {
      await rejectsWith(service.call(get(silent.url, { signal: before })), before.reason);
      const connecting = new AbortController();
      const call = service.call(get(`https://127.0.0.1:${silent.port}/`, { signal: connecting.signal }));
      const count = silent.connections.length;
      while (silent.connections.length === count) await new Promise((resolve) => setTimeout(resolve, 1));
      connecting.abort(reason);
      await rejectsWith(call, connecting.signal.reason);
      await silent.connections.at(-1)!.closed;
      const waiting = new AbortController();
      const other = service.call(get(silent.url, { signal: waiting.signal }));
      while (silent.connections.length === count + 1) await new Promise((resolve) => setTimeout(resolve, 1));
      await silent.connections.at(-1)!.until("\r\n\r\n");
      waiting.abort(reason);
      await rejectsWith(other, waiting.signal.reason);
      await silent.connections.at(-1)!.closed;
    });
  }
});

Deno.test("node: an abort while the body is sent, and while the response is read", async () => {
  await using server = await rawServer(async (connection) => {
    await connection.until("\r\n\r\n");
    if (connection.received.startsWith("GET")) {
      connection.socket.write(head("HTTP/1.1 200 OK", "content-length: 10") + "hello");
    }
  });
  await withService({}, async (service) => {
    const reason = new Error("enough");
    const sending = new AbortController();
    let cancelled: unknown;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(5)),
      cancel: (why) => void (cancelled = why),
    });
    const call = service.call(
      get(server.url, { method: "PUT", body: { stream: body }, signal: sending.signal }),
    );
    while (server.connections.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await server.connections[0]!.until("\r\n\r\n");
    sending.abort(reason);
    await rejectsWith(call, reason);
    assert.equal(cancelled, reason);
    await server.connections[0]!.closed;

    const reading = new AbortController();
    const response = await service.call(get(server.url, { signal: reading.signal }));
    const reader = response.body.getReader();
    await reader.read();
    const next = reader.read();
    reading.abort(reason);
    await rejectsWith(next, reason);
    await server.connections[1]!.closed;

    const collecting = new AbortController();
    const other = await service.call(get(server.url, { signal: collecting.signal }));
    const bytes = other.bytes();
    collecting.abort(reason);
    await rejectsWith(bytes, reason);

    const timeout = AbortSignal.timeout(20);
    const last = await service.call(get(server.url, { signal: timeout }));
    const error = await last.bytes().then(() => assert.fail("It resolved"), (error) => error);
    assert.equal(error, timeout.reason);
  });
});

Deno.test("node: an abort after the end changes nothing, and no listener stays", async () => {
  await using server = await answering(ok());
  const controller = new AbortController();
  let listeners = 0;
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal), remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
  await withService({}, async (service) => {
    const response = await service.call(get(server.url, { signal }));
    const bytes = await response.bytes();
    assert.equal(listeners, 0);
    controller.abort();
    assert.equal(bytes.length, 2);
    assert.equal(await (await service.call(get(server.url))).text(), "ok");
    assert.equal(server.connections.length, 1);
  });
});

Deno.test("node: a request body that fails ends the request", async () => {
  await using server = await rawServer(() => {});
  const reason = new Error("disk on fire");
  await withService({}, async (service) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(5));
      },
      pull: () => Promise.reject(reason),
    });
    const error = await failure(
      service.call(get(server.url, { method: "PUT", body: { stream: body } })),
      "request",
      "internal-error",
    );
    assert.equal(error.cause, reason);
    const wrong = new ReadableStream({ start: (controller) => controller.enqueue("text") });
    await failure(
      service.call(get(server.url, { method: "PUT", body: { stream: wrong } })),
      "request",
      "internal-error",
    );
    const locked = new ReadableStream<Uint8Array>();
    locked.getReader();
    await failure(
      service.call(get(server.url, { method: "PUT", body: { stream: locked } })),
      "request",
      "internal-error",
    );
  });
});
