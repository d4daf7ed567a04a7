/** Bodies under way, clients that go, and guests that are clients themselves. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { startOrigin } from "../../guests/origin.ts";
import { message, open, raw, type ServeCase, type ServeEnv } from "./env.ts";
import { until } from "../until.ts";

const pattern = (size: number) => Uint8Array.from({ length: size }, (_, i) => i % 251);

async function withOrigin(
  body: (url: string, origin: Awaited<ReturnType<typeof startOrigin>>) => Promise<unknown>,
) {
  const origin = await startOrigin();
  try {
    await body(`http://${origin.address}`, origin);
  } finally {
    await origin.close();
  }
}

/** Reads the first piece of a response and goes away. */
async function leaveEarly({ url }: { readonly url: string }, path: string): Promise<void> {
  const controller = new AbortController();
  const response = await fetch(`${url}${path}`, { signal: controller.signal });
  const reader = response.body!.getReader();
  await reader.read();
  controller.abort();
  await reader.closed.catch(() => {});
}

/** See the file's head. */
export const flowCases: readonly ServeCase[] = [
  {
    name: "bodies that come before the guest can be called are all there when it is",
    only: { isolation: "worker" },
    async run({ serve }) {
      const { url } = await serve({ workers: 1, workerConcurrency: 30 });
      const sent = pattern(100_000);
      const received = await Promise.all(Array.from({ length: 30 }, async () => {
        const body = new Blob([sent]).stream();
        const response = await fetch(`${url}/echo`, { method: "POST", body, duplex: "half" } as RequestInit);
        return new Uint8Array(await response.arrayBuffer());
      }));
      for (const bytes of received) assert.deepEqual(bytes, sent);
    },
  },
  {
    name: "an echo of 1 MiB comes back while it still goes out",
    covers: ["wasi_http_echo"],
    async run({ serve }) {
      const { url } = await serve();
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const writer = writable.getWriter();
      const pending = fetch(`${url}/echo`, {
        method: "POST",
        headers: { "content-type": "x/y" },
        body: readable,
        duplex: "half",
      } as RequestInit);
      const chunk = pattern(16 * 1024);
      void writer.write(chunk);
      const response = await pending;
      assert.equal(response.headers.get("content-type"), "x/y");
      const reader = response.body!.getReader();
      let received = (await reader.read()).value!.length;
      assert.ok(received > 0, "something came before the request had ended");
      const writing = (async () => {
        for (let i = 1; i < 64; i++) await writer.write(chunk);
        await writer.close();
      })();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        received += piece.value.length;
      }
      await writing;
      assert.equal(received, 1 << 20);
    },
  },
  {
    name: "bytes arrive as written, whole, in every size",
    async run({ serve }) {
      const { url } = await serve();
      for (const size of [0, 1, 4096, 65_536, 1 << 20, 5_000_000]) {
        const got = new Uint8Array(await (await fetch(`${url}/bytes/${size}`)).arrayBuffer());
        assert.equal(got.length, size);
        assert.ok(got.every((byte, i) => byte === (i % (251 * 256)) % 251), `${size}`);
        const sent = pattern(size);
        const back = await fetch(`${url}/echo`, { method: "POST", body: sent });
        assert.deepEqual(new Uint8Array(await back.arrayBuffer()), sent);
      }
    },
  },
  {
    name: "server-sent events come one by one",
    async run({ serve }) {
      const { url } = await serve();
      const response = await fetch(`${url}/sse?n=3&ms=60`);
      assert.equal(response.headers.get("content-type"), "text/event-stream");
      const pieces: string[] = [];
      for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) pieces.push(piece);
      assert.ok(pieces.length > 1, JSON.stringify(pieces));
      assert.equal(pieces.join(""), [0, 1, 2].map((i) => `id: ${i}\ndata: event ${i}\n\n`).join(""));
    },
  },
  {
    name: "a slow reader holds the guest back",
    covers: ["2.7 back-pressure of responses"],
    async run({ serve }) {
      const { port, server } = await serve();
      const socket = await open(port);
      socket.on("error", () => {});
      socket.pause();
      socket.write(message("GET /bytes/1073741824"));
      await until(() => server.stats().inFlight === 1);
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(server.stats().inFlight, 1);
      socket.destroy();
      await until(() => server.stats().inFlight === 0);
      assert.ok(server.stats().bytesSent < 128 << 20, `${server.stats().bytesSent} bytes sent to nobody`);
      await until(() => server.stats().disconnects === 1);
    },
  },
  {
    name: "a guest that does not read holds the client back",
    covers: ["2.7 back-pressure of requests"],
    async run({ serve }) {
      const { port } = await serve();
      const socket = await open(port);
      socket.on("error", () => {});
      socket.write("POST /read-slowly?ms=200 HTTP/1.1\r\nhost: a\r\ncontent-length: 1073741824\r\n\r\n");
      const chunk = new Uint8Array(64 * 1024);
      let sent = 0;
      let stuck = false;
      while (!stuck && sent < 256 << 20) {
        sent += chunk.length;
        if (!socket.write(chunk)) {
          stuck = await Promise.race([
            new Promise<boolean>((resolve) => socket.once("drain", () => resolve(false))),
            new Promise<boolean>((resolve) => setTimeout(resolve, 150, true)),
          ]);
        }
      }
      assert.ok(stuck, `${sent} bytes were taken at once`);
      socket.destroy();
    },
  },
  {
    name: "a client that leaves is noticed by the guest's writes, and nothing traps",
    covers: ["1.6 client gone"],
    async run({ serve }) {
      const serving = await serve();
      await leaveEarly(serving, "/until-closed");
      await until(() => /closed after \d+/.test(serving.output()), serving.output());
      assert.equal(serving.server.stats().traps, 0);
      assert.equal(serving.server.stats().disconnects, 1);
      assert.equal(serving.requests.at(-1)?.complete, false);
    },
  },
  {
    name: "a client that leaves before the answer is no reason to trap",
    covers: ["wasi_http_no_trap_on_early_drop"],
    async run({ serve }) {
      const serving = await serve();
      const socket = await open(serving.port);
      socket.on("error", () => {});
      socket.write(message("GET /early_drop?ms=800"));
      await until(() => serving.server.stats().inFlight === 1);
      socket.destroy();
      await until(() => serving.output().includes("early_drop survived"), serving.output());
      await until(() => serving.server.stats().inFlight === 0);
      const { traps, failures } = serving.server.stats();
      assert.deepEqual([traps, failures], [0, 0]);
      assert.equal(await (await fetch(`${serving.url}/hello`)).text(), "Hello, WASI!");
    },
  },
  {
    name: "an upload that breaks off fails where the guest reads it",
    async run({ serve }) {
      const serving = await serve();
      const socket = await open(serving.port);
      socket.on("error", () => {});
      socket.write("POST /read-slowly?ms=1 HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\nsome");
      await until(() => serving.server.stats().inFlight === 1);
      socket.destroy();
      await until(() => serving.output().includes("read ended"), serving.output());
      await until(() => serving.server.stats().inFlight === 0);
    },
  },
  {
    name: "requests that a guest makes end with the client for whom they are",
    covers: ["1.6 client gone, transfers aborted"],
    run: ({ serve }) =>
      withOrigin(async (url, origin) => {
        const serving = await serve();
        const socket = await open(serving.port);
        socket.on("error", () => {});
        socket.write(message("GET /fetch-and-wait", ["host: a", `url: ${url}/slow?ms=20000`]));
        await until(() => origin.seen.length === 1);
        socket.destroy();
        await until(() => /fetch_and_wait: Err\(ErrorCode::\w+/.test(serving.output()), serving.output());
        await until(() => serving.server.stats().inFlight === 0);
      }),
  },
  {
    name: "a handler that reads nothing answers all the same",
    async run({ serve }) {
      const { port } = await serve();
      const answer = await raw(port, message("POST /ignore-body", ["host: a", "content-length: 5"], "12345"));
      assert.equal(Buffer.from(answer.body).toString(), "ignored");
    },
  },
  {
    name: "a body that goes on after its head; one that is left open is cut short",
    covers: ["1.6 body after set", "4.1 instance end with an unfinished body"],
    async run({ serve }) {
      const { port, failures } = await serve();
      const later = await raw(port, message("GET /finish-later?ms=60"));
      assert.deepEqual([Buffer.from(later.body).toString(), later.whole], ["first second", true]);
      const never = await raw(port, message("GET /never-finish"));
      assert.ok(!never.whole || never.status === 500);
      await until(() => failures.length > 0);
      assert.deepEqual(failures.map(({ failure }) => failure.kind), ["unfinished"]);
    },
  },
  {
    name: "a proxy streams what it gets in upper case",
    run: ({ serve }) =>
      withOrigin(async (origin) => {
        const { url } = await serve();
        const response = await fetch(`${url}/uppercase`, { headers: { url: `${origin}/bytes/300000` } });
        const got = new Uint8Array(await response.arrayBuffer());
        assert.equal(got.length, 300_000);
        assert.ok(got.every((byte, i) => byte === upper(i % 251)));
        // Each letter goes on when it comes: the other server takes its time over them.
        const dripping = await fetch(`${url}/uppercase`, { headers: { url: `${origin}/drip?n=4&ms=40` } });
        const pieces = await Array.fromAsync(dripping.body!.pipeThrough(new TextDecoderStream()));
        assert.ok(pieces.length > 1, JSON.stringify(pieces));
        const bad = await fetch(`${url}/uppercase`, { headers: { url: "http://127.0.0.1:1/" } });
        assert.equal(bad.status, 502);
        await bad.text();
      }),
  },
  {
    name: "a request poured into another server and back, both ways at once",
    covers: ["wasi_http_double_echo"],
    run: ({ serve }) =>
      withOrigin(async (origin) => {
        const { url } = await serve();
        const sent = pattern(3_000_000);
        const response = await fetch(`${url}/double-echo`, {
          method: "POST",
          body: sent,
          headers: { url: `${origin}/echo` },
        });
        assert.deepEqual(new Uint8Array(await response.arrayBuffer()), sent);
      }),
  },
  {
    name: "sixteen downloads at once, each hash right; what the policy refuses fails alone",
    covers: [
      "wasi_http_hash_all (p2_api_proxy_streaming)",
      "wasi_http_hash_all_with_override",
      "wasi_http_hash_all_with_reject",
    ],
    run: ({ serve }) =>
      withOrigin(async (origin) => {
        const { url, server } = await serve();
        const sizes = Array.from({ length: 20 }, (_, i) => i * 1009);
        const headers = [...sizes.map((size) => ["url", `${origin}/bytes/${size}`]), [
          "url",
          "http://forbidden.example/",
        ]];
        const answer = await raw(
          Number(new URL(url).port),
          message("GET /hash-all", ["host: a", ...headers.map(([name, value]) => `${name}: ${value}`)]),
        );
        const lines = Buffer.from(answer.body).toString().trim().split("\n");
        assert.equal(lines.length, 21, lines.join("\n"));
        for (const size of sizes) {
          const hash = createHash("sha256").update(pattern(size)).digest("hex");
          assert.ok(lines.includes(`${origin}/bytes/${size}: ${hash}`), `${size}\n${lines.join("\n")}`);
        }
        const refused = lines.find((line) => line.startsWith("http://forbidden.example/"));
        assert.match(refused!, /HttpRequestDenied/);
        assert.equal(server.stats().outgoingDenied, 1);
      }),
  },
  {
    name: "an authority without a port is forwarded as it is",
    covers: ["wasi_http_without_port (p2_api_proxy_forward_request)"],
    only: { isolation: "inline" },
    async run({ serve }) {
      const seen: string[] = [];
      const { HttpError } = await import("../../../src/http/error.ts");
      const { url } = await serve({
        net: ["forwarded.example"],
        connector: {
          connect: () => ({
            call(request) {
              seen.push(request.url);
              return Promise.reject(new HttpError("connect", "Nobody is there"));
            },
          }),
        },
      });
      const answer = await fetch(`${url}/forward-request`, {
        headers: { url: "http://forwarded.example/path" },
      });
      assert.match(await answer.text(), /error/);
      assert.deepEqual(seen, ["http://forwarded.example/path"]);
    },
  },
  {
    name: "limits on what a guest asks of others: for each request, and for the server",
    covers: ["7.3 concurrent requests"],
    run: ({ serve }) =>
      withOrigin(async (origin) => {
        const told = async (options: Parameters<ServeEnv["serve"]>[0], path: string) => {
          const { url } = await serve(options);
          // Twice: each request has its own count.
          for (let i = 0; i < 2; i++) {
            const text = await (await fetch(`${url}${path}`, { headers: { url: `${origin}/slow?ms=30` } }))
              .text();
            const lines = text.trim().split("\n");
            assert.equal(lines.filter((line) => line.startsWith("status 200")).length, 3, text);
            assert.equal(lines.filter((line) => line.includes("ConnectionLimitReached")).length, 2, text);
          }
        };
        await told({ limits: { outgoingRequests: 3 } }, "/fetch?n=5");
        await told({ workers: 1, limits: { serverOutgoingRequests: 3 } }, "/fetch?n=5&at_once=1");
        await told({ limits: { concurrentRequests: 3 } }, "/fetch?n=5&at_once=1");
      }),
  },
];

function upper(byte: number): number {
  return byte >= 97 && byte <= 122 ? byte - 32 : byte;
}
