/** JavaScript guests: on the engine's `fetch` event, on the raw bindings, and the Hono app of `examples/hono`. */
import assert from "node:assert/strict";
import { startOrigin } from "../../guests/origin.ts";
import { message, raw, type ServeCase, type ServeEnv, type Serving } from "./env.ts";
import { until } from "../until.ts";

/** A case of one guest. */
export interface JavaScriptCase extends Omit<ServeCase, "covers" | "run"> {
  /** Of which. */
  readonly guest: "js-serve" | "js-handler" | "js-hono";
  /** Runs it; throws when something is wrong. */
  run(env: JavaScriptEnv): Promise<unknown>;
}

/** What a case gets. */
export interface JavaScriptEnv {
  /** Serves the guest. Stopped after the case. */
  serve(options?: Parameters<ServeEnv["serve"]>[0]): Promise<Serving>;
}

const pattern = (size: number) => Uint8Array.from({ length: size }, (_, i) => i % 251);

async function text(serving: Serving, path: string, init?: RequestInit): Promise<[number, string]> {
  const response = await fetch(`${serving.url}${path}`, init);
  return [response.status, await response.text()];
}

/** The pieces in which a body comes. */
async function pieces(serving: Serving, path: string): Promise<string[]> {
  const response = await fetch(`${serving.url}${path}`);
  assert.match(response.headers.get("content-type")!, /^text\/event-stream/);
  const list: string[] = [];
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) list.push(piece);
  return list;
}

async function withOrigin(body: (url: string) => Promise<unknown>): Promise<void> {
  const origin = await startOrigin();
  try {
    await body(`http://${origin.address}`);
  } finally {
    await origin.close();
  }
}

const engine: readonly JavaScriptCase[] = [
  {
    guest: "js-serve",
    name: "a hundred requests in a row, each with a fresh instance",
    async run({ serve }) {
      const serving = await serve();
      for (let i = 0; i < 100; i++) assert.deepEqual(await text(serving, "/"), [200, "Hello, WASI!"]);
      const { instances, traps, failures } = serving.server.stats();
      assert.ok(instances.created >= 100, `${instances.created} instances`);
      assert.deepEqual([traps, failures], [0, 0]);
    },
  },
  {
    guest: "js-serve",
    name: "sixty requests at once",
    async run({ serve }) {
      const serving = await serve({ maxInstances: 16 });
      const bodies = Array.from({ length: 60 }, (_, i) => `body ${i} `.repeat(2000));
      const answers = await Promise.all(
        bodies.map((body) => text(serving, "/echo", { method: "POST", body })),
      );
      assert.deepEqual(answers, bodies.map((body) => [200, body]));
      assert.equal(serving.server.stats().inFlight, 0);
    },
  },
  {
    guest: "js-serve",
    name: "requests arrive as they were sent",
    async run({ serve }) {
      const serving = await serve();
      const [status, answer] = await text(serving, "/request?a=%2F&b=1", {
        method: "PATCH",
        headers: { "x-own": "7" },
        body: "Grüße",
      });
      const { method, url, headers, body } = JSON.parse(answer);
      assert.equal(status, 200);
      assert.deepEqual([method, url, body], ["PATCH", `${serving.url}/request?a=%2F&b=1`, "Grüße"]);
      assert.equal(headers["x-own"], "7");
      const head = await raw(serving.port, message("HEAD /"));
      assert.deepEqual([head.status, head.body.length], [200, 0]);
      assert.deepEqual(await text(serving, "/none"), [404, "Not found"]);
    },
  },
  {
    guest: "js-serve",
    name: "bodies come back whole, in every size",
    async run({ serve }) {
      const serving = await serve();
      for (const size of [0, 1, 65_536, 1_000_000]) {
        const body = pattern(size);
        const response = await fetch(`${serving.url}/echo`, { method: "POST", body });
        assert.deepEqual(new Uint8Array(await response.arrayBuffer()), body);
      }
    },
  },
  {
    guest: "js-serve",
    name: "events leave when they are made",
    async run({ serve }) {
      const list = await pieces(await serve(), "/sse");
      assert.ok(list.length > 1, JSON.stringify(list));
      assert.equal(list.join(""), "data: 0\n\ndata: 1\n\ndata: 2\n\n");
    },
  },
  {
    guest: "js-serve",
    name: "the engine's fetch goes where the policy lets it",
    run: ({ serve }) =>
      withOrigin(async (origin) => {
        const serving = await serve();
        const response = await fetch(`${serving.url}/proxy`, { headers: { url: `${origin}/bytes/300000` } });
        assert.deepEqual(new Uint8Array(await response.arrayBuffer()), pattern(300_000));
        const refused = await fetch(`${serving.url}/proxy`, { headers: { url: "http://192.0.2.1/" } });
        await refused.body?.cancel();
        assert.equal(refused.status, 500);
        assert.equal(serving.server.stats().outgoingDenied, 1);
        assert.deepEqual(await text(serving, "/"), [200, "Hello, WASI!"]);
      }),
  },
  {
    guest: "js-serve",
    name: "what a handler throws stays in the log",
    async run({ serve }) {
      const serving = await serve();
      const { status, body } = await raw(serving.port, message("GET /throw"));
      assert.equal(status, 500);
      assert.ok(!Buffer.from(body).toString().includes("hunter2"));
      await until(() => serving.output().includes("hunter2"), serving.output());
      assert.deepEqual(await text(serving, "/"), [200, "Hello, WASI!"]);
    },
  },
  {
    guest: "js-serve",
    name: "a client that leaves in the middle of an answer harms nobody",
    async run({ serve }) {
      const serving = await serve();
      for (let i = 0; i < 5; i++) {
        const response = await fetch(`${serving.url}/endless`);
        const reader = response.body!.getReader();
        await reader.read();
        await reader.cancel();
      }
      await until(() => serving.server.stats().inFlight === 0, `${serving.output()}`);
      assert.equal(serving.server.stats().disconnects, 5);
      assert.deepEqual(await text(serving, "/"), [200, "Hello, WASI!"]);
    },
  },
  {
    guest: "js-serve",
    name: "a handler that loops costs its request alone",
    only: { isolation: "worker" },
    async run({ serve }) {
      const serving = await serve({ requestTimeout: 1500, workers: 2 });
      assert.deepEqual(await text(serving, "/"), [200, "Hello, WASI!"]);
      const loop = text(serving, "/loop");
      const others = await Promise.all(Array.from({ length: 20 }, () => text(serving, "/")));
      assert.ok(others.every(([status]) => status === 200), JSON.stringify(others));
      assert.equal((await loop)[0], 504);
    },
  },
];

