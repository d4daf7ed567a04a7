/** {@linkcode HttpStore} against servers that answer in ways of their own. */
import { strict as assert } from "node:assert";
import type { HttpConnector } from "../../src/http/connector.ts";
import { FetchConnector } from "../../src/http/fetch.ts";
import { NodeHttpConnector } from "../../src/http/node.ts";
import {
  ConfigurationError,
  GenericError,
  InvalidPathError,
  InvalidRangeError,
  NotFoundError,
  NotSupportedError,
  PermissionDeniedError,
  PreconditionError,
  UnauthenticatedError,
} from "../../src/store/error.ts";
import { HttpStore, httpStoreFromConfig, type HttpStoreOptions } from "../../src/stores/http/mod.ts";

const QUICK = { retry: { maxRetries: 2, initBackoff: 1, maxBackoff: 2 } };

type Handler = (request: Request, url: URL) => Response | Promise<Response>;

/** Runs `test` over both connectors against a server with this handler. */
function overServer(
  name: string,
  handler: Handler,
  test: (store: HttpStore, url: string) => Promise<void>,
  options: HttpStoreOptions & { readonly base?: string } = {},
): void {
  for (const Connector of [FetchConnector, NodeHttpConnector] as (new () => HttpConnector)[]) {
    Deno.test(`${name} (${Connector.name})`, async () => {
      const server = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen: () => {} },
        (request) => handler(request, new URL(request.url)),
      );
      const url = `http://127.0.0.1:${server.addr.port}`;
      const { base = "/", ...rest } = options;
      const store = new HttpStore(url + base, { connector: new Connector(), client: QUICK, ...rest });
      try {
        await test(store, url);
      } finally {
        store.close();
        await server.shutdown();
      }
    });
  }
}

/** Runs `test` over both connectors against a socket that answers each connection with these bytes and closes it. */
function overSocket(
  name: string,
  answers: readonly string[],
  test: (store: HttpStore) => Promise<void>,
): void {
  for (const Connector of [FetchConnector, NodeHttpConnector] as (new () => HttpConnector)[]) {
    Deno.test(`${name} (${Connector.name})`, async () => {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      let index = 0;
      const serving = (async () => {
        for await (const connection of listener) {
          await connection.read(new Uint8Array(65_536));
          const answer = answers[Math.min(index++, answers.length - 1)]!;
          await connection.write(new TextEncoder().encode(answer));
          connection.close();
        }
      })();
      const url = `http://127.0.0.1:${listener.addr.port}/`;
      const store = new HttpStore(url, { connector: new Connector(), client: QUICK });
      try {
        await test(store);
      } finally {
        store.close();
        listener.close();
        await serving;
      }
    });
  }
}

for (
  const url of [
    "",
    "nonsense",
    "ftp://h/",
    "file:///x",
    "http://",
    "http://h/?a=b",
    "http://h/#f",
    "https://u:SECRET@/",
  ]
) {
  Deno.test(`the base URL "${url}" is refused, without its secrets`, () => {
    assert.throws(() => new HttpStore(url), (error: unknown) => {
      assert.ok(error instanceof ConfigurationError);
      assert.ok(!error.message.includes("SECRET"));
      return true;
    });
  });
}

Deno.test("an unreachable host is a typed error with its cause, and no secrets", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  for (const Connector of [FetchConnector, NodeHttpConnector]) {
    const store = new HttpStore(`http://user:SECRET@127.0.0.1:${port}/`, {
      connector: new Connector(),
      client: QUICK,
    });
    for (const action of [() => store.get("x"), () => store.put("x", "y"), () => store.listWithDelimiter()]) {
      await assert.rejects(action, (error: unknown) => {
        assert.ok(error instanceof GenericError);
        assert.match(error.message, /^Cannot (?:get|put "x"|list|make)/);
        assert.ok(error.cause instanceof Error);
        assert.ok(!JSON.stringify([error.message, String(error.cause)]).includes("SECRET"));
        return true;
      });
    }
    store.close();
  }
});

