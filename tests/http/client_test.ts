import assert from "node:assert/strict";
import { createClient } from "../../src/http/client.ts";
import { withDefaults } from "../../src/http/layers/defaults.ts";
import { withHttpsOnly } from "../../src/http/layers/https_only.ts";
import { allowList } from "../../src/http/policy/allow_list.ts";
import type { HttpConnector } from "../../src/http/connector.ts";
import { denyAll } from "../../src/http/policy/policy.ts";
import type { HttpLayer, HttpRequest, HttpService } from "../../src/http/service.ts";
import { HttpError } from "../../src/http/error.ts";
import { getHeaderAll, withHeader } from "../../src/http/headers.ts";
import type { ClientOptions } from "../../src/http/options.ts";
import { VERSION } from "../../src/http/version.ts";
import { ConfigurationError } from "../../src/store/error.ts";
import { get } from "./calls.ts";
import { fails, fakeBody, FakeClock, FakeConnector, FakeService, respond, settle } from "./fakes.ts";

function client(service: FakeService, options?: ClientOptions): HttpService {
  return createClient(new FakeConnector(service), options);
}

Deno.test("the version is that of deno.json", async () => {
  const config = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  assert.equal(VERSION, config.version);
});

Deno.test("the connector gets the options, the client closes the connection", () => {
  const connector = new FakeConnector(new FakeService(() => respond(200)));
  const options: ClientOptions = {
    connectTimeout: 7,
    limits: { maxConcurrency: 1 },
    trace: {},
    policy: allowList(["*"]),
    defaultHeaders: [["a", "b"]],
  };
  createClient(connector, options).close?.();
  assert.equal(connector.options, options);
  assert.equal(connector.service.closed, 1);
  const closeless: HttpConnector = { connect: () => ({ call: () => Promise.resolve(respond(200)) }) };
  createClient(closeless, options).close?.();
});

Deno.test("headers: defaults where absent, the request's own untouched, duplicates kept", async () => {
  const service = new FakeService(() => respond(200));
  const options: ClientOptions = {
    defaultHeaders: [["X-A", "default"], ["X-B", "1"], ["X-B", "2"]],
  };
  const request = get(undefined, { headers: [["x-a", "own"], ["x-a", "again"]] });
  await client(service, options).call(request);
  assert.deepEqual(service.requests[0]!.headers, [
    ["x-a", "own"],
    ["x-a", "again"],
    ["X-B", "1"],
    ["X-B", "2"],
    ["user-agent", `storeport/${VERSION}`],
  ]);
  assert.equal(request.headers.length, 2);
});

Deno.test("user-agent: the option, a default header, the request, in rising rank", async () => {
  const service = new FakeService(() => respond(200));
  await client(service, { userAgent: "mine/1" }).call(get());
  await client(service, { userAgent: "mine/1", defaultHeaders: [["User-Agent", "other/2"]] }).call(get());
  await client(service, { userAgent: "mine/1" }).call(get(undefined, { headers: [["USER-AGENT", "own/3"]] }));
  assert.deepEqual(service.requests.map(({ headers }) => getHeaderAll(headers, "user-agent")), [
    ["mine/1"],
    ["other/2"],
    ["own/3"],
  ]);
});

Deno.test("bad default headers are refused without showing their value", () => {
  for (
    const line of [["a b", "secret"], ["a", "secret\r\nx: y"], ["", "secret"], ["a", "secret\u0100"]] as const
  ) {
    assert.throws(
      () => withDefaults([line]),
      (error) => error instanceof ConfigurationError && !error.message.includes("secret"),
    );
  }
});

Deno.test("a user agent that is no header value is refused by its own name", () => {
  for (
    const [key, options] of [
      ["userAgent", { userAgent: "a\nb" }],
      ["defaultHeaders", { defaultHeaders: [["user-agent", "a\nb"]] }],
    ] as const
  ) {
    const connector = { connect: () => assert.fail("It connected") };
    assert.throws(
      () => createClient(connector, options),
      (error) => error instanceof ConfigurationError && error.key === key,
    );
  }
});

Deno.test("the stream of a request that a layer refuses is cancelled", async () => {
  const refused = new Error("No credentials");
  const cases: [ClientOptions, Partial<HttpRequest>?, HttpLayer?][] = [
    [{ policy: denyAll }],
    [{}, { url: "http://example.com/" }],
    [{ limits: { maxConcurrency: 1 } }, { signal: AbortSignal.abort() }],
    [{}, {}, () => ({ call: () => Promise.reject(refused) })],
  ];
  for (const [options, request, authorize] of cases) {
    const service = new FakeService(() => respond(200));
    const cancelled = Promise.withResolvers<unknown>();
    const stream = new ReadableStream<Uint8Array>({ cancel: cancelled.resolve });
    const call = createClient({ connect: () => service }, options, authorize)
      .call({ ...get(), method: "PUT", body: { stream }, ...request });
    const error = await call.then(() => assert.fail("It resolved"), (error) => error);
    assert.equal(await cancelled.promise, error);
    assert.equal(service.requests.length, 0);
  }
});

