import assert from "node:assert/strict";
import { HttpError } from "../src/http/error.ts";
import type { RetryEvent, RetryOptions } from "../src/http/retry/options.ts";
import { knownSchemes, openStore } from "../src/open_store.ts";
import { StoreRegistry } from "../src/registry.ts";
import { MemoryStore } from "../src/stores/memory/mod.ts";

Deno.test("openStore: each scheme gives its store and the decoded path", async () => {
  const table: [url: string, store: string, path: string][] = [
    ["memory:///", "InMemory", ""],
    ["memory://", "InMemory", ""],
    ["memory:///a/b%20c", "InMemory", "a/b c"],
    ["MEMORY:///a%2520b", "InMemory", "a%20b"],
    ["file:///a/b%3Fc%23d", "LocalFileSystem(file:///)", "a/b?c#d"],
    ["file://localhost/a", "LocalFileSystem(file:///)", "a"],
    ["file:///C:/data/x", "LocalFileSystem(file:///C:/)", "data/x"],
    ["http://127.0.0.1:9/a/b/", "HttpStore", "a/b"],
    ["https://example.com", "HttpStore", ""],
    ["https://example.com/%F0%9F%99%80", "HttpStore", "🙀"],
    ["https://example.com/a%2Fb", "HttpStore", "a/b"],
  ];
  for (const [url, name, path] of table) {
    for (const given of [url, new URL(url)]) {
      const opened = await openStore(given);
      assert.equal(opened.store.name, name, url);
      assert.equal(opened.path, path, url);
    }
  }
  assert.deepEqual(knownSchemes().slice(0, 2), ["memory", "file"]);
});

Deno.test("openStore: what would be lost or mean something else is refused", async () => {
  const table: [url: string, error: string, message: RegExp][] = [
    ["nonsense", "ConfigurationError", /not a URL/],
    ["", "ConfigurationError", /not a URL/],
    ["memory:a", "ConfigurationError", /not a URL/],
    ["c:\\data", "ConfigurationError", /not a URL/],
    [
      "foo://x/y",
      "ConfigurationError",
      /Cannot open "foo:.*": no store has the scheme "foo"; known schemes are memory, file, s3, s3a, http, https/,
    ],
    ["http://[::1/x", "ConfigurationError", /host or port/],
    ["http://h:99999/x", "ConfigurationError", /host or port/],
    ["memory://host/a", "ConfigurationError", /no host/],
    ["file://server/share", "ConfigurationError", /no host/],
    ["file:///a/../b", "InvalidPathError", /"\.\."/],
    ["file:///a/%2e%2E/b", "InvalidPathError", /"\.\."/],
    ["http://h/./b", "InvalidPathError", /"\.\."/],
    ["memory:///a/..", "InvalidPathError", /"\.\."/],
    ["file:///a/..%2Fb", "InvalidPathError", /segment/],
    ["file:///a//b", "InvalidPathError", /empty segment/],
    ["memory:///a%00b", "InvalidPathError", /control character/],
    ["memory:///a%0Ab", "InvalidPathError", /control character/],
    ["memory:///a\nb", "InvalidPathError", /control character/],
    ["memory:///a\tb", "InvalidPathError", /control character/],
    ["memory:///a ", "InvalidPathError", /blank/],
    ["memory:///a%ff", "InvalidPathError", /UTF-8/],
    ["memory:///a?b=c", "InvalidPathError", /query/],
    ["memory:///a?", "InvalidPathError", /query/],
    ["http://h/a#b", "InvalidPathError", /fragment/],
    ["http://h/a\\b", "InvalidPathError", /%5C/],
  ];
  for (const [url, name, message] of table) {
    await assert.rejects(openStore(url), (error: Error) => {
      assert.equal(error.name, name, `${url}: ${error.message}`);
      assert.match(error.message, message, url);
      return true;
    });
  }
});

Deno.test("openStore: secrets of URLs are not in errors", async () => {
  for (
    const url of [
      "http://user:hunter2@[::1/x",
      "http://user:hunter2@host/../x",
      "http://user:hunter2@host/x?sig=hunter2",
      "foo://user:hunter2@host/x",
      "file://user:hunter2@host/x",
      "http://user:hunter2@host:0x/x",
    ]
  ) {
    await assert.rejects(openStore(url), (error: Error) => {
      assert.doesNotMatch(`${error.message} ${error.cause} ${error.stack}`, /hunter2/, url);
      return true;
    });
  }
});

Deno.test("openStore: a connector carries what goes over HTTP", async () => {
  const urls: string[] = [];
  const connector = {
    connect: () => ({
      call(request: { url: string }): Promise<never> {
        urls.push(request.url);
        return Promise.reject(new Error("no network here"));
      },
    }),
  };
  const { store, path } = await openStore("http://127.0.0.1:9/a%20b", { connector, maxRetries: "0" });
  await assert.rejects(store.get(path));
  assert.deepEqual(urls, ["http://127.0.0.1:9/a%20b"]);
  await openStore("memory:///a", { connector });
  await openStore("file:///a", { connector });
});