Deno.test("http: beyond loopback is refused before anything is sent", async () => {
  const store = new HttpStore("http://example.com/", { connector: new FetchConnector() });
  await assert.rejects(() => store.get("x"), /allowHttp/);
  store.close();
});

overServer("names that cannot be sent are refused", () => new Response("x"), async (store) => {
  for (const path of ["a/../b", "..", "a//b", "a\0b", "a\nb", "\ud800"]) {
    await assert.rejects(() => store.get(path), InvalidPathError);
    await assert.rejects(() => store.put(path, "x"), InvalidPathError);
  }
  const put = (attributes: Record<string, unknown>) => () => store.put("x", "y", { attributes });
  await assert.rejects(put({ contentType: "a\r\nx: y" }), GenericError);
  await assert.rejects(put({ contentType: "a\0" }), GenericError);
  await assert.rejects(put({ contentType: "\u2013" }), GenericError);
  await assert.rejects(put({ metadata: { "a b": "c" } }), GenericError);
  await assert.rejects(put({ metadata: { "a\r\nb": "c" } }), GenericError);
  await assert.rejects(put({ metadata: { a: "b\nc" } }), GenericError);
});

overServer(
  "redirects are followed, in a circle not for ever",
  (_, { pathname, searchParams }) => {
    const to = (location: string) => new Response(null, { status: 302, headers: { location } });
    if (pathname === "/loop") return to("/loop2");
    if (pathname === "/loop2") return to("/loop");
    if (pathname === "/long") return to(`/long?${Number(searchParams.keys().next().value ?? 0) + 1}`);
    if (pathname === "/nowhere") return new Response(null, { status: 302 });
    if (pathname === "/broken") return to("http://[");
    if (pathname === "/dir") return to("/dir/");
    if (pathname === "/moved") return to("/there");
    return new Response("there");
  },
  async (store) => {
    assert.equal(await (await store.get("moved")).text(), "there");
    assert.equal((await store.head("moved")).location, "moved");
    await assert.rejects(() => store.get("loop"), /redirects in a circle/);
    await assert.rejects(() => store.get("long"), /redirects more than 10 times/);
    await assert.rejects(() => store.get("nowhere"), /redirect without a location/);
    await assert.rejects(() => store.get("broken"), /what is no URL/);
    await assert.rejects(() => store.get("dir"), NotFoundError);
    await assert.rejects(() => store.head("dir"), NotFoundError);
  },
);

Deno.test("credentials go to the store's origin and nowhere else", async () => {
  const seen: (readonly [string, string | null])[] = [];
  const other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    seen.push(["other", request.headers.get("authorization")]);
    return new Response("elsewhere");
  });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    seen.push(["own", request.headers.get("authorization")]);
    const location = `http://127.0.0.1:${other.addr.port}/y`;
    return new Response(null, { status: 307, headers: { location } });
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  let count = 0;
  const stores = [
    new HttpStore(url, { connector: new FetchConnector(), auth: { bearer: "token" } }),
    new HttpStore(url, { connector: new NodeHttpConnector(), auth: { bearer: () => `token${++count}` } }),
    new HttpStore(url.replace("//", "//us%C3%A9r:p%40ss@"), { connector: new FetchConnector() }),
  ];
  for (const store of stores) assert.equal(await (await store.get("x")).text(), "elsewhere");
  const basic = `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode("usér:p@ss")))}`;
  assert.deepEqual(seen, [
    ["own", "Bearer token"],
    ["other", null],
    ["own", "Bearer token1"],
    ["other", null],
    ["own", basic],
    ["other", null],
  ]);
  assert.throws(() => new HttpStore(url, { auth: { bearer: "line\nbreak" } }), ConfigurationError);
  assert.throws(() => new HttpStore(url, { auth: { username: "a:b", password: "" } }), ConfigurationError);
  for (const store of stores) store.close();
  await Promise.all([server.shutdown(), other.shutdown()]);
});

