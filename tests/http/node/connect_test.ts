/** How NodeHttpConnector connects: addresses and policy, TLS, proxies, unix sockets. */
import { strict as assert } from "node:assert";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as netConnect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HttpError, type HttpErrorDetail, type HttpErrorKind } from "../../../src/http/error.ts";
import { NodeHttpConnector } from "../../../src/http/node.ts";
import type { ClientOptions } from "../../../src/http/options.ts";
import type { NetworkPolicy } from "../../../src/http/policy/policy.ts";
import type { HttpRequest, HttpService } from "../../../src/http/service.ts";
import { ConfigurationError, NotSupportedError } from "../../../src/store/error.ts";
import { failure, get } from "../calls.ts";
import { CLIENT_CERT, CLIENT_KEY, SERVER_CERT, SERVER_KEY, TEST_CA } from "./pki.ts";
import { answering, head, ok, type RawServer, rawServer } from "./servers.ts";
import { withService } from "./service.ts";

async function text(service: HttpService, url: string, rest: Partial<HttpRequest> = {}): Promise<string> {
  return await (await service.call(get(url, rest))).text();
}

/** A policy that allows these addresses and notes what it was asked. */
function policyOf(allowed: readonly string[]): NetworkPolicy & { asked: [string, string][] } {
  const asked: [string, string][] = [];
  return {
    asked,
    checkUrl: () => ({ allowed: true, rule: "all" }),
    checkAddress: (url, address) => {
      asked.push([url, address]);
      return allowed.includes(address)
        ? { allowed: true, rule: address }
        : { allowed: false, reason: "prohibited-address", message: `${address} is not allowed` };
    },
  };
}

// Addresses

Deno.test("node: every resolved address is judged, and only those allowed are connected to", async () => {
  await using server = await answering(ok());
  const policy = policyOf(["127.0.0.1"]);
  const url = `http://store.example:${server.port}/`;
  await withService({ policy }, async (service) => {
    assert.equal(await text(service, url), "ok");
    assert.deepEqual(policy.asked.map(([, address]) => address), ["127.0.0.2", "127.0.0.1", "::1"]);
    assert(policy.asked.every(([asked]) => asked === url));
  }, { lookup: () => Promise.resolve(["127.0.0.2", "127.0.0.1", "::1"]) });
  assert.match(server.connections[0]!.received, new RegExp(`\r\nHost: store\\.example:${server.port}\r\n`));
  assert.equal(server.connections[0]!.socket.localAddress, "127.0.0.1");
});

Deno.test("node: no allowed address is a denial, and nothing is connected to", async () => {
  await using server = await answering(ok());
  const policy = policyOf([]);
  await withService({ policy }, async (service) => {
    const error = await failure(
      service.call(get(`http://store.example:${server.port}/`)),
      "denied",
      "destination-IP-prohibited",
    );
    assert(!error.message.includes("127.0.0.1"), "The message shows an internal address");
  }, { lookup: () => Promise.resolve(["127.0.0.1"]) });
  await withService({ policy }, async (service) => {
    for (
      const host of ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "localhost", "LOCALHOST."]
    ) {
      await failure(
        service.call(get(`http://${host}:${server.port}/`)),
        "denied",
        "destination-IP-prohibited",
      );
    }
  });
  assert.equal(server.connections.length, 0);
  assert(
    policy.asked.some(([, address]) => address === "::ffff:7f00:1"),
    "IPv6 is judged in canonical spelling",
  );
});

Deno.test("node: the next address is tried when one does not answer", async () => {
  await using server = await answering(ok());
  for (const randomizeAddresses of [true, false]) {
    await withService({ randomizeAddresses }, async (service) => {
      assert.equal(await text(service, `http://store.example:${server.port}/`), "ok");
    }, { lookup: () => Promise.resolve(["127.0.0.2", "127.0.0.3", "127.0.0.1"]) });
  }
});

