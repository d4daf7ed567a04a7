/** {@linkcode HttpStore} over connections that fail: bodies cut short, lengths that are lies, what is no HTTP. */
import { strict as assert } from "node:assert";
import { FetchConnector } from "../../src/http/fetch.ts";
import { NodeHttpConnector } from "../../src/http/node.ts";
import { GenericError, PreconditionError } from "../../src/store/error.ts";
import { HttpStore } from "../../src/stores/http/mod.ts";
import { overSocket, QUICK } from "./http_support.ts";

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