overServer(
  "statuses become classes",
  (_, { pathname }) => new Response("said\r\nplainly", { status: Number(pathname.slice(1)) }),
  async (store) => {
    const classes = [[401, UnauthenticatedError], [403, PermissionDeniedError], [
      404,
      NotFoundError,
    ]] as const;
    for (const [status, Kind] of classes) await assert.rejects(() => store.get(String(status)), Kind);
    await assert.rejects(() => store.get("405"), NotFoundError);
    await assert.rejects(() => store.get("412"), PreconditionError);
    await assert.rejects(() => store.get("400"), {
      name: "GenericError",
      status: 400,
      path: "400",
      store: "HTTP",
    });
    await assert.rejects(() => store.get("500"), /status 500 \(said plainly\)/);
  },
);

overServer(
  "a plain HTTP server can be read, and says why not more",
  (request) => {
    if (request.method === "GET" || request.method === "HEAD") return new Response("text");
    return new Response(null, { status: request.method === "PROPFIND" ? 501 : 405 });
  },
  async (store) => {
    assert.equal(await (await store.get("x")).text(), "text");
    assert.equal((await store.head("x")).size, 4);
    await assert.rejects(() => Array.fromAsync(store.list()), /does not speak WebDAV/);
    await assert.rejects(() => store.listWithDelimiter("a"), NotSupportedError);
    await assert.rejects(() => store.put("a/b", "x"), NotSupportedError);
    await assert.rejects(() => store.delete("x"), NotSupportedError);
    await assert.rejects(() => store.copy("x", "y"), NotSupportedError);
    await assert.rejects(() => store.rename("x", "y"), NotSupportedError);
    // It ignores ranges, too.
    await assert.rejects(() => store.get("x", { range: { start: 0, end: 1 } }), NotSupportedError);
  },
);

const part = (contentRange: string | undefined, body = "234", length = true) => {
  const headers: Record<string, string> = contentRange === undefined ? {} : { "content-range": contentRange };
  if (length) headers["content-length"] = String(body.length);
  return new Response(body, { status: 206, headers });
};

overServer(
  "what a 206 says is held against what was asked for",
  (_, { pathname }) => {
    switch (pathname) {
      case "/good":
        return part("bytes 2-4/10");
      case "/none":
        return part(undefined);
      case "/star":
        return part("bytes 2-4/*");
      case "/other":
        return part("bytes 3-5/10");
      case "/short":
        return part("bytes 2-3/10", "23");
      case "/mismatch":
        return part("bytes 2-4/10", "2345");
      case "/nonsense":
        return part("octets 2-4/10");
      case "/416":
        return new Response(null, { status: 416, headers: { "content-range": "bytes */77" } });
      default:
        return part("bytes 2-4/10");
    }
  },
  async (store) => {
    const range = { start: 2, end: 5 };
    const good = await store.get("good", { range });
    assert.deepEqual([good.meta.size, good.range], [10, range]);
    assert.equal(await good.text(), "234");
    for (const path of ["none", "star", "other", "short", "mismatch", "nonsense"]) {
      await assert.rejects(() => store.get(path, { range }), GenericError, path);
    }
    await assert.rejects(() => store.get("416", { range }), (error: unknown) => {
      assert.ok(error instanceof InvalidRangeError);
      assert.equal(error.size, 77);
      return true;
    });
    // A part that nobody asked for.
    await assert.rejects(() => store.get("good"), GenericError);
  },
);