const bindings: readonly JavaScriptCase[] = [
  {
    guest: "js-handler",
    name: "bodies of every size",
    async run({ serve }) {
      const serving = await serve();
      assert.deepEqual(await text(serving, "/"), [200, "Hello, WASI!"]);
      for (const size of [1, 4096, 65_537, 1_000_000]) {
        assert.deepEqual(await text(serving, `/${size}`), [200, "x".repeat(size)]);
      }
    },
  },
  {
    guest: "js-handler",
    name: "an instance can be used again",
    async run({ serve }) {
      const serving = await serve({ maxInstanceReuseCount: 50, workers: 1 });
      for (let i = 0; i < 100; i++) assert.deepEqual(await text(serving, "/"), [200, "Hello, WASI!"]);
      const { created } = serving.server.stats().instances;
      assert.ok(created <= 4, `${created} instances`);
    },
  },
];

const hono: readonly JavaScriptCase[] = [
  {
    guest: "js-hono",
    name: "routes",
    async run({ serve }) {
      const serving = await serve();
      assert.deepEqual(await text(serving, "/"), [200, "Hello from Hono in WebAssembly!"]);
      assert.deepEqual(await text(serving, "/hello/you%20there"), [200, '{"hello":"you there"}']);
      assert.match((await text(serving, "/page"))[1], /<h1>Rendered in a guest<\/h1>/);
      assert.deepEqual(await text(serving, "/none"), [404, "Not found"]);
      assert.deepEqual(await text(serving, "/hello/you", { method: "DELETE" }), [404, "Not found"]);
      const body = JSON.stringify({ list: Array.from({ length: 20_000 }, (_, i) => i) });
      assert.deepEqual(await text(serving, "/echo", { method: "POST", body }), [200, body]);
      assert.match(serving.output(), /--> GET \/page/);
    },
  },
  {
    guest: "js-hono",
    name: "forty requests at once",
    async run({ serve }) {
      const serving = await serve();
      const names = Array.from({ length: 40 }, (_, i) => `n${i}`);
      const answers = await Promise.all(names.map((name) => text(serving, `/hello/${name}`)));
      assert.deepEqual(answers, names.map((hello) => [200, JSON.stringify({ hello })]));
    },
  },
  {
    guest: "js-hono",
    name: "events leave when they are made",
    async run({ serve }) {
      const list = await pieces(await serve(), "/events");
      assert.ok(list.length > 1, JSON.stringify(list));
      assert.equal(
        list.join(""),
        [0, 1, 2].map((i) => `event: tick\ndata: event ${i}\nid: ${i}\n\n`).join(""),
      );
    },
  },
  {
    guest: "js-hono",
    name: "upstream only what the policy names, and errors stay in the log",
    run: ({ serve }) =>
      withOrigin(async (origin) => {
        const serving = await serve();
        const url = encodeURIComponent(`${origin}/bytes/200000`);
        const response = await fetch(`${serving.url}/upstream?url=${url}`);
        assert.deepEqual(new Uint8Array(await response.arrayBuffer()), pattern(200_000));
        assert.deepEqual(await text(serving, "/upstream?url=http://192.0.2.1/"), [502, "Out of reach"]);
        assert.equal(serving.server.stats().outgoingDenied, 1);
        assert.deepEqual(await text(serving, "/error"), [500, "Something went wrong"]);
        await until(() => serving.output().includes("Nobody but the log"), serving.output());
      }),
  },
];

/** All of them. */
export const javascriptCases: readonly JavaScriptCase[] = [...engine, ...bindings, ...hono];
