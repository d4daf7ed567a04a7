// What FetchConnector makes of platforms that differ: options, abilities, error shapes, TLS, sockets, permissions.
import { strict as assert } from "node:assert";
import { type AddressInfo, createServer } from "node:net";
import { defaultConnector } from "../../src/http/default_connector.ts";
import { HttpError } from "../../src/http/error.ts";
import { fetchError } from "../../src/http/fetch/errors.ts";
import { looksEncoded } from "../../src/http/fetch/coding.ts";
import { type FetchAbilities, FetchConnector } from "../../src/http/fetch.ts";
import type { HttpService } from "../../src/http/service.ts";
import type { ClientOptions } from "../../src/http/options.ts";
import { allowAll } from "../../src/http/policy/policy.ts";
import { NotSupportedError } from "../../src/store/error.ts";
import { startOrigin } from "../../src/testing/origin_node.ts";
import { failure, get } from "./calls.ts";
import { CLIENT_CERT, CLIENT_KEY, SERVER_CERT, SERVER_KEY, TEST_CA } from "./node/pki.ts";

/** A service over a fetch of our own, which notes what it was called with. */
function recorded(
  answer: () => Response | Promise<Response>,
  abilities?: FetchAbilities,
): { service: HttpService; calls: { url: string; init: RequestInit & { duplex?: string } }[] } {
  const calls: { url: string; init: RequestInit }[] = [];
  const fetch = (url: URL | RequestInfo, init?: RequestInit): Promise<Response> => {
    calls.push({ url: String(url), init: init ?? {} });
    return Promise.resolve(answer());
  };
  return { service: new FetchConnector({ fetch, abilities }).connect(), calls };
}

Deno.test("without fetch connecting is refused by name", () => {
  const before = globalThis.fetch;
  try {
    // @ts-expect-error: an environment without fetch
    delete globalThis.fetch;
    assert.throws(() => new FetchConnector().connect(), (error: Error) => {
      assert(error instanceof NotSupportedError);
      assert.match(error.message, /fetch.*HttpConnector/s);
      return true;
    });
  } finally {
    globalThis.fetch = before;
  }
});

const NODE_ONLY: readonly ClientOptions[] = [
  { allowInvalidCertificates: true },
  { disableSystemCertificates: true },
  { proxyCaCertificate: "pem" },
  { proxyExcludes: "localhost" },
  { randomizeAddresses: true },
  { unixSocket: "/nowhere" },
  { http1Only: true, http2Only: true },
];
const CLIENT_ONLY: readonly ClientOptions[] = [
  { rootCertificates: [TEST_CA] },
  { clientCertificate: { cert: CLIENT_CERT, key: CLIENT_KEY } },
  { http1Only: true },
  { http2Only: true },
  { poolIdleTimeout: 1 },
  { poolMaxIdlePerHost: 1 },
  { proxyUrl: "http://127.0.0.1:1" },
];

Deno.test("options that fetch cannot honour are refused by name", () => {
  for (const options of NODE_ONLY) {
    const key = Object.keys(options).at(-1)!;
    assert.throws(() => new FetchConnector().connect(options), (error: Error) => {
      assert(error instanceof NotSupportedError && error.message.includes(key), error.message);
      return true;
    });
  }
  for (const options of [...NODE_ONLY, ...CLIENT_ONLY]) {
    const custom = new FetchConnector({ fetch: () => Promise.resolve(new Response()) });
    assert.throws(() => custom.connect(options), NotSupportedError);
  }
});

Deno.test("options that ask for nothing special are accepted by any fetch", () => {
  const custom = new FetchConnector({ fetch: () => Promise.resolve(new Response()) });
  for (
    const options of [
      {},
      { allowInvalidCertificates: false, disableSystemCertificates: false, rootCertificates: [] },
      {
        http1Only: false,
        http2Only: false,
        connectTimeout: 1,
        policy: allowAll,
        userAgent: "x",
        allowHttp: true,
      },
    ] satisfies ClientOptions[]
  ) custom.connect(options).close?.();
});