Deno.test("openStore: the bucket may be the ARN of an access point", async () => {
  const own = "arn:aws:s3:eu-west-1:123456789012:accesspoint";
  const outpost = "arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-01ab/accesspoint/ap1";
  const lambda = "arn:aws:s3-object-lambda:us-west-2:123456789012:accesspoint/ol";
  const hosts = {
    own: "my-point-123456789012.s3-accesspoint.eu-west-1.amazonaws.com",
    outpost: "ap1-123456789012.op-01ab.s3-outposts.us-west-2.amazonaws.com",
    lambda: "ol-123456789012.s3-object-lambda.us-west-2.amazonaws.com",
  };
  const table: [url: string, host: string, path: string][] = [
    [`s3://${own}/my-point/a/b%20c`, hosts.own, "a/b c"],
    [`s3a://${own}/my-point/accesspoint/x`, hosts.own, "accesspoint/x"],
    [`S3://${own}:my-point/a:b`, hosts.own, "a:b"],
    [`s3://${own}/my-point`, hosts.own, ""],
    [`s3://${own}/my-point/`, hosts.own, ""],
    [`s3://${encodeURIComponent(`${own}/my-point`)}/a`, hosts.own, "a"],
    [`s3://${outpost}/a/b`, hosts.outpost, "a/b"],
    [`s3://${outpost.replaceAll("/", ":")}/a/b`, hosts.outpost, "a/b"],
    [`s3://${lambda}/a`, hosts.lambda, "a"],
  ];
  for (const [url, host, expected] of table) {
    const urls: string[] = [];
    const connector = {
      connect: () => ({
        call(request: { url: string }): Promise<never> {
          urls.push(request.url);
          return Promise.reject(new Error("no network here"));
        },
      }),
    };
    const { store, path } = await openStore(url, { connector, accessKeyId: "a", secretAccessKey: "b" });
    assert.equal(path, expected, url);
    await assert.rejects(store.get("k"));
    assert.deepEqual(urls, [`https://${host}/k`], url);
  }
  const wrong: [url: string, name: string, message: RegExp][] = [
    ["s3://arn:aws:s3:::data/x", "ConfigurationError", /not the ARN: "s3:\/\/data\/"/],
    ["s3://arn:aws:iam::123456789012:role/x", "ConfigurationError", /no ARN of an access point, as in "s3:/],
    [`s3://${own}`, "ConfigurationError", /no ARN of an access point/],
    [`s3://${own}/My_Point/x`, "ConfigurationError", /Cannot use the ARN/],
    ["s3://arn:aws:s3::123456789012:accesspoint/a.mrap/x", "NotSupportedError", /SigV4a/],
  ];
  for (const [url, name, message] of wrong) {
    await assert.rejects(openStore(url, { skipSignature: true }), { name, message }, url);
  }
});

Deno.test("registry: access points are told apart by their ARNs", async () => {
  const registry = new StoreRegistry({ open: false });
  const [one, other] = [new MemoryStore(), new MemoryStore()];
  const arn = "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint";
  registry.register(`${arn}/one`, one);
  registry.register(`${arn}/other/below`, other);
  assert.deepEqual(await registry.resolve(`${arn}/one/a/b`), { store: one, path: "a/b" });
  assert.deepEqual(await registry.resolve(`${arn}/other/below/c`), { store: other, path: "c" });
  await assert.rejects(registry.resolve(`${arn}/other/c`), { name: "ConfigurationError" });
});

Deno.test("openStore: whoever wants to know is told of retries", async () => {
  let calls = 0;
  const connector = {
    connect: () => ({
      call(): Promise<never> {
        calls++;
        return Promise.reject(new HttpError("connect", "no network here"));
      },
    }),
  };
  const keys = { accessKeyId: "a", secretAccessKey: "b", region: "us-east-1" };
  const variables = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
  for (
    const [url, options] of [
      ["http://127.0.0.1:9/a", { maxRetries: "1" }],
      ["s3://bucket/a", { maxRetries: 1, ...keys }],
      ["s3://bucket/a", { env: variables, maxRetries: 1, region: "us-east-1" }],
    ] as const
  ) {
    const events: RetryEvent[] = [];
    calls = 0;
    const retry: RetryOptions = {
      initBackoff: 1,
      maxRetries: 8,
      onRetry: (event) => void events.push(event),
    };
    const { store, path } = await openStore(url, { connector, retry, ...options });
    await assert.rejects(store.get(path), /maxRetries 1 reached/);
    assert.deepEqual([calls, events.map(({ attempt }) => attempt)], [2, [1]], url);
    assert.ok(events[0]!.error instanceof HttpError);
  }
  calls = 0;
  const { store, path } = await openStore("http://127.0.0.1:9/a", { connector, retry: false, maxRetries: 3 });
  await assert.rejects(store.get(path), /no network here/);
  assert.equal(calls, 1);
  await openStore("memory:///a", { retry: { maxRetries: 1 } });
  await openStore("file:///a", { retry: false });
  for (const url of ["memory:///a", "file:///a", "http://127.0.0.1/a"]) {
    await assert.rejects(openStore(url, { retry: "3" }), { name: "ConfigurationError", key: "retry" });
  }
  await assert.rejects(openStore("http://127.0.0.1/a", { retry: 3 }), { key: "retry" });
});

Deno.test("openStore: options are read strictly", async () => {
  await openStore("file:///a", { fsync: "true", automatic_cleanup: true, createRoot: undefined });
  await openStore("http://127.0.0.1/a", { timeout: "3s", token: "t" });
  const wrong: [url: string, options: Record<string, unknown>, key: string][] = [
    ["memory:///a", { fsync: true }, "fsync"],
    ["file:///a", { fsnyc: true }, "fsnyc"],
    ["file:///a", { fsync: "perhaps" }, "fsync"],
    ["file:///a", { timeout: "3s" }, "timeout"],
    ["http://127.0.0.1/a", { fsync: true }, "fsync"],
    ["http://127.0.0.1/a", { timeout: "soon" }, "timeout"],
  ];
  for (const [url, options, key] of wrong) {
    await assert.rejects(openStore(url, options), { name: "ConfigurationError", key });
  }
});

Deno.test("registry: the longest prefix by segments wins, and the rest is decoded", async () => {
  const registry = new StoreRegistry();
  const [server, data, deep, other] = [0, 1, 2, 3].map(() => new MemoryStore());
  registry.register("app://host", server!);
  registry.register("app://host/data", data!);
  registry.register("app://host/data/deep%20er/", deep!);
  registry.register("app://me@host:81/", other!);
  const table: [url: string, store: MemoryStore, path: string][] = [
    ["app://host/", server!, ""],
    ["app://host/x/y", server!, "x/y"],
    ["app://host/database/x", server!, "database/x"],
    ["app://host/data", data!, ""],
    ["app://host/data/a%20b", data!, "a b"],
    ["app://host/data/deep%20er", deep!, ""],
    ["app://host/data/deep%20er/%E2%82%AC", deep!, "€"],
    ["app://me@host:81/data/x", other!, "data/x"],
  ];
  for (const [url, store, path] of table) {
    const resolved = await registry.resolve(url);
    assert.equal(resolved.store, store, url);
    assert.equal(resolved.path, path, url);
  }
  await assert.rejects(registry.resolve("app://host:82/x"), { name: "ConfigurationError" });
});

Deno.test("registry: replacing and forgetting", async () => {
  const registry = new StoreRegistry({ open: false });
  const [a, b, c] = [new MemoryStore(), new MemoryStore(), new MemoryStore()];
  assert.equal(registry.register("app://host/a", a), undefined);
  assert.equal(registry.register("app://host/a/", b), a);
  registry.register("app://host/a/nested", c);
  assert.equal(registry.deregister("app://host"), undefined);
  assert.equal(registry.deregister("app://host/a"), b);
  assert.equal(registry.deregister("app://host/a"), undefined);
  assert.equal((await registry.resolve("app://host/a/nested/x")).store, c);
  await assert.rejects(registry.resolve("app://user:hunter2@host/a/x"), (error: Error) => {
    assert.match(error.message, /no store is registered/);
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  });
  assert.throws(() => registry.register("app://host/a/../b", a), { name: "InvalidPathError" });
  assert.throws(() => registry.register("host", a), { name: "ConfigurationError" });
});

Deno.test("registry: what is not registered is opened once and kept", async () => {
  const registry = new StoreRegistry();
  const [first, second] = await Promise.all([
    registry.resolve("memory:///a"),
    registry.resolve("memory:///b/c"),
  ]);
  assert.equal(first.store, second.store);
  assert.equal(second.path, "b/c");
  const one = await registry.resolve("http://127.0.0.1:9/a", { timeout: "1s" });
  assert.equal((await registry.resolve("http://127.0.0.1:9/b")).store, one.store);
  assert.notEqual((await registry.resolve("http://127.0.0.1:10/b")).store, one.store);
});

Deno.test("registry: an opener decides how deep its stores are rooted", async () => {
  let opened = 0;
  const registry = new StoreRegistry({
    open: (url) => {
      opened++;
      const [, , ...rest] = decodeURIComponent(url.pathname).split("/");
      return Promise.resolve({ store: new MemoryStore(), path: rest.join("/") as never });
    },
  });
  const a = await registry.resolve("cloud://host/bucket%201/x/y");
  const b = await registry.resolve("cloud://host/bucket%201/z");
  const c = await registry.resolve("cloud://host/bucket/z");
  assert.equal(a.store, b.store);
  assert.notEqual(a.store, c.store);
  assert.deepEqual([a.path, b.path, c.path, opened], ["x/y", "z", "z", 2]);
});