Deno.test("node: without randomizeAddresses the first address comes first", async () => {
  await using server = await answering(ok());
  const order: string[] = [];
  const policy: NetworkPolicy = {
    checkUrl: () => ({ allowed: true, rule: "all" }),
    checkAddress: (_url, address) => (order.push(address), { allowed: true, rule: "all" }),
  };
  await withService({ randomizeAddresses: false, policy }, async (service) => {
    assert.equal(await text(service, `http://store.example:${server.port}/`), "ok");
  }, { lookup: () => Promise.resolve(["127.0.0.1", "127.0.0.2"]) });
  assert.deepEqual(order, ["127.0.0.1", "127.0.0.2"]);
});

Deno.test("node: a lookup that fails, and one that gives no addresses", async () => {
  const reason = new Error("resolver on fire");
  await withService({}, async (service) => {
    const error = await failure(service.call(get("http://store.example/")), "connect", "internal-error");
    assert.equal(error.cause, reason);
  }, { lookup: () => Promise.reject(reason) });
  await withService({}, async (service) => {
    await failure(service.call(get("http://store.example/")), "connect", "DNS-error");
  }, { lookup: () => Promise.resolve(["not an address"]) });
});

Deno.test({
  name: "node: with Deno's permission for a name alone, the address is judged when it is connected to",
  // Port 0 is for listening.
  permissions: { net: ["localhost", "127.0.0.1:0"] },
  async fn() {
    await using server = await rawServer(async (connection) => {
      await connection.until("\r\n\r\n");
      connection.socket.write(ok());
    });
    const url = `http://localhost:${server.port}/`;
    const all = policyOf(["127.0.0.1", "::1"]);
    await withService({ policy: all }, async (service) => assert.equal(await text(service, url), "ok"));
    // Once of all that the name resolves to, once of the one that was connected to.
    assert(all.asked.length >= 2, JSON.stringify(all.asked));
    await withService({}, async (service) => assert.equal(await text(service, url), "ok"));
    const requests = () => server.connections.filter(({ received }) => received !== "").length;
    assert.equal(requests(), 2);
    await withService({ policy: policyOf([]) }, async (service) => {
      await failure(service.call(get(url)), "denied", "destination-IP-prohibited");
      await failure(
        service.call(get(`http://127.0.0.9:${server.port}/`)),
        "denied",
        "destination-IP-prohibited",
      );
    });
    // Judged kindly at first, and otherwise when connected: nothing is sent.
    let questions = 0;
    const turning: NetworkPolicy = {
      checkUrl: all.checkUrl,
      checkAddress: (asked, address) => (++questions === 1 ? all : policyOf([])).checkAddress(asked, address),
    };
    await withService({ policy: turning }, async (service) => {
      await failure(service.call(get(url)), "denied", "destination-IP-prohibited");
    });
    assert.equal(requests(), 2);
    await withService({}, async (service) => {
      await failure(service.call(get("http://store.example/")), "denied", "HTTP-request-denied");
    });
  },
});

// TLS

const tls = { cert: SERVER_CERT, key: SERVER_KEY };

function secure(options: import("node:tls").TlsOptions = tls): Promise<RawServer> {
  return rawServer((connection) => {
    // One request at a time, and none has a body: each packet is one.
    connection.socket.on("data", () => {
      connection.socket.write(ok((connection.socket as { servername?: string }).servername || "no name"));
    });
  }, { tls: options });
}

Deno.test("node: TLS with a root of one's own", async () => {
  await using server = await secure();
  const lookup = () => Promise.resolve(["127.0.0.1"]);
  for (const disableSystemCertificates of [false, true]) {
    await withService({ rootCertificates: [TEST_CA], disableSystemCertificates }, async (service) => {
      assert.equal(await text(service, `https://localhost:${server.port}/`), "localhost");
      assert.equal(await text(service, `https://store.example:${server.port}/`), "store.example");
      assert.equal(await text(service, `https://127.0.0.1:${server.port}/`), "no name");
      const error = await failure(
        service.call(get(`https://other.example:${server.port}/`)),
        "connect",
        "TLS-certificate-error",
      );
      assert(error.message.includes("ERR_TLS_CERT_ALTNAME_INVALID"), error.message);
    }, { lookup });
  }
});

