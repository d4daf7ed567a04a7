/** `nodeHandler`: a guest behind a server of `node:http` that is the caller's own. */
import "../generator.ts";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { nodeHandler } from "../../../src/wasi/mod.ts";
import { guestAt, message, raw } from "./env.ts";

Deno.test("nodeHandler: trailers both ways, header lines as they are, raw targets, every status", async () => {
  await using guest = (await guestAt("serve/serve.wasm")).serve();
  const handler = nodeHandler(guest);
  const server = createServer((request, response) => {
    if (request.url === "/own") response.end("the caller's");
    else handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const text = ({ body }: { readonly body: Uint8Array }) => Buffer.from(body).toString();
  try {
    assert.equal(text(await raw(port, message("GET /own"))), "the caller's");
    const chunked = ["host: a", "transfer-encoding: chunked", "trailer: x-in"];
    const echoed = await raw(
      port,
      message("POST /echo", chunked, "3\r\nabc\r\n2\r\nde\r\n0\r\nx-in: 7\r\n\r\n"),
    );
    assert.deepEqual([text(echoed), echoed.trailers, echoed.whole], ["abcde", [["x-in", "7"]], true]);
    const out = await raw(port, message("GET /trailers", ["host: a"]));
    assert.deepEqual([text(out), out.trailers], ["body", [["x-sum", "42"]]]);
    const seen = text(
      await raw(port, message("GET /request/a/../%2e?q", ["host: A.example", "x-a: 1", "x-a: 2"])),
    );
    assert.ok(seen.includes('path Some("/request/a/../%2e?q")'), seen);
    assert.match(seen, /field x-a 31\nfield x-a 32/);
    assert.equal((await raw(port, message("GET /status/777"))).status, 777);
    assert.equal(guest.stats().requests, 4);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
