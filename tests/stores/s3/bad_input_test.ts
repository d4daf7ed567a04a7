/**
 * What users get wrong, and services: keys, regions, clocks, buckets, documents. The rest is in behaviour_test.ts and
 * documents_test.ts.
 */
import { strict as assert } from "node:assert";
import { NodeHttpConnector } from "../../../src/http/node.ts";
import { S3Store } from "../../../src/stores/s3/mod.ts";
import { SERVER_CERT, SERVER_KEY, TEST_CA } from "../../http/node/pki.ts";
import { answer, failure } from "./fake/answers.ts";
import { KEYS } from "./fake/s3.ts";
import { failing, open } from "./fake/store.ts";

const EIGHT = Array.from({ length: 8 }, (_, i) => `object-${i}`);

Deno.test("what one request finds out about region and clock holds for those beside it", async () => {
  const { store: moved } = open(undefined, {}, { region: "eu-west-1" });
  await Promise.all(EIGHT.map((path) => moved.put(path, path)));
  const { store: late } = open(undefined, {}, { now: () => Date.now() + 3_600_000 });
  await Promise.all(EIGHT.map((path) => late.put(path, path)));
});

Deno.test("a token that has run out, of keys that were given, is told at once", async () => {
  const { store, service } = open(() => failure(400, "ExpiredToken"), { sessionToken: "old" });
  const error = await failing(store.put("a", "1"));
  assert.deepEqual([error.name, error.code, service.requests.length], [
    "UnauthenticatedError",
    "ExpiredToken",
    1,
  ]);
});

Deno.test("a 200 whose document is cut short is asked for again, then an error", async () => {
  const documents: Readonly<Record<string, string>> = {
    uploads: "<InitiateMultipartUploadResult><UploadId>u1</Upl",
    delete: "<DeleteResult><Error><Key>a</Key><Code>AccessD",
    tagging: "<Tagging><TagSet><Tag><Key>k</Key>",
  };
  const actions: Readonly<Record<string, (store: S3Store) => Promise<unknown>>> = {
    uploads: (store) => store.putMultipart("a"),
    delete: async (store) => {
      for await (const outcome of store.deleteAll(["a"])) if (!outcome.ok) throw outcome.error;
    },
    tagging: (store) => store.getTags("a"),
  };
  for (const [query, act] of Object.entries(actions)) {
    const { store, service } = open(({ url }) =>
      url.includes(query) ? answer(200, documents[query]!) : undefined
    );
    assert.match((await failing(act(store))).message, /cannot be read/, query);
    assert.ok(service.requests.length > 1, `${query} was not asked for again`);
  }
});

Deno.test("buckets with dots over TLS: in the path, never in a host that no certificate covers", async () => {
  const asked: string[] = [];
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: SERVER_CERT,
    key: SERVER_KEY,
    onListen: () => {},
  }, (request) => {
    asked.push(new URL(request.url).pathname);
    return new Response("content", { headers: { etag: '"e"' } });
  });
  try {
    const options = {
      bucket: "my.dotted.bucket",
      endpoint: `https://localhost:${server.addr.port}`,
      ...KEYS,
      client: { retry: false },
    } as const;
    const trusting = { ...options.client, rootCertificates: [TEST_CA] };
    using store = new S3Store({ ...options, connector: new NodeHttpConnector(), client: trusting });
    assert.equal(await (await store.get("key")).text(), "content");
    assert.deepEqual(asked, ["/my.dotted.bucket/key"]);
    using strange = new S3Store({ ...options, connector: new NodeHttpConnector() });
    assert.match((await failing(strange.get("key"))).message, /UNABLE_TO_VERIFY|certificate/i);
    assert.equal(asked.length, 1);
  } finally {
    await server.shutdown();
  }
  const aws = { bucket: "my.dotted.bucket", region: "eu-west-1", ...KEYS };
  const url = await new S3Store(aws).signedUrl("GET", "key", 60);
  assert.ok(url.startsWith("https://s3.eu-west-1.amazonaws.com/my.dotted.bucket/key?"), url);
  assert.throws(() => new S3Store({ ...aws, virtualHostedStyleRequest: true }), {
    name: "ConfigurationError",
    message: /certificates cover one label/,
  });
});