Deno.test("root certificates are trusted, others are not", async () => {
  const origin = await startOrigin({ tls: { key: SERVER_KEY, cert: SERVER_CERT } });
  const trusting = new FetchConnector().connect({ rootCertificates: [TEST_CA] });
  const plain = new FetchConnector().connect();
  try {
    assert.equal((await (await trusting.call(get(`${origin.url}/bytes?size=10`))).bytes()).byteLength, 10);
    const error = await failure(plain.call(get(`${origin.url}/bytes?size=10`)));
    assert.deepEqual([error.kind, error.detail?.tag], ["connect", "TLS-certificate-error"]);
  } finally {
    trusting.close?.();
    plain.close?.();
    await origin.close();
  }
});

Deno.test("https to a server without TLS is of kind connect", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const service = new FetchConnector().connect();
  const { port } = server.address() as AddressInfo;
  const error = await failure(service.call(get(`https://127.0.0.1:${port}/`)));
  service.close?.();
  await new Promise((resolve) => server.close(resolve));
  assert.deepEqual([error.kind, error.detail?.tag], ["connect", "TLS-protocol-error"]);
});

Deno.test("a proxy is asked, with its credentials, and they are not shown", async () => {
  const proxy = await startOrigin();
  const service = new FetchConnector().connect({ proxyUrl: proxy.url.replace("://", "://user:hunter2@") });
  try {
    const seen = JSON.parse(await (await service.call(get("http://store.example/echo/x?y=1"))).text());
    assert.equal(seen.target, "http://store.example/echo/x?y=1");
    const credentials = seen.headers.find(([name]: [string]) => name.toLowerCase() === "proxy-authorization");
    assert.equal(credentials[1], `Basic ${btoa("user:hunter2")}`);
  } finally {
    await proxy.close();
  }
  const error = await failure(service.call(get("http://store.example/echo/x?y=1")));
  service.close?.();
  assert.equal(error.kind, "connect");
  for (let link: unknown = error; link instanceof Error; link = link.cause) {
    assert(!`${link.message}${link.stack}`.includes("hunter2"));
  }
});

Deno.test("a closed service with a client of its own refuses", async () => {
  const service = new FetchConnector().connect({ poolIdleTimeout: 1000 });
  service.close?.();
  assert.equal((await failure(service.call(get("http://127.0.0.1:9/")))).kind, "request");
});

Deno.test({
  name: "permissions of the platform are of kind denied",
  permissions: { net: false },
  async fn() {
    const service = new FetchConnector().connect();
    const error = await failure(service.call(get("http://127.0.0.1:8080/")));
    assert.deepEqual([error.kind, error.detail?.tag], ["denied", "HTTP-request-denied"]);
  },
});

Deno.test("blocked ports are named", async () => {
  const error = await failure(new FetchConnector().connect().call(get("http://127.0.0.1:6000/")));
  assert.deepEqual([error.kind, error.detail?.tag], ["denied", "HTTP-request-denied"]);
  // A browser says nothing but this.
  const mute = recorded(() => Promise.reject(new TypeError("Failed to fetch")));
  assert.equal((await failure(mute.service.call(get("http://127.0.0.1:6000/")))).kind, "denied");
  assert.equal((await failure(mute.service.call(get("http://127.0.0.1:6001/")))).kind, "unknown");
});

Deno.test("a page's platform: credentials, cache and referrer off, its own headers refused by name", async () => {
  const { service, calls } = recorded(() => new Response("ok"), { guarded: true, requestStreams: false });
  await (await service.call(get("http://localhost/", { headers: [["accept-encoding", "identity"]] }))).text();
  const { init } = calls[0]!;
  assert.deepEqual([init.credentials, init.cache, init.referrerPolicy], ["omit", "no-store", "no-referrer"]);
  assert.deepEqual(init.headers, {});
  for (
    const name of ["cookie", "Date", "Accept-Encoding", "Sec-Fetch-Mode", "proxy-authorization", "via", "TE"]
  ) {
    const error = await failure(service.call(get("http://localhost/", { headers: [[name, "gzip"]] })));
    assert(error.kind === "request" && error.message.includes(`"${name}"`), error.message);
  }
  // No streams there: small ones are sent from memory.
  const stream = new Blob(["one", "two"]).stream();
  await (await service.call(get("http://localhost/", { method: "PUT", body: { stream } }))).text();
  assert.equal(new TextDecoder().decode(calls[1]!.init.body as Uint8Array), "onetwo");
});