overServer(
  "an object whose length is not declared",
  (request, { pathname }) => {
    const size = pathname === "/large" ? 20 * 1024 * 1024 : 5;
    if (request.headers.has("range")) return part("bytes 0-0/5", "a");
    // With an empty body a length of 0 would be declared.
    if (request.method === "HEAD") return new Response(new ReadableStream());
    let left = size;
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (left === 0) return controller.close();
          const chunk = Math.min(left, 65_536);
          controller.enqueue(new Uint8Array(chunk).fill(97));
          left -= chunk;
        },
      }),
    );
  },
  async (store) => {
    const result = await store.get("small");
    assert.deepEqual([result.meta.size, result.range], [5, { start: 0, end: 5 }]);
    assert.equal(await result.text(), "aaaaa");
    assert.equal((await store.head("small")).size, 5);
    await assert.rejects(() => store.get("large"), NotSupportedError);
  },
);

overServer(
  "what is stored encoded is read as it is, or as the platform decodes it",
  async (request) => {
    const encoded = new Blob(["hello hello hello hello"]).stream().pipeThrough(new CompressionStream("gzip"));
    const bytes = await new Response(encoded).bytes();
    const headers = { "content-encoding": "gzip", "content-length": String(bytes.length), "etag": '"e"' };
    return new Response(request.method === "HEAD" ? null : bytes, { headers });
  },
  async (store) => {
    const result = await store.get("x");
    const bytes = await result.bytes();
    assert.equal(result.attributes.contentEncoding, "gzip");
    assert.deepEqual(result.range, { start: 0, end: bytes.length });
    const decoded = bytes[0] === 0x1f
      ? await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text()
      : new TextDecoder().decode(bytes);
    assert.equal(decoded, "hello hello hello hello");
  },
);

const head = (length: number, etag = '"v1"', more = "") =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\netag: ${etag}\r\n${more}connection: close\r\n\r\n`;
const rest = (range: string, etag: string, body: string) =>
  `HTTP/1.1 206 Partial Content\r\ncontent-range: bytes ${range}\r\ncontent-length: ${body.length}\r\n` +
  `etag: ${etag}\r\nconnection: close\r\n\r\n${body}`;

overSocket(
  "a body cut short goes on where it broke",
  [`${head(10)}0123`, rest("4-9/10", '"v1"', "456789")],
  async (store) => {
    assert.equal(await new Response((await store.get("x")).body).text(), "0123456789");
  },
);

overSocket(
  "bytes() of a body cut short are asked for again",
  [`${head(10)}0123`, rest("0-9/10", '"v1"', "0123456789")],
  async (store) => {
    assert.equal(await (await store.get("x")).text(), "0123456789");
  },
);

overSocket(
  "a body that changed on the way fails",
  [`${head(10)}0123`, rest("4-9/10", '"v2"', "456789")],
  async (store) => {
    await assert.rejects(
      async () => await new Response((await store.get("x")).body).text(),
      PreconditionError,
    );
  },
);

overSocket(
  "a body that a second server sends whole again fails",
  [`${head(10)}0123`, `${head(10)}0123456789`],
  async (store) => {
    await assert.rejects(async () => await new Response((await store.get("x")).body).text(), GenericError);
  },
);

overSocket(
  "a content-length that is a lie is found out",
  [`HTTP/1.1 200 OK\r\ncontent-length: 1000\r\nconnection: close\r\n\r\nshort`],
  async (store) => {
    await assert.rejects(async () => await (await store.get("x")).bytes(), GenericError);
    await assert.rejects(async () => await new Response((await store.get("x")).body).bytes(), GenericError);
  },
);

overSocket(
  "a declared length beyond all memory is not set aside",
  [`HTTP/1.1 200 OK\r\ncontent-length: 900000000000000\r\nconnection: close\r\n\r\nshort`],
  async (store) => {
    await assert.rejects(async () => await (await store.get("x")).bytes(), GenericError);
  },
);

overSocket("what is no HTTP is a typed error", ["SSH-2.0-OpenSSH_9.2\r\n"], async (store) => {
  await assert.rejects(() => store.get("x"), GenericError);
});

const MULTISTATUS = (items: string) =>
  new Response(`<?xml version="1.0"?>\n<multistatus xmlns="DAV:">${items}</multistatus>\n`, {
    status: 207,
    headers: { "content-type": "application/xml" },
  });
const object = (href: string, size: number, more = "") =>
  `<response><href>${href}</href><propstat><prop><getcontentlength>${size}</getcontentlength><resourcetype/>${more}` +
  `</prop><status>HTTP/1.1 200 OK</status></propstat></response>`;
const directory = (href: string) =>
  `<response><href>${href}</href><propstat><prop><resourcetype><collection/></resourcetype></prop>` +
  `<status>HTTP/1.1 200 OK</status></propstat></response>`;

async function locations(store: HttpStore, prefix?: string): Promise<string[]> {
  return (await Array.fromAsync(store.list(prefix))).map(({ location, size }) => `${location}:${size}`)
    .sort();
}

overServer(
  "multistatus documents of all kinds",
  () =>
    MULTISTATUS(
      `<D:response xmlns:D="DAV:"><D:href>http://proxied.internal/b%20ase/sub/pre%25fixed</D:href><D:propstat><D:prop>` +
        `<D:getetag/><D:quota/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat><D:propstat><D:prop>` +
        `<D:getcontentlength> 12 </D:getcontentlength><D:resourcetype></D:resourcetype></D:prop>` +
        `<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>` +
        directory("/b%20ase/") + directory("/b%20ase/sub/") +
        object(
          "/b%20ase/a&amp;b&#x20;c",
          3,
          "<getetag>&quot;e&quot;</getetag><getlastmodified>nonsense</getlastmodified>",
        ) +
        `<response><href>/b%20ase/gone</href><status>HTTP/1.1 404 Not Found</status></response>`,
    ),
  async (store) => {
    assert.deepEqual(await locations(store), ["a&b c:3", "sub/pre%fixed:12"]);
    const [first] = await Array.fromAsync(store.list(undefined, { offset: "a" }));
    assert.ok(first);
    const { commonPrefixes, objects } = await store.listWithDelimiter();
    assert.deepEqual(commonPrefixes, ["sub"]);
    assert.deepEqual(objects.map(({ eTag, lastModified }) => [eTag, lastModified.getTime()]), [['"e"', 0]]);
  },
  { base: "/b%20ase///" },
);