Deno.test("node: TLS certificates that nobody trusts", async () => {
  await using server = await secure();
  const url = `https://localhost:${server.port}/`;
  await withService(
    {},
    (service) => failure(service.call(get(url)), "connect", "TLS-certificate-error").then(),
  );
  await withService(
    { disableSystemCertificates: true },
    (service) => failure(service.call(get(url)), "connect", "TLS-certificate-error").then(),
  );
  await withService({ allowInvalidCertificates: true }, async (service) => {
    assert.equal(await text(service, url), "localhost");
  });
  await withService(
    { rootCertificates: ["not a certificate"], disableSystemCertificates: true },
    async (service) => {
      const error = await service.call(get(url)).catch((error) => error);
      assert(error instanceof HttpError && error.kind === "connect", String(error));
    },
  );
});

Deno.test("node: TLS client certificates", async () => {
  await using server = await secure({ ...tls, ca: [TEST_CA], requestCert: true, rejectUnauthorized: true });
  const url = `https://localhost:${server.port}/`;
  await withService(
    { rootCertificates: [TEST_CA], clientCertificate: { cert: CLIENT_CERT, key: CLIENT_KEY } },
    async (service) => assert.equal(await text(service, url), "localhost"),
  );
  await withService({ rootCertificates: [TEST_CA] }, async (service) => {
    const error = await service.call(get(url)).catch((error) => error);
    assert(error instanceof HttpError, String(error));
    // The alert may be lost to the reset that follows it.
    const told = `${error.kind} ${error.detail?.tag}`;
    assert(["connect TLS-alert-received", "interrupted connection-terminated"].includes(told), told);
  });
});

Deno.test("node: a server that does not speak TLS, and one that does unasked", async () => {
  await using plain = await rawServer((connection) =>
    void connection.socket.write("HTTP/1.1 400 Bad\r\n\r\n")
  );
  await using secured = await secure();
  await withService({ rootCertificates: [TEST_CA] }, async (service) => {
    await failure(service.call(get(`https://127.0.0.1:${plain.port}/`)), "connect", "TLS-protocol-error");
    const error = await service.call(get(`http://127.0.0.1:${secured.port}/`)).catch((error) => error);
    assert(error instanceof HttpError && ["decode", "interrupted"].includes(error.kind), String(error));
  });
});

// Proxies

/** A proxy that notes the heads of what it was asked, and tunnels to 127.0.0.1. */
function proxy(asked: string[], options: { status?: number; tls?: boolean } = {}): Promise<RawServer> {
  return rawServer(async (connection) => {
    await connection.until("\r\n\r\n");
    asked.push(connection.received);
    const { socket } = connection;
    if (options.status !== undefined) {
      socket.end(head(`HTTP/1.1 ${options.status} No`, "content-length: 0"));
      return;
    }
    const [, port] = /^CONNECT [^ ]*:(\d+) /.exec(connection.received) ?? [];
    if (port === undefined) return void socket.end(ok("proxied", ["connection: close"]));
    const far = netConnect(Number(port), "127.0.0.1", () => {
      socket.write(head("HTTP/1.1 200 Tunnel"));
      socket.pipe(far);
      far.pipe(socket);
    });
    far.on("error", () => socket.destroy());
    far.on("close", () => socket.destroy());
    socket.on("close", () => far.destroy());
  }, options.tls ? { tls } : {});
}

Deno.test("node: http requests are put to a proxy with their whole URL", async () => {
  const asked: string[] = [];
  await using server = await proxy(asked);
  await withService({ proxyUrl: `http://us%40er:p%C3%A4ss@127.0.0.1:${server.port}` }, async (service) => {
    assert.equal(
      await text(service, "http://store.example:8080/a/../b?c", { headers: [["x", "1"]] }),
      "proxied",
    );
  });
  assert.equal(
    asked[0],
    head(
      "GET http://store.example:8080/a/../b?c HTTP/1.1",
      "Host: store.example:8080",
      "x: 1",
      "Accept-Encoding: identity",
      `Proxy-Authorization: Basic ${btoa("us@er:p\xc3\xa4ss")}`,
      "Connection: keep-alive",
    ),
  );
});

