/** How NodeHttpConnector uses connections: which it keeps, which it closes, and what it does when a kept one died. */
import { strict as assert } from "node:assert";
import { NodeHttpConnector } from "../../../src/http/node.ts";
import type { HttpResponse } from "../../../src/http/service.ts";
import { failure, get } from "../calls.ts";
import { answering, head, ok, rawServer } from "./servers.ts";
import { withService } from "./service.ts";

Deno.test("node: connections are kept, and closed by close() only when idle", async () => {
  await using server = await rawServer(async (connection) => {
    await connection.until("/one");
    connection.socket.write(ok());
    await connection.until("/two");
    connection.socket.write(head("HTTP/1.1 200 OK", "content-length: 4") + "ha");
    await connection.until("/never").catch(() => {});
  });
  const service = new NodeHttpConnector().connect();
  await (await service.call(get(`${server.url}/one`))).bytes();
  const response = await service.call(get(`${server.url}/two`));
  assert.equal(server.connections.length, 1);
  service.close?.();
  server.connections[0]!.socket.write("ha");
  assert.equal(await response.text(), "haha");
  await server.connections[0]!.closed;
});

Deno.test("node: pool options", async () => {
  await using server = await answering(ok());
  await withService({ poolMaxIdlePerHost: 0 }, async (service) => {
    await (await service.call(get(server.url))).bytes();
    await server.connections[0]!.closed;
    await (await service.call(get(server.url))).bytes();
    await server.connections[1]!.closed;
  });
  await withService({ poolIdleTimeout: 20 }, async (service) => {
    await (await service.call(get(server.url))).bytes();
    await server.connections[2]!.closed;
  });
  await withService({ poolMaxIdlePerHost: 1 }, async (service) => {
    await Promise.all([1, 2, 3].map(async () => (await service.call(get(server.url))).bytes()));
    await Promise.race([3, 4, 5].map((at) => server.connections[at]!.closed));
  });
});

Deno.test("node: a server that will close soon is believed", async () => {
  await using server = await answering(ok("ok", ["keep-alive: timeout=1, max=100"]));
  await withService({}, async (service) => {
    await (await service.call(get(server.url))).bytes();
    await server.connections[0]!.closed;
  });
});

Deno.test("node: a kept connection whose time is over is not used, though no timer came to say so", async () => {
  await using server = await answering(ok("ok"));
  await withService({ poolIdleTimeout: 50 }, async (service) => {
    await Promise.all([1, 2].map(async () => await (await service.call(get(server.url))).text()));
    // Computes, as a guest does, and lets no timer and no socket have a turn.
    for (const end = performance.now() + 60; performance.now() < end;);
    await Promise.all([1, 2].map(async () => await (await service.call(get(server.url))).text()));
  });
  assert.equal(server.connections.length, 4);
});

Deno.test("node: bytes beyond a response are not the answer to the next request", async () => {
  const surplus = head("HTTP/1.1 200 OK", "content-length: 6") + "poison";
  await using server = await rawServer(async (connection, number) => {
    await connection.until("\r\n\r\n");
    connection.socket.write(number === 1 ? ok() + surplus : ok("clean"));
  });
  await using later = await rawServer(async (connection, number) => {
    await connection.until("\r\n\r\n");
    connection.socket.write(number === 1 ? ok() : ok("clean"));
  });
  await withService({}, async (service) => {
    await (await service.call(get(server.url))).bytes().catch(() => {});
    assert.equal(await (await service.call(get(server.url))).text(), "clean");
    await (await service.call(get(later.url))).bytes();
    later.connections[0]!.socket.write(surplus);
    await later.connections[0]!.closed;
    assert.equal(await (await service.call(get(later.url))).text(), "clean");
  });
});

async function staleServer() {
  return await rawServer(async (connection, number) => {
    await connection.until("\r\n\r\n");
    connection.socket.write(ok());
    if (number > 1) return;
    await connection.until("/again");
    connection.socket.destroy();
  });
}

Deno.test("node: a kept connection that died is replaced for what can be repeated", async () => {
  for (
    const again of [{}, { method: "PUT", body: new Uint8Array(3) }, { method: "POST", idempotent: true }]
  ) {
    await using server = await staleServer();
    await withService({}, async (service) => {
      await (await service.call(get(server.url))).bytes();
      assert.equal(await (await service.call(get(`${server.url}/again`, again))).text(), "ok");
    });
    assert.equal(server.connections.length, 2);
  }
});

Deno.test("node: a kept connection that died fails what cannot be repeated", async () => {
  for (
    const again of [{ method: "POST", body: new Uint8Array(3) }, { idempotent: false }, {
      method: "PUT",
      body: { stream: new Blob(["a"]).stream() },
    }]
  ) {
    await using server = await staleServer();
    await withService({}, async (service) => {
      await (await service.call(get(server.url))).bytes();
      await failure(
        service.call(get(`${server.url}/again`, again)),
        "interrupted",
        "connection-terminated",
      );
    });
    assert.equal(server.connections.length, 1);
  }
});

Deno.test("node: cancelling a response closes its connection", async () => {
  await using server = await answering(head("HTTP/1.1 200 OK", "content-length: 100000") + "start");
  await withService({}, async (service) => {
    const response: HttpResponse = await service.call(get(server.url));
    await response.cancel();
    await response.cancel();
    await server.connections[0]!.closed;
  });
});