Deno.test("other platforms are not given what some throw on", async () => {
  const { service, calls } = recorded(() => new Response("ok"));
  await (await service.call(get("http://localhost/"))).text();
  assert.deepEqual(Object.keys(calls[0]!.init).sort(), ["headers", "method", "redirect", "signal"]);
  assert.equal(calls[0]!.init.redirect, "manual");
});

Deno.test("a stream with a length goes out as a stream where the length is sent", async () => {
  const { service, calls } = recorded(() => new Response("ok"), { streamLength: true });
  const stream = new Blob(["hello"]).stream();
  await (await service.call(get("http://localhost/", { method: "PUT", body: { stream, length: 5 } }))).text();
  const { init } = calls[0]!;
  assert.deepEqual([init.headers, init.duplex], [
    { "accept-encoding": "identity", "content-length": "5" },
    "half",
  ]);
  assert(init.body instanceof ReadableStream);
  await init.body.cancel();
});

Deno.test("a fetch that keeps a second stream for repeats, as that of Node does, gets nothing to keep", async () => {
  const size = 2 ** 20, pieces = 8;
  let kept: ReadableStream<Uint8Array> | undefined;
  const fetch = async (_: URL | RequestInfo, init?: RequestInit): Promise<Response> => {
    const [first, second] = (init!.body as ReadableStream<Uint8Array>).tee();
    kept = first;
    let received = 0;
    for await (const piece of second) received += piece.byteLength;
    return new Response(`${received}`);
  };
  let left = pieces;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => left-- > 0 ? controller.enqueue(new Uint8Array(size)) : controller.close(),
  });
  const service = new FetchConnector({ fetch, abilities: { requestStreams: true } }).connect();
  const response = await service.call({
    method: "PUT",
    url: "http://a.test/",
    headers: [],
    body: { stream },
  });
  assert.equal(await response.text(), `${pieces * size}`);
  const read = kept!.getReader().read().then(() => "kept");
  assert.equal(
    await Promise.race([read, new Promise((resolve) => setTimeout(resolve, 10, "nothing"))]),
    "nothing",
  );
});

Deno.test("hidden redirects and hidden responses are errors by name", async () => {
  for (const type of ["opaqueredirect", "opaque", "error"] as const) {
    const hidden = Object.defineProperties(Response.error(), { type: { value: type } });
    const error = await failure(recorded(() => hidden).service.call(get("http://localhost/x")));
    assert.equal(error.kind, "decode");
    assert.match(error.message, type === "opaqueredirect" ? /redirect/ : /hides/);
  }
});

Deno.test("across origins the length is not trusted: a hidden coding may be undone", async () => {
  const answer = () =>
    Object.defineProperties(new Response("longer than it says", { headers: { "content-length": "5" } }), {
      type: { value: "cors" },
    });
  const response = await recorded(answer).service.call(get("http://localhost/"));
  assert.deepEqual([response.contentLength, await response.text()], [undefined, "longer than it says"]);
});

Deno.test("whether a coding was undone is told by the platform's word, or the bytes", async () => {
  const answer = (status = 200) => () =>
    new Response("plain text", { status, headers: { "content-encoding": "gzip", "content-length": "40" } });
  const seen = await recorded(answer()).service.call(get("http://localhost/"));
  assert.deepEqual([seen.decoded, seen.contentLength, await seen.text()], [true, undefined, "plain text"]);
  const told = await recorded(answer(), { decodes: true }).service.call(get("http://localhost/"));
  assert.deepEqual([told.decoded, await told.text()], [true, "plain text"]);
  const raw = await recorded(answer(), { decodes: false }).service.call(get("http://localhost/"));
  assert.deepEqual([raw.decoded, raw.contentLength], [false, 40]);
  assert.equal((await failure(raw.bytes())).detail?.tag, "HTTP-response-incomplete");
  const range = await failure(recorded(answer(206)).service.call(get("http://localhost/")));
  assert.deepEqual([range.kind, range.detail], ["decode", {
    tag: "HTTP-response-content-coding",
    coding: "gzip",
  }]);
});