overServer(
  "a server that lists one level at a time is walked",
  (request, { pathname }) => {
    if (request.headers.get("depth") !== "1") return new Response(null, { status: 403 });
    if (pathname === "/") {
      return MULTISTATUS(directory("/") + directory("/a/") + directory("/b/") + object("/top", 1));
    }
    if (pathname === "/a/") return MULTISTATUS(directory("/a/") + directory("/a/deep/") + object("/a/1", 2));
    if (pathname === "/a/deep/") {
      return MULTISTATUS(directory("/") + directory("/a/") + object("/a/deep/2", 3));
    }
    return new Response(null, { status: 404 });
  },
  async (store) => {
    assert.deepEqual(await locations(store), ["a/1:2", "a/deep/2:3", "top:1"]);
    assert.deepEqual(await locations(store, "a"), ["a/1:2", "a/deep/2:3"]);
    for await (const _ of store.list()) break;
  },
);

for (
  const [what, body] of [
    ["cut short", `<multistatus xmlns="DAV:">${object("/x", 1)}`],
    ["with a document type", `<!DOCTYPE m [<!ENTITY e "e">]><multistatus xmlns="DAV:"></multistatus>`],
    ["HTML", "<html><body>hello</body></html>"],
    ["empty", ""],
    ["not well-formed", `<multistatus><response><href>/x</response></multistatus>`],
  ] as const
) {
  overServer(`a listing that is ${what} fails`, () => new Response(body, { status: 207 }), async (store) => {
    await assert.rejects(() => locations(store), GenericError);
    await assert.rejects(() => store.listWithDelimiter(), GenericError);
  });
}

