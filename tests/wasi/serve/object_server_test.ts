/** The example `examples/object-server`: a guest that serves objects which it reads through the host. */
import assert from "node:assert/strict";
import "../generator.ts";
import { type GatewayServer, serveGateway } from "../../../src/gateway/mod.ts";
import { MemoryStore } from "../../../src/stores/memory/mod.ts";
import { S3Store } from "../../../src/stores/s3/mod.ts";
import { S3_KEYS, S3_SERVERS, startS3 } from "../../servers/s3.ts";
import { message, raw, type ServeEnv, type Serving, type Setting, withServe } from "./env.ts";
import { until } from "../until.ts";

const GUEST = "../../examples/object-server/object-server.wasm";
const SETTINGS: readonly Setting[] = [
  { isolation: "inline", listener: "deno" },
  { isolation: "worker", listener: "node" },
];
const pattern = (size: number) => Uint8Array.from({ length: size }, (_, i) => i % 251);

interface Case {
  readonly name: string;
  run(serving: Serving, store: MemoryStore, gateway: GatewayServer): Promise<unknown>;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function get({ url }: Serving, path: string, headers: HeadersInit = {}): Promise<Answer> {
  const response = await fetch(`${url}${path}`, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const cases: readonly Case[] = [
  {
    name: "GET and HEAD of an object, with its type and version",
    async run(serving, store) {
      await store.put("notes/with space & ü.txt", "hello", { attributes: { contentType: "text/x-note" } });
      const { eTag } = await store.head("notes/with space & ü.txt");
      const path = "/notes/with%20space%20&%20%C3%BC.txt";
      const { status, headers, text } = await get(serving, path);
      assert.deepEqual([status, text], [200, "hello"]);
      assert.deepEqual(
        ["content-type", "etag", "content-length", "accept-ranges"].map((name) => headers.get(name)),
        ["text/x-note", eTag, "5", "bytes"],
      );
      assert.ok(Date.parse(headers.get("last-modified")!) > 0);
      const head = await raw(serving.port, message(`HEAD ${path}`));
      assert.deepEqual([head.status, head.body.length], [200, 0]);
      assert.equal(head.headers.find(([name]) => name === "content-length")?.[1], "5");
    },
  },
  {
    name: "ranges: 206, 416, and the whole where a part is no answer",
    async run(serving, store) {
      await store.put("digits", "0123456789");
      await store.put("empty", "");
      const eTag = (await store.head("digits")).eTag!;
      const told = async (path: string, headers: Record<string, string>) => {
        const answer = await get(serving, path, headers);
        return [answer.status, answer.text, answer.headers.get("content-range")];
      };
      assert.deepEqual(await told("/digits", { range: "bytes=2-4" }), [206, "234", "bytes 2-4/10"]);
      assert.deepEqual(await told("/digits", { range: "bytes=7-" }), [206, "789", "bytes 7-9/10"]);
      assert.deepEqual(await told("/digits", { range: "bytes=-2" }), [206, "89", "bytes 8-9/10"]);
      assert.deepEqual(await told("/digits", { range: "bytes=0-99" }), [206, "0123456789", "bytes 0-9/10"]);
      const nowhere = "There is no such range\n";
      assert.deepEqual(await told("/digits", { range: "bytes=10-" }), [416, nowhere, "bytes */10"]);
      assert.deepEqual(await told("/empty", { range: "bytes=0-0" }), [416, nowhere, "bytes */0"]);
      for (const range of ["bytes=1-2,4-5", "lines=1-2", "bytes=5-2", "bytes=x-"]) {
        assert.deepEqual(await told("/digits", { range }), [200, "0123456789", null], range);
      }
      const part = { range: "bytes=0-1" };
      assert.deepEqual(await told("/digits", { ...part, "if-range": eTag }), [206, "01", "bytes 0-1/10"]);
      assert.deepEqual(await told("/digits", { ...part, "if-range": '"old"' }), [200, "0123456789", null]);
      assert.deepEqual(await told("/none", part), [404, "There is no such object\n", null]);
    },
  },
  {
    name: "conditions: 304 with the version, 412",
    async run(serving, store) {
      await store.put("a", "1");
      const { eTag, lastModified } = await store.head("a");
      const unchanged = await get(serving, "/a", { "if-none-match": `"other", ${eTag}` });
      assert.deepEqual([unchanged.status, unchanged.text, unchanged.headers.get("etag")], [304, "", eTag]);
      const later = new Date(lastModified.getTime() + 5000).toUTCString();
      assert.equal((await get(serving, "/a", { "if-modified-since": later })).status, 304);
      assert.equal((await get(serving, "/a", { "if-none-match": '"other"' })).text, "1");
      assert.equal((await get(serving, "/a", { "if-match": '"other"' })).status, 412);
      assert.equal((await get(serving, "/a", { "if-match": eTag! })).status, 200);
    },
  },
  {
    name: "listings, one level and all",
    async run(serving, store) {
      assert.deepEqual(JSON.parse((await get(serving, "/")).text), { prefixes: [], objects: [] });
      assert.deepEqual(JSON.parse((await get(serving, "/?recursive")).text), { objects: [] });
      const paths = Array.from({ length: 300 }, (_, i) => `logs/${i % 3}/${i} "quoted".txt`);
      for (const path of [...paths, "logs/top", "other"]) await store.put(path, path);
      const level = await get(serving, "/logs/");
      assert.equal(level.headers.get("content-type"), "application/json");
      const { prefixes, objects } = JSON.parse(level.text);
      assert.deepEqual(prefixes.sort(), ["logs/0/", "logs/1/", "logs/2/"]);
      const { eTag, lastModified } = await store.head("logs/top");
      assert.equal(objects.length, 1);
      assert.deepEqual([objects[0].path, objects[0].size, objects[0].eTag], ["logs/top", 8, eTag]);
      assert.equal(Math.floor(Date.parse(objects[0].lastModified) / 1000), Math.floor(+lastModified / 1000));
      const all = JSON.parse((await get(serving, "/logs/?recursive")).text).objects as { path: string }[];
      assert.deepEqual(all.map(({ path }) => path).sort(), [...paths, "logs/top"].sort());
      for (const path of ["/none/", "/none/?recursive"]) assert.equal((await get(serving, path)).status, 404);
    },
  },
  {
    name: "what it does not serve",
    async run(serving, store) {
      await store.put("a", "1");
      assert.equal((await get(serving, "/none")).status, 404);
      const { status, headers, body } = await raw(
        serving.port,
        message("PUT /a", ["host: a", "content-length: 0"]),
      );
      assert.deepEqual([status, headers.find(([name]) => name === "allow")?.[1]], [405, "GET, HEAD"]);
      assert.match(Buffer.from(body).toString(), /Only GET and HEAD/);
      for (const path of ["/a/../a", "/%2e%2e/a", "/a//b", "/%ff"]) {
        assert.equal((await raw(serving.port, message(`GET ${path}`))).status, 400, path);
      }
      assert.equal(await (await store.get("a")).text(), "1");
    },
  },
  {
    name: "a large object passes through in pieces, to many at once",
    async run(serving, store) {
      const bytes = pattern(8_000_000);
      await store.put("big", bytes);
      await Promise.all(Array.from({ length: 6 }, async () => {
        const response = await fetch(`${serving.url}/big`);
        assert.deepEqual(new Uint8Array(await response.arrayBuffer()), bytes);
      }));
      await until(() => serving.server.stats().bytesSent === 48_000_000);
    },
  },
  {
    name: "a client that leaves ends the download from the store",
    async run(serving, store) {
      await store.put("big", new Uint8Array(64_000_000));
      const response = await fetch(`${serving.url}/big`);
      const reader = response.body!.getReader();
      await reader.read();
      await reader.cancel();
      await until(() => serving.server.stats().inFlight === 0);
      const { bytesSent, traps, disconnects } = serving.server.stats();
      assert.ok(bytesSent < 64_000_000, `${bytesSent} bytes sent`);
      assert.deepEqual([traps, disconnects], [0, 1]);
    },
  },
  {
    name: "a store that is gone is 502, and the reason stays in the log",
    async run(serving, _store, gateway) {
      await gateway.shutdown();
      const { status, text } = await get(serving, "/a");
      assert.deepEqual([status, text], [502, "The store does not answer as it should\n"]);
      await until(() => /a: .*error/i.test(serving.output()), serving.output());
    },
  },
];

for (const setting of SETTINGS) {
  for (const { name, run } of cases) {
    Deno.test(`object server, ${setting.isolation}: ${name}`, () =>
      withServe(setting, async ({ serve }) => {
        const store = new MemoryStore();
        await using gateway = await serveGateway({ store });
        const serving = await serve({ net: [gateway.url], env: { STORE_URL: gateway.url } }, GUEST);
        await run(serving, store, gateway);
      }));
  }

  Deno.test(`object server, ${setting.isolation}: it reaches the store alone, and without one says so`, () =>
    withServe(setting, async ({ serve }) => {
      await using gateway = await serveGateway({ store: new MemoryStore() });
      const outside = await serve({ net: ["store.example"], env: { STORE_URL: gateway.url } }, GUEST);
      assert.equal((await get(outside, "/a")).status, 502);
      assert.ok(outside.server.stats().outgoingDenied > 0);
      const without = await serve({}, GUEST);
      assert.deepEqual((await get(without, "/a")).status, 500);
      await until(() => without.output().includes("STORE_URL is not set"), without.output());
    }));
}

for (const server of S3_SERVERS) {
  Deno.test(`object server: objects of ${server.name}`, async () => {
    const started = await startS3(server);
    if (started === undefined) return console.log(`SKIPPED: ${server.name} not installed`);
    await using running = started;
    const options = await running.bucket("served");
    using store = new S3Store(options);
    await store.put("public/a/digits", "0123456789", { attributes: { contentType: "text/x-digits" } });
    await store.put("private", "nobody's");
    const eTag = (await store.head("public/a/digits")).eTag!;
    const env: Record<string, string> = {
      STORE_URL: "s3://served/public",
      AWS_ENDPOINT: options.endpoint!,
      AWS_REGION: options.region!,
      AWS_ACCESS_KEY_ID: S3_KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: S3_KEYS.secretAccessKey,
    };
    await withServe(SETTINGS[0]!, async ({ serve }: ServeEnv) => {
      const serving = await serve({ net: [options.endpoint!], env }, GUEST);
      const whole = await get(serving, "/a/digits");
      assert.deepEqual([whole.status, whole.text, whole.headers.get("etag")], [200, "0123456789", eTag]);
      assert.equal(whole.headers.get("content-type"), "text/x-digits");
      assert.equal((await get(serving, "/a/digits", { range: "bytes=2-4" })).text, "234");
      assert.equal((await get(serving, "/a/digits", { range: "bytes=10-" })).status, 416);
      assert.equal((await get(serving, "/a/digits", { "if-none-match": eTag })).status, 304);
      assert.equal((await get(serving, "/private")).status, 404);
      assert.deepEqual(JSON.parse((await get(serving, "/")).text).prefixes, ["a/"]);
      const { objects } = JSON.parse((await get(serving, "/?recursive")).text);
      assert.deepEqual(objects.map(({ path }: { path: string }) => path), ["a/digits"]);
    });
  });
}