Deno.test("codings are told by their first bytes", () => {
  const text = new TextEncoder().encode("plain text");
  for (
    const [coding, first] of [
      ["gzip", [0x1f, 0x8b, 8]],
      ["X-GZIP", [0x1f, 0x8b, 8]],
      ["deflate", [0x78, 0x9c]],
      ["br, zstd", [0x28, 0xb5, 0x2f, 0xfd]],
    ] as const
  ) {
    assert(looksEncoded(coding, Uint8Array.from(first)), coding);
    assert(!looksEncoded(coding, text), coding);
    assert(looksEncoded(coding, undefined), coding);
  }
  assert(!looksEncoded("br", text));
  assert(looksEncoded("aws-chunked", text));
});

/** An error as platforms make them. */
function shape(message: string, more: Record<string, unknown> = {}, cause?: unknown): Error {
  return Object.assign(new TypeError(message, { cause }), more);
}

Deno.test("errors of fetch are told apart by code, by text, by place", () => {
  const coded = (code: string, more = {}) => shape("fetch failed", {}, shape("low", { code, ...more }));
  const deno = (text: string) => shape("fetch failed", {}, new Error(text));
  const cases: readonly (readonly [unknown, "head" | "body", string, string])[] = [
    [coded("ECONNREFUSED"), "head", "connect", "connection-refused"],
    [
      shape("fetch failed", {}, new AggregateError([shape("x", { code: "ECONNREFUSED" })])),
      "head",
      "connect",
      "connection-refused",
    ],
    [coded("ENOTFOUND"), "head", "connect", "DNS-error"],
    [coded("EAI_AGAIN"), "head", "connect", "DNS-timeout"],
    [coded("ECONNRESET"), "head", "interrupted", "connection-terminated"],
    [coded("UND_ERR_SOCKET"), "head", "interrupted", "connection-terminated"],
    [coded("UND_ERR_SOCKET"), "body", "interrupted", "HTTP-response-incomplete"],
    [coded("ETIMEDOUT", { syscall: "connect" }), "head", "connect", "connection-timeout"],
    [coded("ETIMEDOUT", { syscall: "read" }), "head", "timeout", "connection-read-timeout"],
    [coded("UND_ERR_CONNECT_TIMEOUT"), "head", "connect", "connection-timeout"],
    [coded("UND_ERR_HEADERS_TIMEOUT"), "head", "timeout", "HTTP-response-timeout"],
    [coded("UND_ERR_BODY_TIMEOUT"), "body", "timeout", "connection-read-timeout"],
    [coded("DEPTH_ZERO_SELF_SIGNED_CERT"), "head", "connect", "TLS-certificate-error"],
    [coded("ERR_SSL_WRONG_VERSION_NUMBER"), "head", "connect", "TLS-protocol-error"],
    [coded("ERR_SSL_TLSV1_ALERT_UNKNOWN_CA"), "head", "connect", "TLS-alert-received"],
    [coded("HPE_INVALID_CONSTANT"), "head", "decode", "HTTP-protocol-error"],
    [coded("HPE_INVALID_CHUNK_SIZE"), "body", "decode", "HTTP-response-transfer-coding"],
    [coded("Z_DATA_ERROR"), "body", "decode", "HTTP-response-content-coding"],
    [coded("UND_ERR_HEADERS_OVERFLOW"), "head", "decode", "HTTP-response-header-section-size"],
    [coded("EMFILE"), "head", "connect", "connection-limit-reached"],
    [coded("EHOSTUNREACH"), "head", "connect", "destination-IP-unroutable"],
    [coded("ERR_ACCESS_DENIED"), "head", "denied", "HTTP-request-denied"],
    [shape("fetch failed", {}, shape("bad port")), "head", "denied", "HTTP-request-denied"],
    [
      deno("client error (Connect): dns error: failed to lookup address information"),
      "head",
      "connect",
      "DNS-error",
    ],
    [
      deno("client error (Connect): tcp connect error: No route to host"),
      "head",
      "connect",
      "destination-IP-unroutable",
    ],
    [
      deno("client error (Connect): invalid peer certificate: UnknownIssuer"),
      "head",
      "connect",
      "TLS-certificate-error",
    ],
    [
      deno("client error (Connect): received fatal alert: HandshakeFailure"),
      "head",
      "connect",
      "TLS-alert-received",
    ],
    [deno("client error (Connect): something new"), "head", "connect", "destination-unavailable"],
    [
      deno("client error (SendRequest): invalid HTTP version parsed"),
      "head",
      "decode",
      "HTTP-protocol-error",
    ],
    [deno("Connection reset by peer (os error 104)"), "head", "interrupted", "connection-terminated"],
    [shape("error reading a body from connection"), "body", "interrupted", "HTTP-response-incomplete"],
    [shape("unexpected end of file"), "body", "decode", "HTTP-response-content-coding"],
    [
      Object.assign(new Error("Requires net access"), { name: "NotCapable" }),
      "head",
      "denied",
      "HTTP-request-denied",
    ],
    [new DOMException("timed out", "TimeoutError"), "head", "timeout", "HTTP-response-timeout"],
    [new TypeError("Failed to fetch"), "head", "unknown", "internal-error"],
    ["thrown text", "head", "unknown", "internal-error"],
    [undefined, "head", "unknown", "internal-error"],
  ];
  for (const [error, phase, kind, tag] of cases) {
    const told = fetchError(error, phase, "GET", "http://localhost/");
    assert.deepEqual([told.kind, told.detail?.tag], [kind, tag], told.message);
  }
  const own = new HttpError("request", "mine");
  assert.equal(
    fetchError(shape("fetch failed", {}, shape("x", {}, own)), "head", "GET", "http://localhost/"),
    own,
  );
});

