/** The layers over real connections. */
import assert from "node:assert/strict";
import { allowList } from "../../../src/http/policy/allow_list.ts";
import { createClient } from "../../../src/http/client.ts";
import type { HttpConnector } from "../../../src/http/connector.ts";
import { HttpError } from "../../../src/http/error.ts";
import { FetchConnector } from "../../../src/http/fetch.ts";
import { NodeHttpConnector } from "../../../src/http/node.ts";
import type { ClientOptions } from "../../../src/http/options.ts";
import { RetryError, retryHistory } from "../../../src/http/retry/error.ts";
import { get } from "../calls.ts";
import { FakeClock } from "../fakes.ts";

const CONNECTORS: Array<[string, () => HttpConnector]> = [
  ["FetchConnector", () => new FetchConnector()],
  ["NodeHttpConnector", () => new NodeHttpConnector()],
];

/** Runs a case over each connector against a server of its own; leaks are looked for. */
function overLoopback(
  name: string,
  serve: (request: Request) => Response | Promise<Response>,
  run: (connector: HttpConnector, origin: string) => Promise<void>,
): void {
  for (const [label, make] of CONNECTORS) {
    Deno.test({
      name: `${label}: ${name}`,
      sanitizeOps: true,
      sanitizeResources: true,
      async fn() {
        const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, serve);
        try {
          await run(make(), `http://127.0.0.1:${server.addr.port}`);
        } finally {
          await server.shutdown();
        }
      },
    });
  }
}

let busy = 0;
overLoopback("busy answers are retried, their bodies freed", () => {
  busy = (busy + 1) % 4;
  return busy === 0 ? new Response("here") : new Response("x".repeat(busy * 50_000), { status: 503 });
}, async (connector, origin) => {
  const client = createClient(connector, {
    retry: { clock: new FakeClock() },
    limits: { maxConcurrency: 1 },
  });
  const response = await client.call(get(`${origin}/`));
  assert.equal(await response.text(), "here");
  assert.equal(retryHistory(response)?.attempts, 4);
  client.close?.();
});

overLoopback(
  "a refused connection is retried, then told with its history",
  () => new Response(),
  async (connector) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    listener.close();
    const client = createClient(connector, { retry: { clock: new FakeClock(), maxRetries: 2 } });
    await assert.rejects(client.call(get(`http://127.0.0.1:${port}/`, { method: "POST" })), (error) => {
      assert.ok(error instanceof RetryError);
      assert.equal(error.kind, "connect");
      assert.equal(error.history.attempts, 3);
      return true;
    });
    client.close?.();
  },
);

overLoopback("bytes are counted and permits come back", (request) => {
  return request.method === "HEAD" ? new Response(null) : new Response("x".repeat(300_000));
}, async (connector, origin) => {
  const received: Array<[number, boolean]> = [];
  const options: ClientOptions = {
    limits: { maxConcurrency: 2 },
    trace: { end: ({ bytesReceived, complete }) => void received.push([bytesReceived, complete]) },
  };
  const client = createClient(connector, options);
  const all = Array.from({ length: 20 }, async (_, i) => {
    const response = await client.call(get(`${origin}/${i}`, i % 5 === 4 ? { method: "HEAD" } : {}));
    if (i % 5 === 0) await response.bytes();
    if (i % 5 === 1) assert.equal((await response.text()).length, 300_000);
    if (i % 5 === 2) await response.cancel();
    if (i % 5 === 3) { for await (const _ of response.body); }
  });
  await Promise.all(all);
  assert.equal(received.length, 20);
  assert.equal(received.filter(([bytes, complete]) => bytes === 300_000 && complete).length, 12);
  assert.equal(received.filter(([, complete]) => !complete).length, 4);
  client.close?.();
});

let hits = 0;
overLoopback("each hop of a redirect passes the policy again", () => {
  hits++;
  return new Response(null, { status: 302, headers: { location: "http://localhost:1/admin" } });
}, async (connector, origin) => {
  hits = 0;
  const client = createClient(connector, { policy: allowList([origin]) });
  const response = await client.call(get(`${origin}/`));
  assert.equal(response.status, 302);
  await response.cancel();
  const location = response.headers.find(([name]) => name.toLowerCase() === "location")![1];
  await assert.rejects(client.call(get(location)), (error) => (error as HttpError).kind === "denied");
  assert.equal(hits, 1);
  client.close?.();
});

Deno.test({
  name: "NodeHttpConnector: a name that resolves where it must not is refused before a connection is made",
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    let connections = 0;
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
      connections++;
      return new Response("secret");
    });
    const { port } = server.addr;
    // As with DNS rebinding: the URL passes, what it resolves to does not.
    const listed = allowList([`http://localhost:${port}`]);
    const policy = { ...listed, checkUrl: listed.checkUrl.bind(listed), checkAddress: denyLoopback };
    const client = createClient(new NodeHttpConnector(), { policy });
    await assert.rejects(client.call(get(`http://localhost:${port}/`)), (error) => {
      assert.ok(error instanceof HttpError);
      assert.equal(error.kind, "denied");
      assert.equal(error.detail?.tag, "destination-IP-prohibited");
      return true;
    });
    assert.equal(connections, 0);
    const trusting = createClient(new NodeHttpConnector(), { policy: listed });
    assert.equal(await (await trusting.call(get(`http://localhost:${port}/`))).text(), "secret");
    client.close?.();
    trusting.close?.();
    await server.shutdown();
  },
});

function denyLoopback(url: string, address: string) {
  return {
    allowed: false,
    reason: "prohibited-address",
    message: `"${url}" resolves to ${address}`,
  } as const;
}