Deno.test("http goes to loopback only, unless allowed", async () => {
  const service = new FakeService(() => respond(200));
  const strict = client(service);
  const fine = [
    "https://example.com/",
    "HTTPS://example.com/",
    "http://localhost/",
    "http://LOCALHOST.:80/",
    "http://a.localhost:8080/x",
    "http://127.0.0.1:9000/x",
    "http://127.0.0.1:9000/y",
    "http://2130706433/",
    "http://[::1]:9000/",
    "http://[::ffff:127.0.0.1]/",
    "http://127.0.0.1?x",
  ];
  for (const url of fine) assert.equal((await strict.call(get(url))).status, 200, url);
  const refused = [
    "http://example.com/",
    "HTTP://example.com/",
    "http://127.0.0.1:9000.example.com/",
    "http://127.0.0.1.example.com/",
    "http://localhost.example.com/",
    "http://10.0.0.1/",
    "http://0.0.0.0/",
  ];
  for (const url of refused) {
    await assert.rejects(
      strict.call(get(url)),
      (error) => error instanceof HttpError && (error.kind === "denied" || error.kind === "request"),
      url,
    );
  }
  for (
    const url of ["http://127.0.0.1:9000@example.com/", "http://127.0.0.1\\.example.com/", "ftp://x/", "x"]
  ) {
    await assert.rejects(
      strict.call(get(url)),
      (error) => error instanceof HttpError && error.kind === "request",
      url,
    );
  }
  await assert.rejects(strict.call(get("http://example.com/")), {
    kind: "denied",
    key: "allowHttp",
    message: /set "allowHttp" to allow more/,
  });
  assert.equal(service.requests.length, fine.length);
  assert.equal((await client(service, { allowHttp: true }).call(get("http://example.com/"))).status, 200);
  assert.equal(
    (await client(service, { unixSocket: "/run/x" }).call(get("http://any.example/"))).status,
    200,
  );
});

Deno.test("the order: defaults, retry, limit, authorize, trace, policy, connector", async () => {
  const order: string[] = [];
  const service = new FakeService(
    () => fakeBody(503, ["busy"], [], 4).response,
    () => respond(200, "here"),
  );
  const sign = (inner: HttpService): HttpService => ({
    call: (request) => {
      order.push(`authorize, user-agent ${getHeaderAll(request.headers, "user-agent")}`);
      return inner.call({
        ...request,
        headers: withHeader(request.headers, "authorization", `${order.length}`),
      });
    },
  });
  const signed = (request: HttpRequest) => getHeaderAll(request.headers, "authorization")[0];
  const full = createClient(
    new FakeConnector(service),
    {
      userAgent: "u/1",
      retry: { clock: new FakeClock(), onRetry: ({ attempt }) => void order.push(`retry ${attempt}`) },
      limits: { maxConcurrency: 1 },
      trace: {
        start: (request) => void order.push(`start ${request.attempt ?? 0}, signed ${signed(request)}`),
        end: ({ bytesReceived }) => void order.push(`end ${bytesReceived}`),
        error: ({ error }) => void order.push(`error ${(error as HttpError).kind}`),
      },
      policy: {
        checkUrl: (url) => {
          order.push("policy");
          return url.includes("bad")
            ? { allowed: false, reason: "not-listed", message: "no" }
            : { allowed: true, rule: "*" };
        },
        checkAddress: () => ({ allowed: true, rule: "*" }),
      },
    },
    sign,
  );
  assert.equal(await (await full.call(get())).text(), "here");
  assert.deepEqual(order, [
    "authorize, user-agent u/1",
    "start 0, signed 1",
    "policy",
    "retry 1",
    "end 4",
    "authorize, user-agent u/1",
    "start 1, signed 6",
    "policy",
    "end 4",
  ]);
  order.length = 0;
  await assert.rejects(
    full.call(get("https://bad.example/")),
    (error) => (error as HttpError).kind === "denied",
  );
  assert.deepEqual(order, ["authorize, user-agent u/1", "start 0, signed 1", "policy", "error denied"]);
});

Deno.test("no permit is held during a back-off", async () => {
  let wake = () => {};
  const clock = Object.assign(new FakeClock(), {
    sleep: () => new Promise<void>((resolve) => wake = resolve),
  });
  const service = new FakeService(
    fails(new HttpError("connect", "refused")),
    () => respond(200, "second"),
    () => respond(200, "first"),
  );
  const limited = client(service, { retry: { clock }, limits: { maxConcurrency: 1 } });
  const first = limited.call(get("https://h/1"));
  await settle();
  assert.equal(await (await limited.call(get("https://h/2"))).text(), "second");
  wake();
  assert.equal(await (await first).text(), "first");
});

Deno.test("retry is on by default and off by false", async () => {
  const refused = fails(new HttpError("connect", "refused"));
  const off = new FakeService(refused);
  await assert.rejects(client(off, { retry: false }).call(get()));
  assert.equal(off.requests.length, 1);
  const on = new FakeService(refused, () => respond(200));
  assert.equal((await client(on).call(get())).status, 200);
  assert.equal(on.requests.length, 2);
});

Deno.test("layers reject, they never throw, and pass close on", async () => {
  const service = new FakeService(() => respond(200));
  for (const layer of [withHttpsOnly(), withDefaults([["a", "b"]])]) {
    const wrapped = layer(service);
    const call = wrapped.call(get("ftp://x"));
    assert.ok(call instanceof Promise);
    await call.catch(() => {});
    wrapped.close?.();
  }
  assert.equal(service.closed, 2);
  assert.equal(withDefaults([])(service), service);
});