overServer(
  "listings of what is not below the base, or no path, or not to be seen, fail",
  (_, { pathname }) => {
    if (pathname === "/base/elsewhere/") return MULTISTATUS(object("/other/x", 1));
    if (pathname === "/base/slash/") return MULTISTATUS(object("/base/slash/a%2Fb", 1));
    if (pathname === "/base/control/") return MULTISTATUS(object("/base/control/a%0Ab", 1));
    return MULTISTATUS(`<response><href>/base/x</href><status>HTTP/1.1 403 Forbidden</status></response>`);
  },
  async (store) => {
    await assert.rejects(() => locations(store, "elsewhere"), GenericError);
    await assert.rejects(() => locations(store, "slash"), InvalidPathError);
    await assert.rejects(() => locations(store, "control"), InvalidPathError);
    assert.deepEqual(await Array.fromAsync(store.list("slash", { invalidPaths: "skip" })), []);
    assert.deepEqual(await Array.fromAsync(store.list("control", { invalidPaths: "skip" })), []);
    await assert.rejects(() => locations(store, "forbidden"), PermissionDeniedError);
  },
  { base: "/base" },
);

overServer(
  "a long listing is read as it comes",
  (_, { pathname }) => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const encode = (text: string) => controller.enqueue(new TextEncoder().encode(text));
        if (sent === 0) encode(`<?xml version="1.0"?><D:multistatus xmlns:D="DAV:">`);
        if (sent >= 20_000 && pathname === "/") {
          encode("</D:multistatus>");
          return controller.close();
        }
        let text = "";
        for (let i = 0; i < 500; i++) {
          text += object(`${pathname}é${sent++}`, 1).replace(/<(\/?)(\w)/g, "<$1D:$2");
        }
        encode(text);
      },
    });
    return new Response(body, { status: 207 });
  },
  async (store) => {
    assert.equal((await Array.fromAsync(store.list())).length, 20_000);
    // This one has no end.
    for await (const { location } of store.list("endless")) if (location.length > 13) break;
  },
);

overServer(
  "a server that does not heed conditions is found out, once, and nothing is left of the probe",
  (request, { pathname }) => {
    log.push(`${request.method} ${pathname.replace(/probe-.*/, "probe")}`);
    return new Response(null, { status: request.method === "PUT" ? 201 : 204 });
  },
  async (store) => {
    log.length = 0;
    await assert.rejects(() => store.put("x", "y", { mode: "create" }), NotSupportedError);
    await assert.rejects(() => store.put("x", "y", { mode: { update: { eTag: '"e"' } } }), NotSupportedError);
    await assert.rejects(() => store.delete("x", { ifMatch: '"e"' }), NotSupportedError);
    assert.deepEqual(log, ["PUT /.storeport-probe", "DELETE /.storeport-probe"]);
  },
);
const log: string[] = [];

Deno.test("configuration as text", () => {
  const connector = new FetchConnector();
  const url = "https://example.com/";
  httpStoreFromConfig(url, { token: "t", connectTimeout: "3s", http_read_timeout: "1m 30s" }, connector)
    .close();
  httpStoreFromConfig(url, { USERNAME: "u", password: "p", conditional_put: "true" }, connector).close();
  assert.throws(
    () => httpStoreFromConfig(url, { tokn: "t" }, connector),
    /Unknown configuration key "tokn".*"token"/,
  );
  assert.throws(
    () => httpStoreFromConfig(url, { connectTimeout: "3" }, connector),
    /"connectTimeout".*duration/,
  );
  assert.throws(() => httpStoreFromConfig(url, { password: "SECRET" }, connector), ConfigurationError);
  assert.throws(
    () => httpStoreFromConfig(url, { conditionalPut: "maybe" }, connector),
    /one of probe, true, false/,
  );
});