Deno.test("a cause that goes round in circles is told", () => {
  const error = shape("one") as Error & { cause: unknown };
  error.cause = error;
  assert.equal(fetchError(error, "head", "GET", "http://localhost/").kind, "unknown");
});

Deno.test("the default connector goes by features", async () => {
  assert.equal(defaultConnector().connect().constructor.name, "PendingFetch");
  const origin = await startOrigin({ tls: { key: SERVER_KEY, cert: SERVER_CERT } });
  const before = globalThis.fetch;
  const services: HttpService[] = [];
  try {
    // An option beyond fetch, and a policy that wants to see addresses, go to node:http.
    for (
      const options of [{ allowInvalidCertificates: true }, { policy: allowAll, rootCertificates: [TEST_CA] }]
    ) {
      const service = defaultConnector().connect(options);
      services.push(service);
      assert.equal((await (await service.call(get(`${origin.url}/bytes?size=5`))).bytes()).byteLength, 5);
    }
    // @ts-expect-error: an environment without fetch
    delete globalThis.fetch;
    const service = defaultConnector().connect({ rootCertificates: [TEST_CA] });
    services.push(service);
    assert.equal((await (await service.call(get(`${origin.url}/bytes?size=5`))).bytes()).byteLength, 5);
  } finally {
    globalThis.fetch = before;
    for (const service of services) service.close?.();
    await origin.close();
  }
});

Deno.test("the read timer covers the bytes that are looked at for a coding", async () => {
  for (const listens of [true, false]) {
    const cancelled = Promise.withResolvers<unknown>();
    const fetch = (_: URL | RequestInfo, init?: RequestInit): Promise<Response> => {
      const body = new ReadableStream({
        start(controller) {
          // As a platform does, and as a fetch of somebody's own may not.
          if (listens) init?.signal?.addEventListener("abort", () => controller.error(init.signal?.reason));
          if (listens) cancelled.resolve(undefined);
        },
        cancel: cancelled.resolve,
      });
      return Promise.resolve(new Response(body, { headers: { "content-encoding": "gzip" } }));
    };
    const service = new FetchConnector({ fetch }).connect({ readTimeout: 20 });
    const error = await failure(service.call(get("http://example.com/")));
    assert.deepEqual([error.kind, error.detail?.tag], ["timeout", "connection-read-timeout"]);
    await cancelled.promise;
  }
});