for (const secureProxy of [false, true]) {
  Deno.test(`node: https requests go through a tunnel (${secureProxy ? "https" : "http"} proxy)`, async () => {
    const asked: string[] = [];
    await using server = await secure();
    await using between = await proxy(asked, { tls: secureProxy });
    await withService({
      rootCertificates: [TEST_CA],
      proxyUrl: between.url.replace("://", "://user:secret@"),
      proxyCaCertificate: TEST_CA,
    }, async (service) => {
      assert.equal(await text(service, `https://store.example:${server.port}/`), "store.example");
      assert.equal(await text(service, `https://store.example:${server.port}/`), "store.example");
    });
    assert.equal(asked.length, 1, "The tunnel is kept");
    assert.match(asked[0]!, /^CONNECT store\.example:\d+ HTTP\/1\.1\r\nHost: store\.example:\d+\r\n/);
    assert(asked[0]!.includes(`Proxy-Authorization: Basic ${btoa("user:secret")}`));
    assert(!server.connections[0]!.received.includes("Proxy-Authorization"));
  });
}

Deno.test("node: a proxy that refuses", async () => {
  const kinds: [number, HttpErrorKind, HttpErrorDetail["tag"]][] = [
    [407, "denied", "configuration-error"],
    [403, "denied", "HTTP-request-denied"],
    [404, "connect", "destination-not-found"],
    [502, "connect", "destination-unavailable"],
    [504, "connect", "connection-timeout"],
  ];
  for (const [status, kind, tag] of kinds) {
    await using server = await proxy([], { status });
    await withService({ proxyUrl: `http://user:secret@127.0.0.1:${server.port}` }, async (service) => {
      const error = await failure(service.call(get("https://store.example/")), kind, tag);
      assert(!error.message.includes("secret"), error.message);
    });
  }
  await using silent = await rawServer(() => {});
  await withService({ proxyUrl: silent.url, connectTimeout: 30 }, async (service) => {
    await failure(service.call(get("https://store.example/")), "connect", "connection-timeout");
    await silent.connections[0]!.closed;
  });
});

Deno.test("node: proxyExcludes", async () => {
  const asked: string[] = [];
  await using between = await proxy(asked);
  await using server = await answering(ok("direct"));
  const proxyExcludes = "store.example, .internal,127.0.0.0/8, ::1";
  await withService({ proxyUrl: between.url, proxyExcludes }, async (service) => {
    for (const host of ["store.example", "a.store.example", "b.internal", "127.0.0.1"]) {
      assert.equal(await text(service, `http://${host}:${server.port}/`), "direct", host);
    }
    for (const host of ["restore.example", "other.example", "128.0.0.1"]) {
      assert.equal(await text(service, `http://${host}:${server.port}/`), "proxied", host);
    }
  }, { lookup: () => Promise.resolve(["127.0.0.1"]) });
});

Deno.test("node: options that cannot be honoured are refused by connect", () => {
  const refused = (options: ClientOptions) => () => new NodeHttpConnector().connect(options);
  assert.throws(refused({ proxyUrl: "socks5://127.0.0.1:1" }), NotSupportedError);
  assert.throws(
    refused({ proxyUrl: "not a url with hunter2" }),
    (error) =>
      error instanceof ConfigurationError && error.key === "proxyUrl" &&
      !String(error.cause).includes("hunter2"),
  );
  assert.throws(refused({ http1Only: true, http2Only: true }), ConfigurationError);
  assert.throws(refused({ proxyUrl: "http://127.0.0.1:1", unixSocket: "/s" }), ConfigurationError);
});

// Unix sockets

Deno.test("node: a unix socket, whatever the URL says", async () => {
  const folder = await mkdtemp(join(tmpdir(), "storeport-"));
  try {
    const path = join(folder, "s");
    {
      await using server = await rawServer(async (connection) => {
        await connection.until("\r\n\r\n");
        connection.socket.write(ok("by path"));
      }, { path });
      await withService({ unixSocket: path, policy: policyOf([]) }, async (service) => {
        assert.equal(await text(service, "http://store.example/x"), "by path");
      });
      assert.match(server.connections[0]!.received, /^GET \/x HTTP\/1\.1\r\nHost: store\.example\r\n/);
    }
    await withService({ unixSocket: path }, async (service) => {
      await failure(service.call(get("http://store.example/")), "connect", "destination-not-found");
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
